"""Judgement of one case: the highest of its legs, its level and its reasons. A pure function of what it is given.

Most complaints are fresh and ordinary; for them only a few numbers are added and no words are made.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.domain.alerts import Leg, Level, Reason
from app.domain.cases import Case, CaseState
from app.domain.policies import Policy
from app.escalation.ageing import ageing_risk, is_past_clock, next_look, wait_of
from app.escalation.following import earliest
from app.escalation.gravity import gravity_past_clock
from app.escalation.risk import CAP_BELOW_PAGE, HARD_RISK, level_of, sigmoid
from app.escalation.score import ORDINARY, Parts, Usual, log_odds, scorecard
from app.escalation.triggers import hard_trigger, may_page
from app.escalation.words import Findings, case_reasons, case_title

LOOK_WHILE_SPREADING: Final = timedelta(hours=1)
"""A case that spreads is looked at this often even when no post and no sample comes."""

_REACH: Final = frozenset({"followers", "spread", "velocity"})


@dataclass(frozen=True, slots=True)
class Judgement:
    """How bad it is and why, at one moment. `level` `None` = no alert of its own.

    `is_hard`: a hard trigger; it does not fold under a stream alert. `beyond_budget`: it pages even when the day's
    pages are spent. `ended` says in words why there is nothing left to alert on. `holds`: the clock is only paused, so
    an alert keeps its level. `next_eval_at` is when time alone changes the judgement.
    """

    leg: Leg
    level: Level | None
    risk: float
    is_hard: bool
    title: str
    reasons: tuple[Reason, ...]
    next_eval_at: datetime | None
    beyond_budget: bool = False
    ended: str = ""
    holds: bool = False
    may_open: bool = True
    """False for an answered case: while it still spreads it keeps the alert it has, and never opens another."""
    gravity: int = 0


def judge(case: Case, policy: Policy, *, now: datetime, usual: Usual = ORDINARY) -> Judgement:
    """Judge a case at `now`. A case that is answered is judged by its spread alone, and is over once that is usual."""
    is_past = is_past_clock(case, now)
    wait = wait_of(case, policy, now) if is_past else None
    gravity = gravity_past_clock(case.gravity, case.signals) if is_past else case.gravity
    parts = scorecard(case, gravity=gravity, waited=wait.ratio if wait else 0.0, usual=usual, now=now)
    trigger = hard_trigger(case, gravity=gravity, usual=usual)
    ended = _ended(case, parts)
    risk, leg = sigmoid(log_odds(parts)), Leg.CASE
    if trigger is not None:
        risk = max(risk, HARD_RISK)
    elif _REACH.isdisjoint(parts):
        # Grievance and waiting, however long, warn: a page wants a hard trigger, or people who see it.
        risk = min(risk, CAP_BELOW_PAGE)
    if wait is not None:
        ageing = ageing_risk(case, wait, gravity=gravity, is_hard=trigger is not None, usual=usual)
        if ageing >= risk:
            risk, leg = ageing, Leg.AGEING
    if not may_page(case):
        risk = min(risk, CAP_BELOW_PAGE)
    # What came in with a first import or a backfill is told by one summary card, and never speaks for itself.
    level = None if ended or not case.live else level_of(risk)
    next_eval_at = next_look(case, policy, now)
    holds = case.state is CaseState.PAUSED
    if level is None:
        return Judgement(leg, None, risk, trigger is not None, "", (), next_eval_at, ended=ended, holds=holds)
    found = Findings(case, gravity, parts, wait, trigger, usual, now)
    return Judgement(
        leg=leg,
        level=level,
        risk=risk,
        is_hard=trigger is not None,
        title=case_title(found, is_ageing=leg is Leg.AGEING),
        reasons=case_reasons(found, leg=leg.value),
        next_eval_at=earliest(next_eval_at, now + LOOK_WHILE_SPREADING if "velocity" in parts else None),
        beyond_budget=trigger is not None and trigger.beyond_budget,
        holds=holds,
        may_open=case.state is not CaseState.ANSWERED,
        gravity=gravity,
    )


def _ended(case: Case, parts: Parts) -> str:
    if case.state is CaseState.CLOSED:
        return "the case is closed"
    if case.state is CaseState.ANSWERED and "velocity" not in parts:
        return "answered by a reply that meets the policy"
    return ""
