"""How fast a case's posts spread: samples at any spacing become "now" and "an hour ago"."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import log
from typing import Final

from app.domain.cases import Case

STALE_AFTER: Final = timedelta(hours=6)
"""A sample older than this says nothing about growth now."""
_HOUR: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Growth:
    """One counter now and an hour before; `doubles_in` hours while it grows, else `None`."""

    now: int
    before: int | None
    doubles_in: float | None

    @property
    def gain(self) -> int:
        """How many came in the last hour; 0 where that is not known."""
        return 0 if self.before is None else max(0, self.now - self.before)


def sampled(case: Case, *, at: datetime, views: int | None, engagement: int | None) -> Case:
    """The case with new sums over its posts. A sample older than the latest changes nothing; `None` keeps the last."""
    if case.engagement_at is not None and at < case.engagement_at:
        return case
    hours = 0.0 if case.engagement_at is None else (at - case.engagement_at).total_seconds() / _HOUR
    return replace(
        case,
        views=case.views if views is None else views,
        views_before=case.views_before if views is None else hour_before(views, case.views, case.views_before, hours),
        engagement=case.engagement if engagement is None else engagement,
        engagement_before=(
            case.engagement_before
            if engagement is None
            else hour_before(engagement, case.engagement, case.engagement_before, hours)
        ),
        engagement_at=at,
    )


def hour_before(now: int, last: int | None, before_last: int | None, hours: float) -> int | None:
    """The counter an hour before a sample of `now`, from the last sample `hours` earlier and its own hour before.

    Growth between samples is taken as exponential, which is what "doubling every" means; from zero as a straight line.
    """
    if last is None:
        return None
    if hours >= 1.0:
        return round(_between(now, last, 1.0 / hours))
    start = last if before_last is None else before_last
    return round(_between(last, start, 1.0 - hours))


def growth(now: int | None, before: int | None) -> Growth | None:
    """The growth of one counter, or `None` where the source does not tell."""
    if now is None:
        return None
    if before is None or before <= 0 or now <= before:
        return Growth(now, before, None)
    return Growth(now, before, log(2) / log(now / before))


def is_fresh(case: Case, now: datetime) -> bool:
    """Whether the samples are young enough to speak of growth."""
    return case.engagement_at is not None and now - case.engagement_at <= STALE_AFTER


def _between(newer: int, older: int, back: float) -> float:
    """The value that lies the share `back` of the way from `newer` to `older`."""
    if newer <= 0 or older <= 0:
        return newer + (older - newer) * back
    return float(newer * (older / newer) ** back)
