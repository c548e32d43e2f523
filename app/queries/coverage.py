"""Zero against unknown: for each source and bucket, whether an empty bucket means that nothing was said."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from app.domain.brands import silent_after
from app.domain.clock import floor_hour
from app.queries.calendar import Span
from app.storage import reads_sources, reads_trends
from app.storage.database import Transaction
from app.storage.reads_trends import BucketFilter, GapView

Coverage = Literal["complete", "gap", "silent"]
"""`complete`: read through, an empty bucket is a zero; `gap`: a recorded hole; `silent`: not read at all then."""

_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Watch:
    """The time that a source is known to have been read through; `until` `None` = it never was."""

    since: datetime
    until: datetime | None


def coverage_of(
    tx: Transaction, wanted: BucketFilter, buckets: Sequence[Span], *, now: datetime
) -> list[Mapping[str, Coverage]]:
    """One mapping of source to coverage per bucket, for every source that serves the brand or was counted."""
    spoken = _spoken(tx, wanted, buckets)
    watches = _watches(tx, wanted.brand, private=wanted.private)
    names = sorted({*watches, *(source for heard in spoken for source in heard)})
    if wanted.source is not None:
        names = [name for name in names if name == wanted.source]
    holes = reads_trends.gaps(tx, names, start=buckets[0].start, end=buckets[-1].end) if names else []
    by_source = {name: [hole for hole in holes if hole.source == name] for name in names}
    return [
        {name: _judge(span, watches.get(name), by_source[name], is_heard=name in heard, now=now) for name in names}
        for span, heard in zip(buckets, spoken, strict=True)
    ]


def _judge(span: Span, watch: _Watch | None, holes: Iterable[GapView], *, is_heard: bool, now: datetime) -> Coverage:
    if any(hole.start < span.end and hole.end > span.start for hole in holes):
        return "gap"
    if is_heard:
        return "complete"
    if watch is None or watch.until is None or span.end <= watch.since:
        return "silent"
    return "silent" if min(span.end, now) > watch.until else "complete"


def _watches(tx: Transaction, brand: str, *, private: bool) -> dict[str, _Watch]:
    heard = reads_trends.heard_between(tx, brand, private=private)
    # Nobody polls a source that is pushed or replayed: only what came tells when it was read.
    found = {name: _Watch(first, last + _HOUR) for name, (first, last) in heard.items()}
    for poll in reads_sources.source_polls(tx):
        config = poll.config
        if not poll.is_polled or brand not in config.brands:
            continue
        first, _ = heard.get(config.name, (poll.applied_at, None))
        until = None if poll.last_success_at is None else poll.last_success_at + silent_after(config.interval)
        found[config.name] = _Watch(min(poll.applied_at, first), until)
    return found


def _spoken(tx: Transaction, wanted: BucketFilter, buckets: Sequence[Span]) -> list[set[str]]:
    heard: list[set[str]] = [set() for _ in buckets]
    at = 0
    for row in sorted(reads_trends.mentions_by_source(tx, wanted), key=lambda row: row.hour):
        while at < len(buckets) and floor_hour(row.hour) >= buckets[at].end:
            at += 1
        if at < len(buckets) and row.hour + _HOUR > buckets[at].start:
            heard[at].add(row.value)
    return heard
