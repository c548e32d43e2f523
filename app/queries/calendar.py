"""Hours, days and weeks of a time zone as spans of UTC, across changes of the clocks."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from app.domain.clock import floor_hour
from app.domain.errors import Refused

Interval = Literal["hour", "day", "week"]
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` up to and without `end`, both in UTC."""

    start: datetime
    end: datetime


def zone_of(name: str, *, start: datetime, end: datetime) -> ZoneInfo:
    """The zone of this name.

    Raises `Refused` for an unknown one, and for one that is not whole hours off UTC in the range: buckets are of
    whole UTC hours.
    """
    try:
        zone = ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        message = f"There is no time zone {name!r}; use a name like Europe/Berlin or UTC."
        raise Refused(message) from None
    moment = start
    while moment <= end + DAY:
        offset = moment.astimezone(zone).utcoffset() or timedelta(0)
        if offset % HOUR:
            message = (
                f"{name} is not a whole number of hours off UTC, and trends are kept by the hour of UTC. "
                "Ask with timezone=UTC."
            )
            raise Refused(message)
        moment += DAY
    return zone


def spans(interval: Interval, zone: ZoneInfo, *, start: datetime, end: datetime) -> list[Span]:
    """The hours, days or weeks (from Monday) of this zone that the range touches, in order; never empty."""
    if interval == "hour":
        return _hours(start, end)
    days = 1 if interval == "day" else 7
    first = start.astimezone(zone).date()
    if interval == "week":
        first -= timedelta(days=first.weekday())
    found: list[Span] = []
    while not found or found[-1].end < end:
        following = first + timedelta(days=days)
        found.append(Span(_midnight(first, zone), _midnight(following, zone)))
        first = following
    return found


def _hours(start: datetime, end: datetime) -> list[Span]:
    at = floor_hour(start.astimezone(UTC))
    found = [Span(at, at + HOUR)]
    while found[-1].end < end:
        found.append(Span(found[-1].end, found[-1].end + HOUR))
    return found


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
