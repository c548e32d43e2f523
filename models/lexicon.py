"""The cue reader: severity, failure and signals from documented phrases, until a trained head replaces it.

One pass of an Aho-Corasick automaton finds all phrases at once; patterns that weigh the context run only where a
phrase that asks for them was found. The labels are those of a complaint: `merge` withholds them where there is none.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import ahocorasick

from app.domain.predictions import Labels, Prediction, Reading, Unreadable
from app.domain.taxonomy import Failure, Severity, Signal
from models.cues import FAILURE_CUES, SEVERITY_CUES, SIGNAL_CUES, Cue
from models.text import normalise, unreadable_because

VERSION: Final = "cues@1"
SIGNAL_THRESHOLD: Final = 0.5
NOTHING_NAMED: Final = 0.2
"""Weight of failure `other` and of severity `no_reproach` when no cue speaks: what a bare complaint is."""
READ_CHARACTERS: Final = 4_000
"""Only the head of a long text is searched."""
NEARBY: Final = 110
"""Characters on either side of a phrase where its context is looked for: about a tweet."""

_PUNCTUATION: Final = str.maketrans(
    dict.fromkeys('\t\n"#$%&()*+,-/:;<=>@[\\]^_`{|}~\u2013\u2014\u2026\u2022', " ")
    | {"'": None, ".": " . ", "!": " ! ", "?": " ? "}
    | dict.fromkeys("0123456789", "#")
)
_NUMBER: Final = re.compile(r"#[# .]*(?<! )|#")


def flatten(text: str) -> str:
    """The form that phrases are written in: lower-case words between single spaces, numbers as `#`."""
    plain = text.lower().translate(_PUNCTUATION)
    if "#" in plain:
        plain = _NUMBER.sub(" # ", plain)
    return f" {' '.join(plain.split())} "


def expand(phrase: str) -> Iterator[str]:
    """The literal phrases of one with `{a|b}` groups, which may be nested."""
    opened = phrase.rfind("{")
    if opened < 0:
        yield " ".join(phrase.split())
        return
    closed = phrase.index("}", opened)
    for choice in phrase[opened + 1 : closed].split("|"):
        # A nested group is expanded from the inside out; its choices must not be split by the outer one's bars.
        yield from expand(phrase[:opened] + choice + phrase[closed + 1 :])


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A cue with its patterns compiled; `head` is the head it speaks in."""

    head: str
    code: str
    weight: float
    needs: re.Pattern[str] | None
    unless: re.Pattern[str] | None

    def holds(self, nearby: str) -> bool:
        """Whether the context allows the cue."""
        if self.needs is not None and not self.needs.search(nearby):
            return False
        return self.unless is None or not self.unless.search(nearby)


class CueReader:
    """Classifier of severity, failure and signals; it has no sentiment, complaint or other head."""

    version = VERSION

    def __init__(self) -> None:
        self._cues, self._automaton = _compiled()

    def read(self, readings: Sequence[Reading]) -> list[Prediction | Unreadable]:
        """One answer a reading, in order."""
        return [self._read_one(reading) for reading in readings]

    def _read_one(self, reading: Reading) -> Prediction | Unreadable:
        if reason := unreadable_because(reading.text):
            return Unreadable(reading.id, reason)
        normal = normalise(reading.text)
        if not normal.text:
            return Unreadable(reading.id, "no readable text")
        found = self._found(flatten(normal.text[:READ_CHARACTERS]))
        failure = _shares(found["failure"], _NO_FAILURE, str(Failure.OTHER))
        severity = _shares(found["severity"], _NO_SEVERITY, str(Severity.NO_REPROACH))
        signals = {code: round(1.0 - found["signals"].get(code, 1.0), 4) for code in _SIGNALS}
        return Prediction(
            id=reading.id,
            classifier=VERSION,
            language=reading.language,
            truncated=normal.truncated or len(normal.text) > READ_CHARACTERS,
            heads={"severity": severity, "failure": failure, "signals": signals},
            labels=Labels(
                severity=max(severity, key=severity.__getitem__),
                failure=max(failure, key=failure.__getitem__),
                signals=tuple(code for code, score in signals.items() if score >= SIGNAL_THRESHOLD),
            ),
        )

    def _found(self, flat: str) -> dict[str, dict[str, float]]:
        """Per head, code -> chance that NO cue of it is right (noisy-or); a cue counts once."""
        misses: dict[str, dict[str, float]] = {"failure": {}, "severity": {}, "signals": {}}
        counted: set[int] = set()
        for end, (length, numbers) in self._automaton.iter(flat):
            for number in numbers:
                if number in counted:
                    continue
                cue = self._cues[number]
                if (cue.needs or cue.unless) and not cue.holds(flat[max(0, end - length - NEARBY) : end + NEARBY]):
                    continue
                counted.add(number)
                codes = misses[cue.head]
                codes[cue.code] = codes.get(cue.code, 1.0) * (1.0 - cue.weight)
        return misses


_SIGNALS: Final = tuple(str(code) for code in Signal)
_NO_FAILURE: Final = dict.fromkeys((str(code) for code in Failure), 0.0)
_NO_SEVERITY: Final = dict.fromkeys((str(code) for code in Severity), 0.0)


def _shares(misses: Mapping[str, float], nothing: Mapping[str, float], fallback: str) -> dict[str, float]:
    """Odds of each code against its misses, as shares that sum to one; `fallback` has some weight of its own.

    Odds, not plain chances: a code with two strong cues should stand well above one with a weak cue.
    """
    odds = dict(nothing)
    for code, miss in misses.items():
        odds[code] = (1.0 - miss) / max(miss, 0.01)
    odds[fallback] += NOTHING_NAMED
    whole = sum(odds.values())
    return {code: round(value / whole, 4) for code, value in odds.items()}


@cache
def _compiled() -> tuple[tuple[_Compiled, ...], Any]:
    tables = {"failure": FAILURE_CUES, "severity": SEVERITY_CUES, "signals": SIGNAL_CUES}
    pairs = [(head, cue) for head, table in tables.items() for cue in table]
    phrases: dict[str, list[int]] = {}
    for number, (_, cue) in enumerate(pairs):
        for phrase in _phrases(cue):
            phrases.setdefault(phrase, []).append(number)
    automaton = ahocorasick.Automaton()
    for phrase, numbers in phrases.items():
        automaton.add_word(phrase, (len(phrase), tuple(numbers)))
    automaton.make_automaton()
    compiled = tuple(
        _Compiled(head, cue.code, cue.weight, _pattern(cue.needs), _pattern(cue.unless)) for head, cue in pairs
    )
    return compiled, automaton


def _phrases(cue: Cue) -> set[str]:
    """A cue's phrases as they are looked for: whole words, with an open end where a `*` stands."""
    words = {phrase for group in cue.phrases.split(";") for phrase in expand(group)} - {""}
    return {f" {phrase[:-1]}" if phrase.endswith("*") else f" {phrase} " for phrase in words}


def _pattern(source: str) -> re.Pattern[str] | None:
    return re.compile(source) if source else None
