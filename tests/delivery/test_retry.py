"""The schedule: when a delivery is tried again, when it is given up, when its endpoint is disabled."""

from datetime import UTC, datetime, timedelta

import pytest

from app.delivery.retry import (
    DISABLE_AFTER,
    LONGEST_RETRY_AFTER,
    MAX_JITTER,
    SCHEDULE,
    Verdict,
    jitter,
    judge,
)
from app.domain.alerts import Delivery, Outcome, OutcomeKind
from app.domain.ids import new_id

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
FAILED = Outcome(OutcomeKind.RETRY, status=500, error="answered 500 Internal Server Error")


def made(attempts: int = 0, id_: str = "01KA0000000000000000000001") -> Delivery:
    return Delivery(id_, "oncall", "alert", "page", b"{}", attempts, NOW, NOW, "token")


def verdict(outcome: Outcome, *, attempts: int = 0, failing_since: datetime | None = None) -> Verdict:
    return judge(made(attempts), outcome, now=NOW, failing_since=failing_since)


def test_the_schedule_has_eleven_attempts_over_about_76_hours() -> None:
    assert len(SCHEDULE) == 11
    assert sum(SCHEDULE, timedelta(0)) == timedelta(hours=75, minutes=36, seconds=5)


def test_each_wait_is_the_schedules_or_up_to_a_fifth_longer_never_shorter() -> None:
    for number in range(10_000):
        delivery = made(number % 10, new_id())
        again = judge(delivery, FAILED, now=NOW, failing_since=None).next_at
        assert again is not None
        plain = SCHEDULE[delivery.attempts + 1]
        assert plain <= again - NOW <= plain * (1 + MAX_JITTER)


def test_jitter_is_the_same_for_the_same_attempt_and_spreads_over_its_range() -> None:
    assert jitter("a", 1) == jitter("a", 1) != jitter("a", 2)
    drawn = [jitter(str(number), 1) for number in range(1000)]
    assert min(drawn) < 0.01
    assert max(drawn) > 0.19


def test_delivered_ends_it() -> None:
    assert verdict(Outcome(OutcomeKind.DELIVERED, status=204)) == Verdict()


def test_a_refused_address_is_not_tried_again_and_disables_nothing() -> None:
    assert verdict(Outcome(OutcomeKind.REFUSED, error="private")) == Verdict()


def test_410_disables_at_once() -> None:
    judged = verdict(Outcome(OutcomeKind.GONE, status=410))
    assert judged.next_at is None
    assert "410" in str(judged.disables)


def test_the_eleventh_failure_gives_up() -> None:
    assert verdict(FAILED, attempts=9).next_at is not None
    assert verdict(FAILED, attempts=10) == Verdict()


def test_120_hours_without_one_success_disable_the_endpoint() -> None:
    almost = NOW - DISABLE_AFTER + timedelta(seconds=1)
    assert verdict(FAILED, failing_since=almost).disables is None
    judged = verdict(FAILED, failing_since=NOW - DISABLE_AFTER)
    assert judged.next_at is None
    assert "120 h" in str(judged.disables)
    assert "500" in str(judged.disables)


@pytest.mark.parametrize(
    ("asked", "waits"),
    [
        (timedelta(minutes=10), timedelta(minutes=10)),
        (timedelta(hours=30), LONGEST_RETRY_AFTER),
    ],
)
def test_retry_after_lengthens_the_wait_up_to_a_day(asked: timedelta, waits: timedelta) -> None:
    throttled = Outcome(OutcomeKind.RETRY, status=429, retry_after=asked)
    assert verdict(throttled).next_at == NOW + waits


def test_retry_after_never_shortens_the_wait() -> None:
    hasty = Outcome(OutcomeKind.RETRY, status=503, retry_after=timedelta(seconds=1))
    assert verdict(hasty, attempts=3) == verdict(FAILED, attempts=3)
