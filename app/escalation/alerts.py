"""The alert state machine: judgements become alert changes, each with the whole alert as it is afterwards.

A level is entered at the first evaluation that reaches it: a case is evaluated when something happened, not on a clock,
so there is no second look to wait for; flapping is held back where it starts, at leaving. A level is left only below
0.7 of its entry for six hours. `step` given the same judgement twice says nothing the second time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from app.domain.alerts import (
    ENTER_AT,
    LEVELS,
    RULE,
    Alert,
    AlertChange,
    AlertState,
    ChangeKind,
    Evidence,
    Leg,
    Level,
)
from app.domain.policies import Policy
from app.escalation.acts import act
from app.escalation.budget import affordable, budget_left, may_afford_page
from app.escalation.judge import Judgement
from app.escalation.news import is_stale, news_between
from app.escalation.notices import due_notices, first_notice_at
from app.escalation.risk import LEAVE_AFTER_HOURS, LEAVE_BELOW, RULE_VERSION

__all__ = ["Subject", "act", "budget_left", "due_notices", "eval_at", "expire_suppression", "fold", "step"]

REOPEN_WITHIN: Final = timedelta(days=7)
"""A resolved alert of the same group is opened again within this time; later it is a new one."""
LEAVE_AFTER: Final = timedelta(hours=LEAVE_AFTER_HOURS)
NOBODY: Final[tuple[str, ...]] = ()
"""Recorded, and told to no endpoint."""
_LIVE: Final = frozenset({AlertState.OPEN, AlertState.ACKNOWLEDGED})


@dataclass(frozen=True, slots=True)
class Subject:
    """What an alert is about. `group` is its key; `changed_at` is the last event in it; `visibility` who may see it."""

    group: str
    brand: str
    case: str | None = None
    failure: str | None = None
    owner: str | None = None
    evidence: tuple[Evidence, ...] = ()
    classifier: str = ""
    changed_at: datetime | None = None
    visibility: str = "public"


def step(
    current: Alert | None,
    judgement: Judgement,
    *,
    subject: Subject,
    policy: Policy,
    now: datetime,
    new_id: Callable[[], str],
    stream_alert: Alert | None = None,
    left: Mapping[str, int] | None = None,
) -> list[AlertChange]:
    """What there is to say after an evaluation; `[]` when nothing. `current` is the group's latest alert, or `None`.

    `stream_alert` is an open alert of the brand's stream that the case lies under; `left` is `budget_left` of the
    brand's day, `None` = no bound (cards have none; of a stream it bounds the page alone).
    """
    move = _Move(judgement, subject, policy, now, stream_alert, left)
    if current is None or (current.state is AlertState.RESOLVED and _is_old(current, now)):
        return move.opened(new_id)
    if current.state is AlertState.RESOLVED:
        return move.reopened(current)
    woken = expire_suppression(current, now)
    if woken is not None:
        return [woken, *move.followed(woken.alert)]
    return move.followed(current)


def fold(alert: Alert, stream_alert: Alert, now: datetime) -> AlertChange:
    """A case alert goes under an open stream alert: it is still recorded, and nobody is told."""
    folded = replace(alert, version=alert.version + 1, folded_into=stream_alert.id, next_notice_at=None)
    return AlertChange(folded, ChangeKind.FOLDED, now, RULE, f"folded into {stream_alert.id}", NOBODY)


def expire_suppression(alert: Alert, now: datetime) -> AlertChange | None:
    """A mute whose time is over: the alert is open again. `None` while there is nothing to do."""
    if alert.state is not AlertState.SUPPRESSED or alert.suppressed_until is None or now < alert.suppressed_until:
        return None
    return AlertChange(_unmuted(alert), ChangeKind.REOPENED, now, RULE, "the mute is over")


def eval_at(alert: Alert, judgement: Judgement) -> datetime | None:
    """When the group must be judged again: by the judgement, and to leave a level that it has stayed below."""
    moments = [judgement.next_eval_at]
    if alert.below_since is not None and alert.state is not AlertState.RESOLVED:
        moments.append(alert.below_since + LEAVE_AFTER)
    if alert.state is AlertState.SUPPRESSED:
        moments.append(alert.suppressed_until)
    return min((moment for moment in moments if moment is not None), default=None)


@dataclass(frozen=True, slots=True)
class _Move:
    """One evaluation of one group."""

    judgement: Judgement
    subject: Subject
    policy: Policy
    now: datetime
    stream_alert: Alert | None
    left: Mapping[str, int] | None

    def opened(self, new_id: Callable[[], str]) -> list[AlertChange]:
        level = affordable(self.judgement, self.left) if self.judgement.may_open else None
        if level is None:
            return []
        alert = Alert(
            id=new_id(),
            group=self.subject.group,
            brand=self.subject.brand,
            leg=self.judgement.leg,
            level=level,
            state=AlertState.OPEN,
            risk=self.judgement.risk,
            title=self.judgement.title,
            opened_at=self.now,
            level_since=self.now,
            version=0,
            case=self.subject.case,
        )
        return [self._announced(alert, level, ChangeKind.OPENED)]

    def reopened(self, current: Alert) -> list[AlertChange]:
        resolved_at, changed_at = current.resolved_at, self.subject.changed_at
        if resolved_at is not None and changed_at is not None and changed_at <= resolved_at:
            return []
        level = affordable(self.judgement, self.left) if self.judgement.may_open else None
        if level is None:
            return []
        return [self._announced(current, level, ChangeKind.REOPENED, "it goes on")]

    def followed(self, current: Alert) -> list[AlertChange]:
        if self.judgement.ended:
            return [self._resolved(current, self.judgement.ended)]
        changes: list[AlertChange] = []
        if self.stream_alert is not None and self._is_under_stream() and current.folded_into is None:
            changes.append(fold(current, self.stream_alert, self.now))
            current = changes[-1].alert
        level = self._rising(current)
        if level is not None:
            return [*changes, self._risen(current, level)]
        if current.state is AlertState.SUPPRESSED and self.judgement.risk >= 2 * (current.suppressed_risk or 1.0):
            note = "the risk has doubled since the mute"
            changes.append(self._announced(current, current.level, ChangeKind.REOPENED, note))
        elif current.folded_into is not None and not self._is_under_stream():
            changes.append(self._unfolded(current))
        current = changes[-1].alert if changes else current
        if self.judgement.risk < LEAVE_BELOW * ENTER_AT[current.level] and not self.judgement.holds:
            return [*changes, *self._falling(current)]
        return [*changes, *self._refreshed(current)]

    def _rising(self, current: Alert) -> Level | None:
        level = self.judgement.level
        if level is Level.PAGE and current.level is not Level.PAGE and not may_afford_page(self.judgement, self.left):
            level = Level.WARN
        if level is None or LEVELS.index(level) <= LEVELS.index(current.level):
            return None
        return level

    def _risen(self, current: Alert, level: Level) -> AlertChange:
        if self._is_under_stream():
            note = f"{level.value}, under the stream alert"
            alert = self._content(current, level)
            return AlertChange(
                replace(alert, level_since=self.now, repeats=0, steps_done=0, below_since=None),
                ChangeKind.ESCALATED,
                self.now,
                RULE,
                note,
                NOBODY,
            )
        return self._announced(current, level, ChangeKind.ESCALATED, f"{current.level.value} to {level.value}")

    def _unfolded(self, current: Alert) -> AlertChange:
        alert = replace(self._content(current, current.level), folded_into=None)
        alert = replace(alert, next_notice_at=first_notice_at(alert, self.policy, self.now))
        return AlertChange(alert, ChangeKind.UPDATED, self.now, RULE, "no longer under a stream alert")

    def _falling(self, current: Alert) -> list[AlertChange]:
        since = current.below_since
        if since is None:
            alert = replace(self._content(current, current.level), below_since=self.now)
            return [AlertChange(alert, ChangeKind.UPDATED, self.now, RULE, "the risk has fallen", NOBODY)]
        if self.now - since < LEAVE_AFTER:
            return []
        level = self.judgement.level
        if level is None:
            return [self._resolved(current, f"the risk stayed low for {LEAVE_AFTER_HOURS:g} h")]
        alert = replace(self._content(current, level), level_since=self.now, below_since=None)
        alert = replace(alert, acknowledge_by=self._acknowledge_by(alert))
        alert = replace(alert, next_notice_at=first_notice_at(alert, self.policy, self.now))
        note = f"{current.level.value} to {level.value}"
        return [AlertChange(alert, ChangeKind.LOWERED, self.now, RULE, note)]

    def _refreshed(self, current: Alert) -> list[AlertChange]:
        alert = replace(self._content(current, current.level), below_since=None)
        news = news_between(current.reasons, alert.reasons)
        if news:
            is_told = current.state is AlertState.OPEN and current.folded_into is None
            return [AlertChange(alert, ChangeKind.UPDATED, self.now, RULE, news, None if is_told else NOBODY)]
        if is_stale(current, alert):
            return [AlertChange(alert, ChangeKind.UPDATED, self.now, RULE, "", NOBODY)]
        return []

    def _resolved(self, current: Alert, why: str) -> AlertChange:
        alert = replace(
            current,
            version=current.version + 1,
            state=AlertState.RESOLVED,
            risk=self.judgement.risk,
            resolved_at=self.now,
            below_since=None,
            suppressed_until=None,
            suppressed_risk=None,
            folded_into=None,
            next_notice_at=None,
        )
        told = None if current.state in _LIVE and current.folded_into is None else NOBODY
        return AlertChange(alert, ChangeKind.RESOLVED, self.now, RULE, why, told)

    def _announced(self, current: Alert, level: Level, kind: ChangeKind, note: str = "") -> AlertChange:
        alert = replace(
            self._content(current, level),
            state=AlertState.OPEN,
            level_since=self.now,
            resolved_at=None,
            suppressed_until=None,
            suppressed_risk=None,
            below_since=None,
            folded_into=None,
            repeats=0,
            steps_done=0,
        )
        alert = replace(alert, acknowledge_by=self._acknowledge_by(alert))
        if kind is not ChangeKind.ESCALATED and self._is_under_stream() and self.stream_alert is not None:
            alert = replace(alert, folded_into=self.stream_alert.id)
            return AlertChange(alert, kind, self.now, RULE, f"folded into {self.stream_alert.id}", NOBODY)
        alert = replace(alert, next_notice_at=first_notice_at(alert, self.policy, self.now))
        return AlertChange(alert, kind, self.now, RULE, note)

    def _content(self, current: Alert, level: Level) -> Alert:
        judgement, subject = self.judgement, self.subject
        return replace(
            current,
            version=current.version + 1,
            level=level,
            leg=judgement.leg,
            risk=judgement.risk,
            title=judgement.title or current.title,
            visibility=subject.visibility,
            failure=subject.failure,
            owner=subject.owner,
            is_hard=judgement.is_hard,
            reasons=judgement.reasons or current.reasons,
            evidence=subject.evidence,
            versions={"policy": self.policy.reference, "rule": RULE_VERSION, "classifier": subject.classifier},
        )

    def _acknowledge_by(self, alert: Alert) -> datetime | None:
        within = self.policy.acknowledge_within.get(alert.level.value)
        return None if within is None else self.now + within

    def _is_under_stream(self) -> bool:
        stream, subject = self.stream_alert, self.subject
        if stream is None or stream.state not in _LIVE or self.judgement.is_hard:
            return False
        if self.judgement.leg not in (Leg.CASE, Leg.AGEING) or stream.brand != subject.brand:
            return False
        return stream.failure is None or stream.failure == subject.failure


def _unmuted(alert: Alert) -> Alert:
    return replace(alert, version=alert.version + 1, state=AlertState.OPEN, suppressed_until=None, suppressed_risk=None)


def _is_old(alert: Alert, now: datetime) -> bool:
    return alert.resolved_at is None or now - alert.resolved_at > REOPEN_WITHIN
