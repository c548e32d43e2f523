"""Policies: who owns which failure, by when, with what words; when to escalate further."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

DEFAULT_REPLY_WITHIN: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Settlement:
    """What the front line may settle itself."""

    limit: float
    currency: str
    what: str


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """Owner and clock of one failure and severity; `*` matches all, and the first matching row wins."""

    failure: str = "*"
    severity: str = "*"
    owner: str | None = None
    reply_within: timedelta = DEFAULT_REPLY_WITHIN
    settle: Settlement | None = None

    def matches(self, failure: str | None, severity: str | None) -> bool:
        """Whether this row governs a complaint with these labels."""
        return self.failure in ("*", failure) and self.severity in ("*", severity)


@dataclass(frozen=True, slots=True)
class ReplyRules:
    """What a public reply must do to stop the clock, and what it must never do (TAXONOMY section 10)."""

    require_any: tuple[frozenset[str], ...] = (
        frozenset({"acknowledge", "empathise", "apologise"}),
        frozenset({"remedy", "follow_up", "explain"}),
    )
    forbid: frozenset[str] = frozenset({"deny", "threaten"})
    next_contact_within: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Deliveries below the excepted levels wait until the end of this window, in the policy's time zone."""

    start: time
    end: time
    exempt: frozenset[str] = frozenset({"page"})


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """Weekday (0 = Monday) to opening window; `None` as a whole means around the clock."""

    windows: Mapping[int, tuple[time, time]]


@dataclass(frozen=True, slots=True)
class Step:
    """Further escalation: who is told when nobody has acknowledged `after` this long."""

    after: timedelta
    endpoint: str


@dataclass(frozen=True, slots=True)
class Repeats:
    """How often an unacknowledged alert is repeated, by level, and how many times at most."""

    every: Mapping[str, timedelta] = field(
        default_factory=lambda: {"page": timedelta(minutes=30), "warn": timedelta(hours=4)}
    )
    most: int = 3


@dataclass(frozen=True, slots=True)
class DailyBudget:
    """How many new case alerts of a level a brand may open in 24 h without a hard trigger; the rest wait in the queue.

    The unanswered queue and its digest card always show all of them: the budget bounds the interruptions, not the
    record.
    """

    watch: int = 2
    warn: int = 2
    page: int = 1

    def of(self, level: str) -> int:
        """The budget of one level."""
        return {"watch": self.watch, "warn": self.warn, "page": self.page}[level]


@dataclass(frozen=True, slots=True)
class Policy:
    """A versioned file `policies/<name>.toml`."""

    name: str = "default"
    version: int = 1
    timezone: str = "UTC"
    business_hours: BusinessHours | None = None
    quiet_hours: QuietHours | None = None
    group_wait: Mapping[str, timedelta] = field(
        default_factory=lambda: {
            "page": timedelta(0),
            "warn": timedelta(seconds=30),
            "watch": timedelta(seconds=30),
        }
    )
    acknowledge_within: Mapping[str, timedelta] = field(
        default_factory=lambda: {"page": timedelta(minutes=15), "warn": timedelta(hours=4)}
    )
    repeat: Repeats = field(default_factory=Repeats)
    steps: tuple[Step, ...] = ()
    promises: tuple[str, ...] = ()
    reply: ReplyRules = field(default_factory=ReplyRules)
    rows: tuple[PolicyRow, ...] = (PolicyRow(),)
    budget: DailyBudget = field(default_factory=DailyBudget)

    @property
    def reference(self) -> str:
        """`airline@4`, as every alert quotes it."""
        return f"{self.name}@{self.version}"

    def row_for(self, failure: str | None, severity: str | None) -> PolicyRow:
        """The first row that matches; a policy without one falls back to 24 h and no owner."""
        return next((row for row in self.rows if row.matches(failure, severity)), PolicyRow())

    def deadline(self, start: datetime, span: timedelta) -> datetime:
        """When a clock of `span` that starts at `start` runs out, counting business hours only where there are some."""
        if self.business_hours is None:
            return start + span
        return _within_hours(start, span, self.business_hours, ZoneInfo(self.timezone))

    def delivery_time(self, level: str, at: datetime) -> datetime:
        """When a message of this level may go out: at once, or after the quiet hours."""
        if self.quiet_hours is None or level in self.quiet_hours.exempt:
            return at
        return _after_quiet(at, self.quiet_hours, ZoneInfo(self.timezone))


def _within_hours(start: datetime, span: timedelta, hours: BusinessHours, zone: ZoneInfo) -> datetime:
    left = span
    local = start.astimezone(zone)
    for _ in range(3660):
        window = hours.windows.get(local.weekday())
        if window is not None:
            # In UTC: two wall times of one zone differ by the wall clock, which jumps twice a year.
            opens, closes = (_at(local, moment).astimezone(UTC) for moment in window)
            begin = max(local.astimezone(UTC), opens)
            if begin < closes:
                if closes - begin >= left:
                    return (begin + left).astimezone(start.tzinfo)
                left -= closes - begin
        local = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return start + span


def _at(day: datetime, moment: time) -> datetime:
    return day.replace(hour=moment.hour, minute=moment.minute, second=0, microsecond=0)


def _after_quiet(at: datetime, quiet: QuietHours, zone: ZoneInfo) -> datetime:
    local = at.astimezone(zone)
    clock = local.time()
    over_midnight = quiet.start > quiet.end
    is_quiet = (clock >= quiet.start or clock < quiet.end) if over_midnight else quiet.start <= clock < quiet.end
    if not is_quiet:
        return at
    end = _at(local, quiet.end)
    if end <= local:
        end += timedelta(days=1)
    return end.astimezone(at.tzinfo)
