"""The readers without a database: JSON lines in, predictions out, in the same order (SCHEMAS section 3)."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final, Protocol, TextIO

from app.domain.posts import MAX_TEXT_CHARS
from app.domain.predictions import Reading, Unreadable, merge
from app.domain.taxonomy import AnsweredBy
from app.pipeline.side_by_side import SideBySide
from app.runtime.language import GuessLanguage
from app.runtime.wiring import open_classifiers
from app.settings import Configuration
from models.reply_cues import ReplyCueReader

BATCH: Final = 256
"""Lines that are read together: enough for the reader to sort by length, few enough to see progress."""
Malformed = Callable[[int, str], None]


class LineReader(Protocol):
    """Texts to JSON objects, in order."""

    def read(self, readings: Sequence[Reading]) -> list[dict[str, Any] | Unreadable]:
        """Read a batch."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...


@dataclass(slots=True)
class ClassifyReport:
    """How many lines there were, and how many could not be read."""

    read_count: int = 0
    malformed_count: int = 0


class PostReaders:
    """The readers of posts, side by side, merged into one prediction."""

    def __init__(self, readers: SideBySide) -> None:
        self._readers = readers
        self._guess = GuessLanguage()

    def read(self, readings: Sequence[Reading]) -> list[dict[str, Any] | Unreadable]:
        """One prediction a post, every key there."""
        known = [
            reading if reading.language else replace(reading, language=self._guess(reading.text))
            for reading in readings
        ]
        return [
            found if isinstance(found, Unreadable) else merge(found).as_dict() for found in self._readers.read(known)
        ]

    def close(self) -> None:
        """Give everything back."""
        self._readers.close()


class ReplyReaders:
    """The reader of the brand's replies."""

    def __init__(self) -> None:
        self._reader = ReplyCueReader()

    def read(self, readings: Sequence[Reading]) -> list[dict[str, Any] | Unreadable]:
        """`reply_acts` with their scores, and who answered."""
        found = self._reader.read([reading.text for reading in readings])
        return [
            {
                "id": reading.id,
                "classifier": self._reader.version,
                "reply_acts": dict(answer.scores),
                "answered_by": {who.value: float(who == answer.answered_by) for who in AnsweredBy},
                "labels": {"reply_acts": sorted(answer.acts), "answered_by": answer.answered_by},
            }
            for reading, answer in zip(readings, found, strict=True)
        ]

    def close(self) -> None:
        """Nothing to give back."""


def open_readers(configuration: Configuration, *, replies: bool = False) -> LineReader:
    """The readers of posts, or those of replies. Raises `ModelUnavailable`."""
    if replies:
        return ReplyReaders()
    return PostReaders(open_classifiers(configuration))


def classify_lines(
    lines: Iterable[str],
    out: TextIO,
    readers: LineReader,
    *,
    malformed: Malformed,
    advance: Callable[[int], None] = lambda _: None,
) -> ClassifyReport:
    """Read every line and write one object for each that can be read; `malformed` hears of the others.

    Keys beside `text`, `id`, `lang` and `target` are left alone, so that exported posts can be read as they are.
    """
    report = ClassifyReport()
    numbered = enumerate(lines, start=1)
    while batch := list(islice(numbered, BATCH)):
        readings = list(_readings(batch, report, malformed))
        for (number, _), answer in zip(readings, readers.read([reading for _, reading in readings]), strict=True):
            if isinstance(answer, Unreadable):
                _reject(number, answer.reason, report, malformed)
            else:
                out.write(json.dumps(answer, ensure_ascii=False) + "\n")
        advance(report.read_count)
    out.flush()
    return report


def _readings(
    batch: Iterable[tuple[int, str]], report: ClassifyReport, malformed: Malformed
) -> Iterator[tuple[int, Reading]]:
    for number, line in batch:
        if not line.strip():
            continue
        report.read_count += 1
        try:
            yield number, _reading(line, number)
        except ValueError as error:
            _reject(number, str(error), report, malformed)


def _reading(line: str, number: int) -> Reading:
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is no JSON ({error})") from None
    if not isinstance(raw, dict):
        raise ValueError('is no JSON object; write {"text": "…"}')
    text = raw.get("text")
    if not isinstance(text, str):
        raise ValueError('has no "text"')
    # Lone surrogates cannot be written back as UTF-8, nor read by a tokenizer.
    clean = text[: MAX_TEXT_CHARS + 1].encode("utf-8", "replace").decode("utf-8")
    return Reading(str(raw.get("id", number)), clean, _word(raw, "lang"), _word(raw, "target"))


def _word(raw: dict[str, Any], key: str) -> str | None:
    value = raw.get(key)
    if value is not None and not isinstance(value, str):
        raise ValueError(f'has a "{key}" that is no text')
    return value


def _reject(number: int, reason: str, report: ClassifyReport, malformed: Malformed) -> None:
    report.malformed_count += 1
    malformed(number, reason)
