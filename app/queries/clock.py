"""A case's unanswered clock as it is shown: how long nobody answered, and how much of what the policy gives is used."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.domain.cases import UNANSWERED, Case

SOON: Final = timedelta(hours=4)
"""A clock with less than this left is due soon."""


@dataclass(frozen=True, slots=True)
class ClockReading:
    """`used` is the share of the allowed time that is gone: 1.0 = it just ran out, 280 = 280 times over.

    `waiting` counts from the start of the present clock, or of the whole case where a clock never started; `left` is
    negative once it ran out. `runs` is false while a reply pauses it, and after an answer stopped it.
    """

    state: str
    runs: bool
    started_at: datetime | None
    due_at: datetime | None
    waiting: timedelta
    used: float | None
    left: timedelta | None

    @property
    def is_past(self) -> bool:
        """Whether the clock ran out, or a pause is over: the string has snapped."""
        return self.state in UNANSWERED and self.left is not None and self.left < timedelta(0)


def read_clock(case: Case, now: datetime) -> ClockReading | None:
    """The clock of a case at `now`; `None` where the brand cannot answer there at all."""
    if not case.has_clock:
        return None
    started = case.clock_from or case.opened_at
    waiting = max(now - started, timedelta(0))
    allowed = None if case.due_at is None else case.due_at - started
    return ClockReading(
        state=case.state.value,
        runs=case.clock_runs,
        started_at=case.clock_from,
        due_at=case.due_at,
        waiting=waiting,
        used=waiting / allowed if allowed else None,
        left=None if case.due_at is None else case.due_at - now,
    )
