"""The ageing leg: a complaint that the brand has not answered. It works at a volume of one, and must not flood.

Past its clock a case is in the unanswered queue. What makes it an alert of its own (DESIGN section 6):

| past its clock, and | level | risk |
|---|---|---|
| gravity 0 or 1, or p(complaint) below 0.6 with gravity below 4 | none, queue only | 0.15 |
| gravity 2 | watch | 0.2 + 0.05 for each doubling of the time waited, at most 0.45 |
| gravity 2 at twice the clock, reach above the usual | warn | 0.5 + 0.05 for each doubling, at most 0.75 |
| gravity 3, a repeated contact, or a refused redress | warn | the same |
| a hard trigger | page | 0.8 + 0.05 for each doubling, at most 0.95 |
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log2
from typing import Final

from app.domain.alerts import Level
from app.domain.cases import UNANSWERED, Case
from app.domain.policies import Policy
from app.escalation.score import Usual, standing

QUEUE_RISK: Final = 0.15
SURE: Final = 0.6
"""Below this probability waiting alone is no reason to interrupt somebody: the text may be no complaint at all."""
PER_DOUBLING: Final = 0.05
AGEING: Final = {Level.WATCH: (0.2, 0.45), Level.WARN: (0.5, 0.75), Level.PAGE: (0.8, 0.95)}
"""Level -> risk when the clock has just run out, and the most that waiting makes of it."""
_LEAST: Final = timedelta(minutes=1)
_REFUSED_OR_REPEATED: Final = frozenset({"repeated", "refused_redress"})


@dataclass(frozen=True, slots=True)
class Wait:
    """How long a case has waited for an answer. `multiple` is 1 when the clock runs out, 2 one more clock later."""

    waited: timedelta
    allowed: timedelta
    multiple: float

    @property
    def ratio(self) -> float:
        """Time since the clock began over the time allowed."""
        return self.waited / self.allowed


def is_past_clock(case: Case, now: datetime) -> bool:
    """Whether the case is in the unanswered queue. A pause ends by itself at the next-contact deadline."""
    return case.due_at is not None and now >= case.due_at and case.state in UNANSWERED


def wait_of(case: Case, policy: Policy, now: datetime) -> Wait:
    """The wait of a case that is past its clock."""
    allowed = _allowed(case, policy)
    due_at = case.due_at or now
    return Wait(
        waited=now - (case.clock_from or case.opened_at), allowed=allowed, multiple=1.0 + (now - due_at) / allowed
    )


def ageing_risk(case: Case, wait: Wait, *, gravity: int, is_hard: bool, usual: Usual) -> float:
    """The risk of a case that is past its clock, by the table above."""
    level = _level(case, wait, gravity=gravity, is_hard=is_hard, usual=usual)
    if level is None:
        return QUEUE_RISK
    least, most = AGEING[level]
    return min(most, least + PER_DOUBLING * log2(max(1.0, wait.multiple)))


def next_look(case: Case, policy: Policy, now: datetime) -> datetime | None:
    """When waiting alone next changes the judgement: the deadline, then each doubling of the overdue time.

    So a case that nobody ever answers is looked at a dozen times in ten years, not once an hour.
    """
    if case.due_at is None or case.state not in UNANSWERED:
        return None
    if now < case.due_at:
        return case.due_at
    step = _allowed(case, policy)
    while case.due_at + step <= now:
        step *= 2
    return case.due_at + step


def _allowed(case: Case, policy: Policy) -> timedelta:
    return max(_LEAST, policy.row_for(case.failure, case.severity).reply_within)


def _level(case: Case, wait: Wait, *, gravity: int, is_hard: bool, usual: Usual) -> Level | None:
    if is_hard:
        return Level.PAGE
    if case.complaint < SURE and gravity < 4:
        return None
    if gravity >= 3 or not _REFUSED_OR_REPEATED.isdisjoint(case.signals):
        return Level.WARN
    if gravity < 2:
        return None
    _, value, limit = standing(case, usual)
    return Level.WARN if wait.multiple >= 2 and value > limit else Level.WATCH
