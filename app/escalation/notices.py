"""Repeats and steps of an alert that nobody has acknowledged. Both are policy fields, and both end.

Repeats go to everybody who was told; a step names one endpoint more. A step `after` zero is the opening itself. Steps
are for pages: they wake people. After a standstill at most one repeat is made up for.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from app.domain.alerts import RULE, Alert, AlertChange, AlertState, ChangeKind, Level
from app.domain.policies import Policy, Step


def due_notices(alert: Alert, policy: Policy, now: datetime) -> list[AlertChange]:
    """What is due at `now`: steps whose time has come, and at most one repeat. `[]` when nothing."""
    if not _is_waiting(alert) or alert.next_notice_at is None or now < alert.next_notice_at:
        return []
    changes: list[AlertChange] = []
    current = alert
    for place, step in enumerate(_steps(alert, policy), start=1):
        if place > current.steps_done and alert.level_since + step.after <= now:
            current = replace(current, version=current.version + 1, steps_done=place)
            note = f"step {place}: not acknowledged after {_minutes(step.after)} min"
            changes.append(AlertChange(current, ChangeKind.REPEATED, now, RULE, note, (step.endpoint,)))
    if _repeat_due(alert, policy, now):
        count = current.repeats + 1
        current = replace(current, version=current.version + 1, repeats=count)
        note = f"repeat {count} of {policy.repeat.most}"
        changes.append(AlertChange(current, ChangeKind.REPEATED, now, RULE, note))
    if not changes:
        return []
    last = replace(current, next_notice_at=_next_at(current, policy, now))
    return [*changes[:-1], replace(changes[-1], alert=last)]


def first_notice_at(alert: Alert, policy: Policy, now: datetime) -> datetime | None:
    """When the first repeat or step of an alert comes that was just announced; `None` = never."""
    return _next_at(alert, policy, now) if _is_waiting(alert) else None


def _is_waiting(alert: Alert) -> bool:
    return alert.state is AlertState.OPEN and alert.folded_into is None


def _steps(alert: Alert, policy: Policy) -> list[Step]:
    if alert.level is not Level.PAGE:
        return []
    return sorted((step for step in policy.steps if step.after > timedelta(0)), key=lambda step: step.after)


def _repeat_due(alert: Alert, policy: Policy, now: datetime) -> bool:
    every = policy.repeat.every.get(alert.level.value)
    if every is None or alert.repeats >= policy.repeat.most:
        return False
    return now >= alert.level_since + every * (alert.repeats + 1)


def _next_at(alert: Alert, policy: Policy, now: datetime) -> datetime | None:
    moments = [alert.level_since + step.after for step in _steps(alert, policy)[alert.steps_done :]]
    every = policy.repeat.every.get(alert.level.value)
    if every is not None and alert.repeats < policy.repeat.most:
        moments.append(max(alert.level_since + every * (alert.repeats + 1), now + every if alert.repeats else now))
    return min(moments, default=None)


def _minutes(length: timedelta) -> str:
    return f"{length.total_seconds() / 60:.0f}"
