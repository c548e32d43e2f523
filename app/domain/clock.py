"""The two clocks. Nothing else asks for the time.

`EventClock` drives what happens in the world that is watched: case clocks, grouping, cooldown, repeats and steps. It is
virtual in replay, demo and backtest. `DbClock` drives what happens between processes: leases, retries, webhook
timestamps. Both are passed in; tests give a `ManualClock`.
"""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time, aware and in UTC."""

    def now(self) -> datetime:
        """The present of this clock."""
        ...


class MovableClock(Clock, Protocol):
    """A clock that a replay moves along."""

    def move_to(self, instant: datetime) -> None:
        """Move forward to `instant`; an earlier one is ignored."""
        ...


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        """Now, in UTC."""
        return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until it is moved; it never goes back."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """The instant it was last moved to."""
        return self._now

    def move_to(self, instant: datetime) -> None:
        """Move forward to `instant`; an earlier one is ignored."""
        self._now = max(self._now, instant)

    def advance(self, span: timedelta) -> None:
        """Move forward by `span`."""
        self._now += span


class OffsetClock:
    """Another clock, shifted: what a replayed database goes on with after its last post."""

    def __init__(self, base: Clock, offset: timedelta) -> None:
        self._base = base
        self._offset = offset

    def now(self) -> datetime:
        """The base clock's now plus the offset."""
        return self._base.now() + self._offset


class EventClock:
    """The event clock of one process: all its parts hold this one, and a replay makes it follow its own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        """The present of the clock that it follows."""
        return self._clock.now()

    def follow(self, clock: Clock) -> None:
        """From now on tell that clock's time."""
        self._clock = clock


class StoryClock:
    """Stands where a story has been told to; once the story is over, goes on from there at the pace of real time."""

    def __init__(self, start: datetime, base: Clock) -> None:
        self._at = start
        self._base = base
        self._released_at: datetime | None = None

    def now(self) -> datetime:
        """The instant of the story."""
        if self._released_at is None:
            return self._at
        return self._at + (self._base.now() - self._released_at)

    def move_to(self, instant: datetime) -> None:
        """Move forward to `instant`; an earlier one is ignored."""
        self._at = max(self._at, instant)

    def release(self) -> None:
        """The story is over: from here on time passes by itself."""
        self._released_at = self._base.now()


def floor_hour(instant: datetime) -> datetime:
    """The UTC hour that `instant` lies in."""
    return instant.replace(minute=0, second=0, microsecond=0)


def iso(instant: datetime) -> str:
    """RFC 3339 in UTC with a Z, to the microsecond where there is one."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
