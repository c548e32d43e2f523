"""Replays a file as if it were a source: what is read here is what `fretwatch replay` plays through the pipeline.

The pace (real or accelerated time) is the runtime's; here a file becomes events in time order.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Final

from app.domain.errors import SourceUnreadable, UsageError
from app.domain.ports import Capabilities, Checkpoint, CollectRequest, Event
from app.egress import Egress
from collectors.mapping import ColumnMapping, read_mapping
from collectors.normalised import Truth
from collectors.records import MalformedLine, Record, read_records
from collectors.values import slug

__all__ = ["ColumnMapping", "MalformedLine", "Record", "Replay", "Truth", "read_mapping", "read_records", "slug"]

BATCH: Final = 500
"""Records between two checkpoints."""


class Replay:
    """A file of JSON lines or a table. Options: `file`, and `mapping` where the file is a table of its own kind.

    The checkpoint counts the records that were read, and the malformed ones among them. A file that has changed is read
    again from its start: what is known by its natural key is not stored twice.
    """

    kind = "replay"
    capabilities = Capabilities(
        sees_replies=True,
        engagement=frozenset({"views", "likes", "shares", "replies"}),
        edits=True,
        deletes=True,
        needs=("file",),
    )

    def __init__(self, egress: Egress) -> None:
        del egress  # a file needs none; the registry builds all collectors alike

    async def collect(self, request: CollectRequest, since: Checkpoint | None) -> AsyncIterator[Event]:
        """The records of the file behind the checkpoint."""
        options, name = request.source.options, request.source.name
        if not options.get("file"):
            raise SourceUnreadable(f'{name}: write file = "path" into this source: what is to be replayed')
        path = Path(str(options["file"]))
        mapping = Path(str(options["mapping"])) if options.get("mapping") else None
        records = await asyncio.to_thread(_open, path, mapping, name)
        position = _Position(path, since)
        await asyncio.to_thread(_skip, records, position.records)
        while batch := await asyncio.to_thread(_next_batch, records):
            for record in batch:
                if not isinstance(record, MalformedLine | Truth):
                    yield record
            position.advance(batch)
            yield position.checkpoint()
        if not position.is_known and position.records == 0:
            yield position.checkpoint()


class _Position:
    """How far into which version of which file."""

    def __init__(self, path: Path, since: Checkpoint | None) -> None:
        facts = path.stat()
        self._file = {"file": str(path), "size": facts.st_size, "changed_ns": facts.st_mtime_ns}
        value = since.value if since else {}
        self.is_known = all(value.get(key) == fact for key, fact in self._file.items())
        self.records = int(value.get("records", 0)) if self.is_known else 0
        self._malformed = int(value.get("malformed", 0)) if self.is_known else 0

    def advance(self, batch: Sequence[Record]) -> None:
        self.records += len(batch)
        self._malformed += sum(isinstance(record, MalformedLine) for record in batch)

    def checkpoint(self) -> Checkpoint:
        return Checkpoint({**self._file, "records": self.records, "malformed": self._malformed})


def _open(path: Path, mapping: Path | None, source: str) -> Iterator[Record]:
    try:
        return read_records(path, read_mapping(mapping) if mapping else None, source=source)
    except UsageError as error:
        raise SourceUnreadable(error.message) from error


def _next_batch(records: Iterator[Record]) -> list[Record]:
    try:
        return list(itertools.islice(records, BATCH))
    except UsageError as error:
        raise SourceUnreadable(error.message) from error


def _skip(records: Iterator[Record], count: int) -> None:
    """Pass over what was read before."""
    for _ in itertools.islice(records, count):
        pass
