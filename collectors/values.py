"""Cells of files and fields of answers as typed values. Every function raises `ValueError` with words for a person."""

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

MAX_SOURCE_CHARS: Final = 64
LARGEST: Final = 2**63 - 1
ABSENT: Final = frozenset({"", "nan", "null", "none", "n/a"})
"""How tables write that a cell is empty."""
NO_WORD: Final = re.compile(r"[\W_]+")

ParseTime = Callable[[str], datetime]


@lru_cache(maxsize=4096)
def slug(name: str) -> str:
    """A brand's name as its slug: `US Airways` is `us-airways`, `Hãng Đông` is `hang-dong`."""
    plain = unicodedata.normalize("NFKD", name.casefold().replace("đ", "d"))
    letters = "".join(char for char in plain if not unicodedata.combining(char))
    return NO_WORD.sub("-", unicodedata.normalize("NFC", letters)).strip("-")


def scalar(value: Any) -> str:
    """A cell as text without blanks around it; a table's number without its needless decimals."""
    if type(value) is str:
        return value.strip()
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    raise ValueError(f"has {type(value).__name__} where one value was expected")


def identifier(value: Any) -> str | None:
    """An id, or None; `123.0`, which tables make of ids beside empty cells, is `123`."""
    text = scalar(value)
    if text.casefold() in ABSENT:
        return None
    return text[:-2] if text.endswith(".0") and text[:-2].isdecimal() else text


@lru_cache(maxsize=4096)
def source_name(name: str) -> str:
    """The name of a source: up to 64 characters, none of them a control character or half a surrogate pair."""
    if len(name) > MAX_SOURCE_CHARS or not name.isprintable():
        raise ValueError(f"has the source {shown(name)}; a source's name is up to {MAX_SOURCE_CHARS} plain characters")
    return name


def count(value: Any) -> int | None:
    """A counter: a whole number from 0, or None where the cell is empty."""
    if type(value) is str and value.isdecimal() and len(value) < 19:
        return int(value)
    text = scalar(value)
    if text.casefold() in ABSENT:
        return None
    try:
        number = float(text)
        whole = int(text) if text.isdecimal() else int(number)
    except (ValueError, OverflowError):
        raise ValueError(f"has {shown(text)} where a whole number was expected") from None
    if whole != number and float(whole) != number:
        raise ValueError(f"has {shown(text)} where a whole number was expected")
    if not 0 <= whole <= LARGEST:
        raise ValueError(f"has the count {shown(text)}, which is out of range")
    return whole


def decimal(value: Any) -> float | None:
    """A rating, or None where the cell is empty."""
    text = scalar(value)
    if text.casefold() in ABSENT:
        return None
    try:
        number = float(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
    except ValueError:
        raise ValueError(f"has {shown(text)} where a number was expected") from None
    if not abs(number) < 1e9:
        raise ValueError(f"has the number {shown(text)}, which is out of range")
    return number


def iso_time(text: str) -> datetime:
    """An ISO 8601 time; one without a zone is UTC."""
    try:
        instant = datetime.fromisoformat(text)
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"has {shown(text)} where an ISO 8601 time was expected") from None


def unix_time(text: str, *, per_second: float = 1.0) -> datetime:
    """Seconds since 1970, or a fraction of them."""
    try:
        return datetime.fromtimestamp(float(text) / per_second, UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"has {shown(text)} where seconds since 1970 were expected") from None


def time_parser(pattern: str | None) -> ParseTime:
    """How to read a time: ISO 8601 without a pattern, `unix`, `unix_ms`, or a strptime pattern.

    strptime costs about 10 µs; the patterns that are ISO 8601 but for a blank go the quick way (1 µs).
    """
    if pattern is None or pattern == "iso":
        return iso_time
    if pattern == "unix":
        return unix_time
    if pattern == "unix_ms":
        return lambda text: unix_time(text, per_second=1000.0)
    if pattern == "%Y-%m-%d %H:%M:%S %z":
        return _spaced_zone
    if pattern in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S%z"):
        return iso_time
    return lambda text: _by_pattern(text, pattern)


def _spaced_zone(text: str) -> datetime:
    if len(text) == 25 and text[19] == " ":
        return iso_time(text[:19] + text[20:])
    return _by_pattern(text, "%Y-%m-%d %H:%M:%S %z")


def _by_pattern(text: str, pattern: str) -> datetime:
    try:
        instant = datetime.strptime(text, pattern)  # noqa: DTZ007  # a zone is set on the next line
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"has {shown(text)} where a time like {pattern!r} was expected") from None


def shown(text: str) -> str:
    """A value as a message may show it: short, and on one line."""
    return repr(text if len(text) <= 40 else text[:40] + "…")
