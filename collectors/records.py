"""Reads a file of posts: JSON lines or a table, in any common encoding, in time order, surviving every bad line."""

import codecs
import csv
import io
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from app.domain.errors import ConfigurationError
from app.domain.posts import EngagementSample, Post, Tombstone
from collectors.mapping import ColumnMapping
from collectors.normalised import Line, Truth, line_from
from collectors.rows import Row, post_maker

SORTED_UP_TO: Final = 64_000_000
"""Bytes. Up to here a file is held in memory and sorted by time (about three times its size); a larger one is read as
it stands, and should be in time order: the event clock never goes back."""
EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
"""The event clock follows the file: one line beyond these would age everything at once."""
SAMPLED_ROWS: Final = 200
"""JSON lines need not all have the same keys: the mapping is checked against those of the first so many."""
SNIFFED: Final = 65_536
DELIMITERS: Final = (",", ";", "\t", "|")
MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class MalformedLine:
    """A line that says nothing that can be stored. It is counted and reported, and its neighbours pass."""

    line_no: int
    reason: str


Record = Line | MalformedLine
Numbered = tuple[int, Any]
"""A line number and what the line holds: a row, a JSON value, or the `MalformedLine` it turned out to be."""


def read_records(path: Path, mapping: ColumnMapping | None = None, *, source: str = "replay") -> Iterator[Record]:
    """What a file holds, oldest first.

    `.csv`, `.tsv` and whatever does not begin like JSON is a table with a header, and needs a mapping. JSON lines (or
    one JSON array) need none where they are normalised posts (`collectors.normalised`). `source` names the posts that
    do not name their own. Lines without a time keep their place behind the line before them.

    Raises `ConfigurationError` before the first record, where the file or a mapped column is not there.
    """
    encoding = _encoding_of(path, mapping)
    lines = _json_values(path, encoding) if _is_json(path, encoding) else _table_rows(path, encoding, mapping)
    if mapping is None:
        records = _converted(lines, lambda value: line_from(value, source))
    else:
        lines = _checked(lines, mapping, path)
        records = _converted(lines, post_maker(mapping, source))
    return _in_time_order(records) if path.stat().st_size <= SORTED_UP_TO else records


def _converted(lines: Iterable[Numbered], convert: Callable[[Any], Line]) -> Iterator[Record]:
    for line_no, value in lines:
        if type(value) is MalformedLine:
            yield value
            continue
        try:
            record = convert(value)
        except ValueError as error:
            yield MalformedLine(line_no, str(error))
            continue
        at = _time_of(record)
        if at is not None and not EARLIEST <= at <= LATEST:
            yield MalformedLine(line_no, f"has the time {at:%Y-%m-%d}, which cannot be right")
        else:
            yield record


def _checked(lines: Iterator[Numbered], mapping: ColumnMapping, path: Path) -> Iterator[Numbered]:
    """The same lines, after a look at the first ones: a wrong mapping stops everything before anything is stored."""
    first = list(itertools.islice(lines, SAMPLED_ROWS))
    rows = [value for _, value in first if isinstance(value, Mapping)]
    if first and not rows:
        why = first[0][1].reason if isinstance(first[0][1], MalformedLine) else "is no JSON object"
        raise ConfigurationError(f"{path} has no row that can be read; its first line {why}")
    if rows:
        mapping.check({column for row in rows for column in row}, str(path))
    return itertools.chain(first, lines)


def _in_time_order(records: Iterable[Record]) -> Iterator[Record]:
    keyed: list[tuple[datetime, int, Record]] = []
    latest = datetime.min.replace(tzinfo=UTC)
    for place, record in enumerate(records):
        latest = _time_of(record) or latest
        keyed.append((latest, place, record))
    keyed.sort(key=lambda one: one[:2])
    return (record for _, _, record in keyed)


def _time_of(record: Record) -> datetime | None:
    if isinstance(record, Post):
        return record.created_at
    if isinstance(record, EngagementSample | Tombstone):
        return record.at
    return record.escalated_at if isinstance(record, Truth) else None


