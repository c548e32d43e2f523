"""From logits to calibrated probabilities and labels; fitted on calibration rows, kept in the artefact."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class SentimentHead:
    """Softmax at a temperature; the label is the class with the highest probability times its weight.

    The weights are chosen for macro recall: the rarest class would otherwise be named too seldom.
    """

    labels: tuple[str, ...]
    temperature: float
    weights: tuple[float, ...]

    def probabilities(self, logits: Floats) -> Floats:
        """Rows of probabilities that sum to one."""
        scaled = logits.astype(np.float64) / self.temperature
        powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    def choices(self, probabilities: Floats) -> NDArray[np.intp]:
        """The index of the label of each row."""
        return np.asarray((probabilities * np.array(self.weights)).argmax(axis=1))


@dataclass(frozen=True, slots=True)
class ComplaintHead:
    """Logistic of a scaled and shifted logit; a complaint from `threshold` on."""

    temperature: float
    shift: float
    threshold: float

    def probabilities(self, logits: Floats) -> Floats:
        """One probability a row."""
        scaled = logits.astype(np.float64).reshape(-1) / self.temperature + self.shift
        return np.asarray(1.0 / (1.0 + np.exp(-scaled)))


@dataclass(frozen=True, slots=True)
class ReaderSettings:
    """What `config.json` of an artefact says.

    A reading is `uncertain` where the best sentiment has less than `sure_from`, where complaint lies within
    `unsure_within` of its threshold, or where the text is known to be in none of `languages`.
    """

    version: str
    taxonomy_version: int
    sentiment: SentimentHead
    complaint: ComplaintHead
    sure_from: float = 0.5
    unsure_within: float = 0.1
    languages: tuple[str, ...] = ("en",)

    def speaks(self, language: str | None) -> bool:
        """Whether the model was trained on the language; an unknown one gets the benefit of the doubt."""
        return language is None or language.split("-")[0].lower() in (*self.languages, "und")

    def as_dict(self) -> dict[str, Any]:
        """The JSON object of `config.json`."""
        return {
            "version": self.version,
            "taxonomy_version": self.taxonomy_version,
            "sentiment": {
                "labels": list(self.sentiment.labels),
                "temperature": self.sentiment.temperature,
                "weights": list(self.sentiment.weights),
            },
            "complaint": {
                "temperature": self.complaint.temperature,
                "shift": self.complaint.shift,
                "threshold": self.complaint.threshold,
            },
            "sure_from": self.sure_from,
            "unsure_within": self.unsure_within,
            "languages": list(self.languages),
        }


def settings_from(config: dict[str, Any]) -> ReaderSettings:
    """The settings of a parsed `config.json`; a wrong one is a `KeyError`, `ValueError` or `TypeError`."""
    sentiment, complaint = config["sentiment"], config["complaint"]
    return ReaderSettings(
        version=str(config["version"]),
        taxonomy_version=int(config["taxonomy_version"]),
        sentiment=SentimentHead(
            labels=tuple(sentiment["labels"]),
            temperature=float(sentiment["temperature"]),
            weights=tuple(float(weight) for weight in sentiment["weights"]),
        ),
        complaint=ComplaintHead(
            temperature=float(complaint["temperature"]),
            shift=float(complaint["shift"]),
            threshold=float(complaint["threshold"]),
        ),
        sure_from=float(config["sure_from"]),
        unsure_within=float(config["unsure_within"]),
        languages=tuple(config["languages"]),
    )


def fit_sentiment(logits: Floats, truth: Sequence[int], labels: tuple[str, ...]) -> SentimentHead:
    """Temperature by log loss, class weights by macro recall, both by grid: a thousand rows, no optimiser needed."""
    wanted = np.asarray(truth)
    plain = (1.0,) * len(labels)
    heads = [SentimentHead(labels, round(float(value), 3), plain) for value in np.arange(0.6, 5.01, 0.05)]
    best = min(heads, key=lambda head: _log_loss(head.probabilities(logits), wanted))
    steps = [round(float(value), 2) for value in np.arange(0.7, 2.01, 0.1)]
    weighted = [SentimentHead(labels, best.temperature, (first, 1.0, last)) for first in steps for last in steps]
    chances = best.probabilities(logits)
    return max(weighted, key=lambda head: macro_recall(wanted, head.choices(chances)))


def fit_complaint(logits: Floats, truth: Sequence[int]) -> ComplaintHead:
    """Temperature and shift by log loss, threshold by macro F1 (see the last lines for ties)."""
    wanted = np.asarray(truth)
    heads = [
        ComplaintHead(round(float(temperature), 3), round(float(shift), 3), 0.5)
        for temperature in np.arange(0.6, 4.01, 0.1)
        for shift in np.arange(-1.5, 1.51, 0.1)
    ]

    def loss(head: ComplaintHead) -> float:
        yes = head.probabilities(logits)
        return _log_loss(np.stack([1 - yes, yes], axis=1), wanted)

    best = min(heads, key=loss)
    chances = best.probabilities(logits)
    thresholds = [round(float(value), 2) for value in np.arange(0.3, 0.71, 0.02)]
    scores = {value: macro_f1(wanted, chances >= value) for value in thresholds}
    # A few hundred rows cannot tell thresholds within a standard error apart; of those the lowest is taken, because a
    # complaint that is missed costs more than one that a person waves away.
    best_score = max(scores.values())
    good_enough = best_score - (best_score * (1 - best_score) / len(wanted)) ** 0.5
    threshold = min(value for value, score in scores.items() if score >= good_enough)
    return ComplaintHead(best.temperature, best.shift, threshold)


def macro_recall(truth: NDArray[Any], chosen: NDArray[Any]) -> float:
    """The mean over classes of the share found."""
    return float(np.mean([(chosen[truth == label] == label).mean() for label in np.unique(truth)]))


def macro_f1(truth: NDArray[Any], chosen: NDArray[Any]) -> float:
    """The mean F1 of the classes that occur in the truth."""
    scores = []
    for label in np.unique(truth):
        hits = float(((chosen == label) & (truth == label)).sum())
        scores.append(2 * hits / max(1.0, float((chosen == label).sum() + (truth == label).sum())))
    return float(np.mean(scores))


def expected_calibration_error(confidence: Floats, right: NDArray[Any], bins: int = 10) -> float:
    """The mean distance between confidence and share right, over equal-width bins weighted by their rows."""
    places = np.minimum((confidence * bins).astype(int), bins - 1)
    inside = [places == place for place in np.unique(places)]
    gaps = [abs(float(confidence[rows].mean() - right[rows].mean())) * int(rows.sum()) for rows in inside]
    return sum(gaps) / max(1, len(confidence))


def _log_loss(probabilities: Floats, truth: NDArray[Any]) -> float:
    return float(-np.log(np.clip(probabilities[np.arange(len(truth)), truth], 1e-9, 1.0)).mean())
