"""Policies: deadlines in business hours, across clock changes; quiet hours; the first row that matches."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.policies import BusinessHours, Policy, PolicyRow, QuietHours

HOUR = timedelta(hours=1)
DENVER = ZoneInfo("America/Denver")
WEEKDAYS = BusinessHours({day: (time(8), time(18)) for day in range(5)})
OFFICE = Policy(timezone="America/Denver", business_hours=WEEKDAYS)
NIGHTS = Policy(timezone="America/Denver", business_hours=BusinessHours({day: (time(0), time(6)) for day in range(7)}))


def denver(*parts: int, fold: int = 0) -> datetime:
    year, month, day, hour, minute = (*parts, 0)[:5]
    return datetime(year, month, day, hour, minute, tzinfo=DENVER, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "span", "expected"),
    [
        (denver(2026, 3, 2, 9), 2 * HOUR, denver(2026, 3, 2, 11)),
        (denver(2026, 3, 2, 17), 2 * HOUR, denver(2026, 3, 3, 9)),
        (denver(2026, 3, 2, 3), HOUR, denver(2026, 3, 2, 9)),
        (denver(2026, 3, 2, 22), HOUR, denver(2026, 3, 3, 9)),
        (denver(2026, 3, 6, 17), 2 * HOUR, denver(2026, 3, 9, 9)),
        (denver(2026, 3, 7, 12), 24 * HOUR, denver(2026, 3, 11, 12)),
        (denver(2026, 3, 2, 8), 10 * HOUR, denver(2026, 3, 2, 18)),
        (denver(2026, 3, 2, 18), timedelta(0), denver(2026, 3, 3, 8)),
    ],
)
def test_only_business_hours_count(start: datetime, span: timedelta, expected: datetime) -> None:
    assert OFFICE.deadline(start, span) == expected


def test_around_the_clock_is_plain_time() -> None:
    start = denver(2026, 3, 7, 23)
    assert Policy(timezone="America/Denver").deadline(start, 24 * HOUR) == start + 24 * HOUR


def test_an_hour_that_the_clock_skips_does_not_count() -> None:
    # On 8 March 2026 two o'clock becomes three in Denver: the window of six hours lasts five.
    assert NIGHTS.deadline(denver(2026, 3, 8, 0), 5 * HOUR) == denver(2026, 3, 8, 6)
    assert NIGHTS.deadline(denver(2026, 3, 8, 0), 6 * HOUR) == denver(2026, 3, 9, 1)


def test_an_hour_that_the_clock_repeats_counts_twice() -> None:
    # On 1 November 2026 one o'clock comes twice: the window lasts seven hours.
    assert NIGHTS.deadline(denver(2026, 11, 1, 0), 7 * HOUR) == denver(2026, 11, 1, 6)
    assert NIGHTS.deadline(denver(2026, 11, 1, 1, fold=1), HOUR) == denver(2026, 11, 1, 2)


def test_hours_that_never_open_fall_back_to_plain_time() -> None:
    never = Policy(business_hours=BusinessHours({}))
    start = datetime(2026, 3, 2, tzinfo=UTC)
    assert never.deadline(start, HOUR) == start + HOUR


INSTANTS = st.integers(0, 2 * 365 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@given(INSTANTS, st.lists(st.integers(0, 60 * 60), min_size=2, max_size=4).map(sorted))
@settings(max_examples=80, deadline=None)
def test_a_longer_span_never_ends_earlier(start: datetime, minutes: list[int]) -> None:
    for policy in (OFFICE, NIGHTS):
        ends = [policy.deadline(start, timedelta(minutes=span)) for span in minutes]
        assert all(one <= other for one, other in pairwise(ends))
        assert all(end >= start + timedelta(minutes=span) for end, span in zip(ends, minutes, strict=True))


NIGHT = Policy(timezone="America/Denver", quiet_hours=QuietHours(time(22), time(7)))
LUNCH = Policy(timezone="America/Denver", quiet_hours=QuietHours(time(12), time(13, 30), frozenset()))


@pytest.mark.parametrize(
    ("policy", "at", "expected"),
    [
        (NIGHT, denver(2026, 3, 2, 21, 59), denver(2026, 3, 2, 21, 59)),
        (NIGHT, denver(2026, 3, 2, 22), denver(2026, 3, 3, 7)),
        (NIGHT, denver(2026, 3, 3, 3), denver(2026, 3, 3, 7)),
        (NIGHT, denver(2026, 3, 3, 7), denver(2026, 3, 3, 7)),
        (NIGHT, denver(2026, 3, 7, 23), denver(2026, 3, 8, 7)),
        (LUNCH, denver(2026, 3, 2, 12), denver(2026, 3, 2, 13, 30)),
        (LUNCH, denver(2026, 3, 2, 13, 30), denver(2026, 3, 2, 13, 30)),
    ],
)
def test_quiet_hours_hold_back_until_their_end(policy: Policy, at: datetime, expected: datetime) -> None:
    assert policy.delivery_time("warn", at) == expected


def test_exempt_levels_and_policies_without_quiet_hours_go_at_once() -> None:
    at = denver(2026, 3, 3, 3)
    assert NIGHT.delivery_time("page", at) == at
    assert LUNCH.delivery_time("page", denver(2026, 3, 2, 12)) == denver(2026, 3, 2, 13, 30)
    assert Policy().delivery_time("watch", at) == at


def test_the_first_row_that_matches_wins() -> None:
    policy = Policy(
        rows=(
            PolicyRow("delay", "blame", "a"),
            PolicyRow("delay", "*", "b"),
            PolicyRow("*", "blame", "c"),
        )
    )
    found = [
        policy.row_for(*labels).owner for labels in (("delay", "blame"), ("delay", None), (None, "blame"), ("x", "y"))
    ]
    assert found == ["a", "b", "c", None]
    assert policy.row_for("x", "y").reply_within == 24 * HOUR


def test_a_policy_is_quoted_by_name_and_version() -> None:
    assert Policy(name="airline", version=4).reference == "airline@4"
