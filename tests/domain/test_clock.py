"""The clocks: standing, shifted, telling a story."""

from datetime import UTC, datetime, timedelta, timezone

from app.domain.clock import ManualClock, OffsetClock, StoryClock, SystemClock, floor_hour, iso

T0 = datetime(2026, 3, 2, 12, 34, 56, 789, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_a_manual_clock_never_goes_back() -> None:
    clock = ManualClock(T0)
    clock.move_to(T0 - HOUR)
    assert clock.now() == T0
    clock.move_to(T0 + HOUR)
    clock.advance(HOUR)
    assert clock.now() == T0 + 2 * HOUR


def test_the_system_clock_is_aware() -> None:
    before = datetime.now(UTC)
    assert before <= SystemClock().now() <= datetime.now(UTC)
    assert SystemClock().now().tzinfo is UTC


def test_an_offset_clock_goes_at_the_pace_of_its_base() -> None:
    base = ManualClock(T0)
    clock = OffsetClock(base, -10 * HOUR)
    assert clock.now() == T0 - 10 * HOUR
    base.advance(HOUR)
    assert clock.now() == T0 - 9 * HOUR


def test_a_story_stands_until_it_is_told_and_goes_on_from_there() -> None:
    base = ManualClock(T0)
    clock = StoryClock(T0 - 1000 * HOUR, base)
    base.advance(HOUR)
    assert clock.now() == T0 - 1000 * HOUR
    clock.move_to(T0 - 500 * HOUR)
    clock.move_to(T0 - 600 * HOUR)
    assert clock.now() == T0 - 500 * HOUR
    clock.release()
    assert clock.now() == T0 - 500 * HOUR
    base.advance(3 * HOUR)
    assert clock.now() == T0 - 497 * HOUR


def test_hours_and_words_of_times() -> None:
    assert floor_hour(T0) == datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert iso(T0) == "2026-03-02T12:34:56.000789Z"
    assert iso(T0.replace(microsecond=0).astimezone(timezone(timedelta(hours=7)))) == "2026-03-02T12:34:56Z"
