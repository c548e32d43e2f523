"""Spans of a time zone: days of 23 and 25 hours, weeks from Monday, zones that whole hours cannot serve."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from app.domain.errors import Refused
from app.queries.calendar import Interval, spans, zone_of

HOUR = timedelta(hours=1)
YEAR = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


def _lengths(interval: Interval, name: str, start: datetime, end: datetime) -> list[timedelta]:
    found = spans(interval, zone_of(name, start=start, end=end), start=start, end=end)
    assert found[0].start <= start
    assert found[-1].end >= end
    for before, after in pairwise(found):
        assert before.end == after.start
    return [span.end - span.start for span in found]


@pytest.mark.parametrize(("day", "hours"), [((2026, 3, 8), 23), ((2026, 11, 1), 25), ((2026, 6, 1), 24)])
def test_a_day_is_as_long_as_the_clocks_make_it(day: tuple[int, int, int], hours: int) -> None:
    noon = datetime(*day, 18, tzinfo=UTC)
    assert _lengths("day", "America/Denver", noon, noon + HOUR) == [timedelta(hours=hours)]


def test_weeks_begin_on_monday() -> None:
    wednesday = datetime(2026, 3, 4, 12, tzinfo=UTC)
    (week,) = spans("week", zone_of("UTC", start=wednesday, end=wednesday), start=wednesday, end=wednesday + HOUR)
    assert (week.start, week.end) == (datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC))


def test_a_year_has_no_holes() -> None:
    assert len(_lengths("day", "Europe/Berlin", *YEAR)) == 366
    assert len(_lengths("week", "Pacific/Auckland", *YEAR)) == 53
    assert len(_lengths("hour", "America/Denver", *YEAR)) == 8760


def test_a_range_that_ends_on_a_boundary_has_no_empty_bucket_behind_it() -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    assert len(_lengths("day", "UTC", start, start + timedelta(days=2))) == 2


@pytest.mark.parametrize(
    "name", ["Asia/Kolkata", "Australia/Adelaide", "Asia/Kathmandu", "Nowhere/Else", "", "../x", "a\x00b"]
)
def test_what_whole_hours_cannot_serve_is_refused(name: str) -> None:
    with pytest.raises(Refused):
        zone_of(name, start=YEAR[0], end=YEAR[1])


def test_a_zone_is_judged_by_the_range_that_is_asked() -> None:
    # Lord Howe is 10:30 in winter and 11:00 in summer.
    zone_of("Australia/Lord_Howe", start=YEAR[0], end=YEAR[0] + timedelta(days=30))
    with pytest.raises(Refused):
        zone_of("Australia/Lord_Howe", start=YEAR[0], end=YEAR[1])
