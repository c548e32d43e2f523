"""Trend buckets and the five-minute rings: written by the recording transaction, and nowhere else."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select

from app.domain.clock import floor_hour
from app.domain.trends import BucketKey
from app.storage.bulk import add_counts, upsert
from app.storage.cases import Followed
from app.storage.tables import revision, stream_count, stream_state, trend_bucket

SLOT: Final = timedelta(minutes=5)
RING: Final = timedelta(days=14, hours=8)
"""How far back the burst rule looks: 14 days of baseline, 6 h of guard, the window, and some."""
ALL_COMPLAINTS: Final = "*"
ALL_MENTIONS: Final = "mentions"

BucketCounts = Counter[tuple[BucketKey, str]]
"""Changes by (key, visibility); negative where a reading is replaced."""

_BUCKET_KEY = ("brand", "dimension", "hour", "value", "source", "language", "visibility")


def answer_key(found: Followed, value: str) -> tuple[BucketKey, str]:
    """Where a case counts as answered (`yes`) or not yet (`no`): in the hour in which it was opened."""
    case = found.case
    hour = floor_hour(case.opened_at)
    return BucketKey(case.brand, case.source, found.language, hour, "answered", value), found.visibility


def next_revision(tx: Connection, now: datetime) -> int:
    """A new revision; every bucket that this transaction changes carries it."""
    return int(tx.execute(insert(revision).values(at=now).returning(revision.c.id)).scalar_one())


def latest_revision(tx: Connection) -> int:
    """The `as_of` of a trend answer; 0 before anything was recorded."""
    return int(tx.execute(select(func.coalesce(func.max(revision.c.id), 0))).scalar_one())


def add(tx: Connection, counts: BucketCounts, revision_id: int) -> None:
    """Add to the buckets; a bucket that a correction brings to zero stays, as a zero."""
    rows = [
        {
            "brand": key.brand,
            "dimension": key.dimension,
            "hour": key.hour,
            "value": key.value,
            "source": key.source,
            "language": key.language,
            "visibility": visibility,
            "n": n,
            "revision": revision_id,
        }
        for (key, visibility), n in counts.items()
        if n
    ]
    add_counts(tx, trend_bucket, rows, key=_BUCKET_KEY, count="n", replace=("revision",))


def slot_of(instant: datetime) -> datetime:
    """The start of the five minutes that `instant` lies in."""
    return instant.replace(minute=instant.minute - instant.minute % 5, second=0, microsecond=0)


def count_streams(tx: Connection, counts: Mapping[tuple[str, str, datetime], int]) -> None:
    """Add to the rings; keys are (brand, stream, slot)."""
    rows = [{"brand": key[0], "stream": key[1], "slot": key[2], "n": n} for key, n in counts.items()]
    add_counts(tx, stream_count, rows, key=("brand", "stream", "slot"), count="n")


def ring(tx: Connection, brand: str, stream: str, *, start: datetime, stop: datetime) -> dict[datetime, int]:
    """The slots of one stream that are not zero, from `start` up to and without `stop`."""
    statement = select(stream_count.c.slot, stream_count.c.n).where(
        stream_count.c.brand == brand,
        stream_count.c.stream == stream,
        stream_count.c.slot >= start,
        stream_count.c.slot < stop,
    )
    return {row[0]: row[1] for row in tx.execute(statement)}


def totals(tx: Connection, brand: str, *, start: datetime, stop: datetime) -> dict[str, int]:
    """Counts of every stream of a brand in a window: what stands out there."""
    statement = (
        select(stream_count.c.stream, func.sum(stream_count.c.n))
        .where(stream_count.c.brand == brand, stream_count.c.slot >= start, stream_count.c.slot < stop)
        .group_by(stream_count.c.stream)
    )
    return {row[0]: int(row[1]) for row in tx.execute(statement)}


def prune_rings(tx: Connection, before: datetime) -> None:
    """Forget slots that no rule looks at any more."""
    tx.execute(delete(stream_count).where(stream_count.c.slot < before))


@dataclass(slots=True)
class StreamState:
    """How far the burst rule has looked at one brand's stream, and when it last raised."""

    brand: str
    started_at: datetime
    evaluated_to: datetime
    raised_at: datetime | None = None


def stream_states(tx: Connection) -> dict[str, StreamState]:
    """Every stream that is evaluated, by brand."""
    return {
        row.brand: StreamState(row.brand, row.started_at, row.evaluated_to, row.raised_at)
        for row in tx.execute(select(stream_state))
    }


def save_stream_states(tx: Connection, states: Iterable[StreamState]) -> None:
    """Remember how far each stream was evaluated."""
    rows = [
        {
            "brand": state.brand,
            "started_at": state.started_at,
            "evaluated_to": state.evaluated_to,
            "raised_at": state.raised_at,
        }
        for state in states
    ]
    upsert(tx, stream_state, rows, key=("brand",))
