"""The honest series (SCHEMAS section 6): counts with intervals, zero against unknown, from trend buckets only."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from app.domain.access import EVERYTHING_PUBLIC, Sight
from app.domain.clock import floor_hour, iso
from app.domain.errors import Refused
from app.domain.taxonomy import CODES
from app.domain.trends import ALL, DIMENSIONS, MENTIONS, Share, wilson
from app.queries.calendar import Interval, Span, spans, zone_of
from app.queries.coverage import Coverage, coverage_of
from app.queries.health import require_brand
from app.storage import reads_trends
from app.storage.database import Transaction
from app.storage.reads_trends import BucketFilter, HourCount
from app.storage.trends import latest_revision

__all__ = ["Interval", "TrendAnswer", "TrendPoint", "TrendQuery", "languages", "trend"]

MOST_DAYS: Final = 400
ASKABLE: Final = (MENTIONS, *DIMENSIONS)
_CODES: Final[Mapping[str, tuple[str, ...]]] = {**CODES, MENTIONS: (ALL,)}
"""Values that are shown as zero where nothing was counted; other dimensions show what occurs in the range."""
_OF_MENTIONS: Final = frozenset({MENTIONS, "sentiment", "complaint", "signals"})
_OF_THEMSELVES: Final = frozenset({"rating", "answered"})


@dataclass(frozen=True, slots=True)
class TrendQuery:
    """What is asked. `timezone` defaults to the brand's; `private` adds what is not public."""

    brand: str
    start: datetime
    end: datetime
    dimension: str = "sentiment"
    interval: Interval = "day"
    timezone: str | None = None
    source: str | None = None
    language: str | None = None
    private: bool = False


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One bucket. `n` is what the shares are of; `n` and every count are `None` where no source told anything.

    `coverage` says for each source whether it was `complete`, has a recorded `gap`, or was `silent`.
    """

    start: datetime
    end: datetime
    n: int | None
    values: Mapping[str, Share | None]
    coverage: Mapping[str, Coverage]
    partial: bool

    def as_dict(self) -> dict[str, Any]:
        """As the API shows it."""
        unknown = {"count": None, "share": None, "low": None, "high": None}
        return {
            "start": iso(self.start),
            "end": iso(self.end),
            "n": self.n,
            "values": {code: share.as_dict() if share else unknown for code, share in self.values.items()},
            "coverage": dict(self.coverage),
            "partial": self.partial,
        }


@dataclass(frozen=True, slots=True)
class TrendAnswer:
    """A series; `as_of` is the revision it was read at, `classifier` the one that read the newest mention."""

    brand: str
    dimension: str
    interval: Interval
    timezone: str
    as_of: int
    classifier: str | None
    series: tuple[TrendPoint, ...]

    def as_dict(self) -> dict[str, Any]:
        """SCHEMAS section 6."""
        return {
            "brand": self.brand,
            "dimension": self.dimension,
            "interval": self.interval,
            "timezone": self.timezone,
            "as_of": self.as_of,
            "classifier": self.classifier,
            "series": [point.as_dict() for point in self.series],
        }


def trend(tx: Transaction, query: TrendQuery, *, now: datetime, sight: Sight = EVERYTHING_PUBLIC) -> TrendAnswer:
    """The series of one dimension of one brand; `now` is the event clock's.

    Raises `NotFound` for a brand that may not be seen, `Refused` for a range, dimension or zone that is not served.
    """
    brand = require_brand(tx, query.brand, sight=sight)
    _require_askable(query)
    timezone = query.timezone or brand.timezone
    zone = zone_of(timezone, start=query.start, end=query.end)
    buckets = spans(query.interval, zone, start=query.start, end=query.end)
    wanted = BucketFilter(
        brand=query.brand,
        start=floor_hour(buckets[0].start.astimezone(UTC)),
        end=buckets[-1].end.astimezone(UTC),
        source=query.source,
        language=query.language,
        private=query.private and sight.private,
    )
    counts = _by_span(reads_trends.counts(tx, wanted, query.dimension), buckets)
    totals = _denominators(tx, wanted, query.dimension, buckets, counts)
    coverage = coverage_of(tx, wanted, buckets, now=now)
    codes = _codes(query.dimension, counts)
    return TrendAnswer(
        brand=query.brand,
        dimension=query.dimension,
        interval=query.interval,
        timezone=timezone,
        as_of=latest_revision(tx),
        classifier=reads_trends.latest_classifier(tx),
        series=tuple(
            _point(span, codes, count, n=n, coverage=covered, now=now)
            for span, count, n, covered in zip(buckets, counts, totals, coverage, strict=True)
        ),
    )


def languages(
    tx: Transaction, brand: str, *, start: datetime, end: datetime, sight: Sight = EVERYTHING_PUBLIC
) -> list[str]:
    """The languages in which a brand was mentioned in public. Raises `NotFound` for one that may not be seen."""
    require_brand(tx, brand, sight=sight)
    return reads_trends.languages(tx, brand, start=start, end=end)


def _require_askable(query: TrendQuery) -> None:
    if query.dimension not in ASKABLE:
        message = f"There is no dimension {query.dimension!r}; use one of: {', '.join(ASKABLE)}."
        raise Refused(message)
    if query.start >= query.end:
        message = f"The range ends ({iso(query.end)}) before it starts ({iso(query.start)}); swap start and end."
        raise Refused(message)
    if query.end - query.start > timedelta(days=MOST_DAYS):
        message = f"The range is longer than {MOST_DAYS} days; ask for it in parts."
        raise Refused(message)


def _point(
    span: Span,
    codes: Sequence[str],
    counts: Counter[str],
    *,
    n: int,
    coverage: Mapping[str, Coverage],
    now: datetime,
) -> TrendPoint:
    is_unknown = n == 0 and bool(coverage) and "complete" not in coverage.values()
    return TrendPoint(
        start=span.start,
        end=span.end,
        n=None if is_unknown else n,
        values={code: None if is_unknown else wilson(counts[code], max(n, counts[code])) for code in codes},
        coverage=coverage,
        partial=span.end > now,
    )


def _codes(dimension: str, counts: Sequence[Counter[str]]) -> tuple[str, ...]:
    found = {code for count in counts for code in count}
    known = _CODES.get(dimension, ())
    return (*(str(code) for code in known), *sorted(found.difference(known)))


def _denominators(
    tx: Transaction, wanted: BucketFilter, dimension: str, buckets: Sequence[Span], counts: Sequence[Counter[str]]
) -> list[int]:
    if dimension in _OF_THEMSELVES:
        return [count.total() for count in counts]
    base, value = (MENTIONS, ALL) if dimension in _OF_MENTIONS else ("complaint", "yes")
    totals = _by_span(reads_trends.counts(tx, wanted, base), buckets)
    return [total[value] for total in totals]


def _by_span(found: Iterable[HourCount], buckets: Sequence[Span]) -> list[Counter[str]]:
    sums: list[Counter[str]] = [Counter() for _ in buckets]
    at = 0
    for row in found:
        while at < len(buckets) and row.hour >= buckets[at].end:
            at += 1
        if at < len(buckets) and row.hour >= buckets[at].start:
            sums[at][row.value] += row.count
    return sums
