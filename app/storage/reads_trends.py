"""Reads of trend buckets: counts by hour and value, and what is known of each source's coverage. Never of posts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select

from app.domain.trends import ALL, MENTIONS
from app.storage import tables as t


@dataclass(frozen=True, slots=True)
class BucketFilter:
    """Which buckets are summed; `private` adds what is not public."""

    brand: str
    start: datetime
    end: datetime
    source: str | None = None
    language: str | None = None
    private: bool = False


@dataclass(frozen=True, slots=True)
class HourCount:
    """The count of one value of one dimension in one hour (UTC)."""

    hour: datetime
    value: str
    count: int


@dataclass(frozen=True, slots=True)
class GapView:
    """A stretch of time that a source could not be read in."""

    source: str
    start: datetime
    end: datetime


def counts(tx: Connection, wanted: BucketFilter, dimension: str) -> list[HourCount]:
    """One row per hour and value that is not zero, in order of time."""
    bucket = t.trend_bucket
    total = func.sum(bucket.c.n)
    query = select(bucket.c.hour, bucket.c.value, total.label("total")).where(*_conditions(wanted, dimension))
    query = query.group_by(bucket.c.hour, bucket.c.value).having(total != 0).order_by(bucket.c.hour, bucket.c.value)
    return [HourCount(row.hour, row.value, int(row.total)) for row in tx.execute(query)]


def totals(tx: Connection, wanted: BucketFilter, dimension: str) -> dict[str, int]:
    """The sum of each value over the whole range."""
    bucket = t.trend_bucket
    query = select(bucket.c.value, func.sum(bucket.c.n)).where(*_conditions(wanted, dimension))
    return {value: int(total) for value, total in tx.execute(query.group_by(bucket.c.value))}


def mentions_by_source(tx: Connection, wanted: BucketFilter) -> list[HourCount]:
    """Read mentions by hour and source; `value` is the source."""
    bucket = t.trend_bucket
    total = func.sum(bucket.c.n)
    query = select(bucket.c.hour, bucket.c.source, total.label("total")).where(*_conditions(wanted, MENTIONS))
    query = query.where(bucket.c.value == ALL).group_by(bucket.c.hour, bucket.c.source).having(total > 0)
    return [HourCount(row.hour, row.source, int(row.total)) for row in tx.execute(query)]


def gaps(tx: Connection, sources: Sequence[str], *, start: datetime, end: datetime) -> list[GapView]:
    """Recorded gaps of these sources that touch the range."""
    gap = t.gap
    query = select(gap.c.source, gap.c.start_at, gap.c.end_at).where(
        gap.c.source.in_(sources), gap.c.start_at < end, gap.c.end_at > start
    )
    return [GapView(row.source, row.start_at, row.end_at) for row in tx.execute(query.order_by(gap.c.start_at))]


def heard_between(tx: Connection, brand: str, *, private: bool) -> dict[str, tuple[datetime, datetime]]:
    """The first and the last hour that each source was counted in for this brand, in public or at all."""
    bucket = t.trend_bucket
    query = select(bucket.c.source, func.min(bucket.c.hour).label("first"), func.max(bucket.c.hour).label("last"))
    query = query.where(bucket.c.brand == brand, bucket.c.dimension == MENTIONS)
    if not private:
        query = query.where(bucket.c.visibility == "public")
    return {row.source: (row.first, row.last) for row in tx.execute(query.group_by(bucket.c.source))}


def latest_classifier(tx: Connection) -> str | None:
    """The classifier of the mention that came last; ids grow with time, so that the key's index answers it."""
    query = select(t.reading.c.classifier).order_by(t.reading.c.mention_id.desc()).limit(1)
    found: str | None = tx.execute(query).scalar()
    return found


def languages(tx: Connection, brand: str, *, start: datetime, end: datetime) -> list[str]:
    """Languages that a brand was mentioned in, for the filter of the page."""
    bucket = t.trend_bucket
    query = select(bucket.c.language).where(*_conditions(BucketFilter(brand, start, end), MENTIONS)).distinct()
    return sorted(row.language for row in tx.execute(query))


def _conditions(wanted: BucketFilter, dimension: str) -> list[ColumnElement[bool]]:
    bucket = t.trend_bucket
    conditions = [
        bucket.c.brand == wanted.brand,
        bucket.c.dimension == dimension,
        bucket.c.hour >= wanted.start,
        bucket.c.hour < wanted.end,
    ]
    if wanted.source is not None:
        conditions.append(bucket.c.source == wanted.source)
    if wanted.language is not None:
        conditions.append(bucket.c.language == wanted.language)
    if not wanted.private:
        conditions.append(bucket.c.visibility == "public")
    return conditions
