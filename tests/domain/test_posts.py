"""Event time: the source's word where it is plausible, and never in the future."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.domain.posts import LATE_AFTER, NEWEST, OLDEST, EngagementSample, event_time, is_late

SEEN = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("created", "expected"),
    [
        (None, SEEN),
        (SEEN - timedelta(days=3), SEEN - timedelta(days=3)),
        (SEEN - OLDEST, SEEN - OLDEST),
        (SEEN - OLDEST - SECOND, SEEN),
        (SEEN + NEWEST, SEEN),
        (SEEN + NEWEST + SECOND, SEEN),
        (datetime.max.replace(tzinfo=UTC), SEEN),
        (datetime.min.replace(tzinfo=UTC), SEEN),
    ],
)
def test_event_time_is_plausible(created: datetime | None, expected: datetime) -> None:
    assert event_time(created, SEEN) == expected


def test_event_time_is_utc() -> None:
    local = (SEEN - timedelta(hours=1)).astimezone(timezone(timedelta(hours=-7)))
    assert event_time(local, SEEN).tzinfo is UTC


def test_late_begins_after_six_hours() -> None:
    assert not is_late(SEEN - LATE_AFTER, SEEN)
    assert is_late(SEEN - LATE_AFTER - SECOND, SEEN)


def test_zero_is_told_and_none_is_not() -> None:
    assert EngagementSample("s", "1", SEEN, likes=0).told
    assert not EngagementSample("s", "1", SEEN).told


def test_reactions_are_summed_over_what_is_told() -> None:
    assert EngagementSample("s", "1", SEEN, views=9, likes=2, replies=0).reactions == 2
    assert EngagementSample("s", "1", SEEN, shares=0).reactions == 0
    assert EngagementSample("s", "1", SEEN, views=9).reactions is None
