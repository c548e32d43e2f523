"""Readers whose answers stand in the text: `complaint=0.9 failure=delay signals=threat,rally`, `acts=apologise,remedy`.

They implement the ports of the product, so that a test says in one line what is to be read out of a post.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.domain.predictions import Labels, Prediction, Reading, Unreadable

VERSION = "scripted@1"


class ScriptedClassifier:
    """Reads what the text says that it should read; `unreadable=why` cannot be read, `explode=1` is a defect."""

    def __init__(self, version: str = VERSION) -> None:
        self.version = version
        self.read_count = 0

    def read(self, readings: Sequence[Reading]) -> list[Prediction | Unreadable]:
        """In order."""
        self.read_count += len(readings)
        return [self._read(reading) for reading in readings]

    def _read(self, reading: Reading) -> Prediction | Unreadable:
        marks = marks_of(reading.text)
        if "explode" in marks:
            raise RuntimeError("a defect of the reader")
        if "unreadable" in marks:
            return Unreadable(reading.id, marks["unreadable"])
        score = float(marks.get("complaint", "0.05"))
        labels = Labels(
            sentiment=marks.get("sentiment", "negative" if score >= 0.5 else "neutral"),
            complaint=score >= 0.5,
            severity=marks.get("severity", "no_reproach"),
            failure=marks.get("failure", "other"),
            stage=marks.get("stage"),
            justice=_listed(marks, "justice"),
            signals=_listed(marks, "signals"),
        )
        return Prediction(reading.id, self.version, reading.language, complaint=score, labels=labels)


@dataclass(frozen=True)
class ScriptedReply:
    """What was read in one reply."""

    acts: frozenset[str]
    answered_by: str


class ScriptedReplies:
    """Reads replies the same way: `acts=apologise,remedy by=person`."""

    def read(self, texts: Sequence[str]) -> Sequence[ScriptedReply]:
        """In order."""
        found = [marks_of(text) for text in texts]
        return [ScriptedReply(frozenset(_listed(marks, "acts")), marks.get("by", "person")) for marks in found]


def marks_of(text: str) -> dict[str, str]:
    """The `key=value` words of a text."""
    pairs = [word.split("=", 1) for word in text.split() if "=" in word]
    return {pair[0]: pair[1] for pair in pairs}


def _listed(marks: Mapping[str, str], key: str) -> tuple[str, ...]:
    return tuple(code for code in marks.get(key, "").split(",") if code)