def _encoding_of(path: Path, mapping: ColumnMapping | None) -> str:
    try:
        with path.open("rb") as file:
            head = file.read(SNIFFED)
    except FileNotFoundError:
        raise ConfigurationError(f"there is no file {path}") from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror or error}") from None
    if mapping is not None and mapping.encoding is not None:
        return mapping.encoding
    for mark, encoding in MARKS:
        if head.startswith(mark):
            return encoding
    if b"\0" in head[:4]:
        return "utf-16-be" if head[:1] == b"\0" else "utf-16-le"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        raise ConfigurationError(
            f'{path} is not UTF-8: write encoding = "cp1258" (Vietnamese Excel), "cp1252" (western Excel) or its real '
            "one into the mapping file"
        ) from None
    return "utf-8"


def _is_json(path: Path, encoding: str) -> bool:
    if path.suffix.lower() in (".jsonl", ".ndjson", ".json"):
        return True
    if path.suffix.lower() in (".csv", ".tsv"):
        return False
    with path.open(encoding=encoding, errors="replace") as file:
        return file.read(SNIFFED).lstrip()[:1] in ("{", "[")


def _json_values(path: Path, encoding: str) -> Iterator[Numbered]:
    """Each line's JSON value; a file that is one array gives its elements, numbered from 1."""
    with path.open(encoding=encoding, errors="replace", newline="\n") as file:
        start = file.read(SNIFFED).lstrip()[:1]
        file.seek(0)
        if start == "[":
            yield from _array_values(path, file)
            return
        for line_no, line in enumerate(file, 1):
            if line.isspace():
                continue
            try:
                yield line_no, json.loads(line)
            except json.JSONDecodeError as error:
                yield line_no, MalformedLine(line_no, f"is not JSON ({error.msg} at column {error.colno})")
            except (ValueError, RecursionError):
                yield line_no, MalformedLine(line_no, "is JSON that is nested too deep or has a number too long")


def _array_values(path: Path, file: io.TextIOBase | io.TextIOWrapper) -> Iterator[Numbered]:
    try:
        values = json.load(file)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"{path} begins like a JSON array and is none ({error}); JSON lines read better"
        ) from None
    yield from enumerate(values, 1)


def _table_rows(path: Path, encoding: str, mapping: ColumnMapping | None) -> Iterator[Numbered]:
    if mapping is None:
        raise ConfigurationError(
            f"{path} is a table: say with --mapping FILE which column is what. The smallest mapping is three lines: "
            'id = "..", text = "..", created_at = ".."'
        )
    return _rows(path, encoding, mapping)


def _rows(path: Path, encoding: str, mapping: ColumnMapping) -> Iterator[Numbered]:
    # Cells of a megabyte are real (whole e-mails), and the module's own limit of 128 KiB would end the file there.
    csv.field_size_limit(1 << 26)
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        delimiter = mapping.delimiter or _delimiter_of(file.readline(), mapping)
        file.seek(0)
        reader = csv.reader(file, delimiter=delimiter)
        header = [name.strip() for name in next(reader, [])]
        mapping.check(header, str(path))
        while True:
            try:
                cells = next(reader, None)
            except csv.Error as error:
                yield reader.line_num, MalformedLine(reader.line_num, f"is no row of a table ({error})")
                continue
            if cells is None:
                return
            if cells:
                yield reader.line_num, _row(header, cells, reader.line_num)


def _row(header: list[str], cells: list[str], line_no: int) -> Row | MalformedLine:
    if len(cells) != len(header):
        return MalformedLine(line_no, f"has {len(cells)} cells, and the header has {len(header)}")
    return dict(zip(header, cells, strict=True))


def _delimiter_of(header: str, mapping: ColumnMapping) -> str:
    """The separator under which the header shows most of the mapped columns."""
    wanted = set(mapping.columns)

    def found(delimiter: str) -> tuple[int, int]:
        names = {name.strip() for name in next(csv.reader([header], delimiter=delimiter), [])}
        return len(names & wanted), len(names)

    return max(DELIMITERS, key=found)
