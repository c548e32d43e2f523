"""What one classifier version read out of one mention, and how several readings become one.

A classifier need not know every field: a head that it does not have is `None`. The reader of the product runs several
classifiers over the same texts; `merge` puts their heads side by side and derives the labels once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from app.domain.taxonomy import ANY_POST_SIGNALS

Probabilities = Mapping[str, float]

SINGLE_HEADS: Final = ("sentiment", "severity", "failure", "stage")
"""Heads with exactly one label."""
MULTI_HEADS: Final = ("justice", "origin", "standard", "signals")
"""Heads with any number of labels."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One text to read: `target` is the brand it is to be read for, `language` what is known of its language."""

    id: str
    text: str
    language: str | None = None
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A text that a classifier cannot read; it is quarantined alone, its neighbours pass."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Labels:
    """The decisions taken from the probabilities; for a non-complaint severity, failure and stage are `None`."""

    sentiment: str | None = None
    complaint: bool = False
    severity: str | None = None
    failure: str | None = None
    stage: str | None = None
    justice: tuple[str, ...] = ()
    origin: tuple[str, ...] = ()
    standard: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The `labels` object of a prediction in the API."""
        return {
            "sentiment": self.sentiment,
            "complaint": self.complaint,
            "severity": self.severity,
            "failure": self.failure,
            "stage": self.stage,
            "justice": list(self.justice),
            "origin": list(self.origin),
            "standard": list(self.standard),
            "signals": list(self.signals),
        }


@dataclass(frozen=True, slots=True)
class Prediction:
    """Probabilities by head, and the labels that follow from them.

    `classifier` is `name@version`; `None` for a head means that the classifier does not have it; `complaint` is one
    probability, the other heads are mappings from code to probability.
    """

    id: str
    classifier: str
    language: str | None = None
    truncated: bool = False
    uncertain: bool = False
    complaint: float | None = None
    heads: Mapping[str, Probabilities | None] = field(default_factory=dict)
    labels: Labels = field(default_factory=Labels)

    def as_dict(self) -> dict[str, Any]:
        """One line of `fretwatch classify`: every key is always there."""
        heads = {name: self.heads.get(name) for name in (*SINGLE_HEADS, *MULTI_HEADS)}
        return {
            "id": self.id,
            "classifier": self.classifier,
            "lang": self.language,
            "truncated": self.truncated,
            "uncertain": self.uncertain,
            "sentiment": heads["sentiment"],
            "complaint": self.complaint,
            **{name: heads[name] for name in ("severity", "failure", "stage", *MULTI_HEADS)},
            "labels": self.labels.as_dict(),
        }


def merge(parts: Sequence[Prediction]) -> Prediction:
    """The readings of several classifiers of one text as one; an earlier classifier wins where two have a head.

    The complaint decision is taken once, by the classifier that has the complaint head, and then governs the labels of
    all the others.
    """
    first = parts[0]
    if len(parts) == 1:
        return replace(first, labels=_governed(first.labels, is_complaint=first.labels.complaint))
    decided = next((part for part in parts if part.complaint is not None), first)
    heads: dict[str, Probabilities | None] = {}
    chosen: dict[str, Any] = {}
    for name in (*SINGLE_HEADS, *MULTI_HEADS):
        owner = next((part for part in parts if part.heads.get(name) is not None), first)
        heads[name] = owner.heads.get(name)
        chosen[name] = getattr(owner.labels, name)
    labels = Labels(complaint=decided.labels.complaint, **chosen)
    return Prediction(
        id=first.id,
        classifier="+".join(part.classifier for part in parts),
        language=first.language,
        truncated=any(part.truncated for part in parts),
        uncertain=any(part.uncertain for part in parts),
        complaint=decided.complaint,
        heads=heads,
        labels=_governed(labels, is_complaint=labels.complaint),
    )


def _governed(labels: Labels, *, is_complaint: bool) -> Labels:
    if is_complaint:
        return labels
    signals = tuple(code for code in labels.signals if code in ANY_POST_SIGNALS)
    return Labels(sentiment=labels.sentiment, complaint=False, signals=signals)
