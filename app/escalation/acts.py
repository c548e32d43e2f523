"""What a person does to an alert: acknowledge, assign, note, resolve, suppress, reopen, label."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final, TypedDict, Unpack

from app.domain.alerts import ACTIONS, Alert, AlertChange, AlertState, ChangeKind, Feedback
from app.domain.errors import Conflict, UsageError
from app.domain.policies import Policy
from app.escalation.notices import first_notice_at


class Details(TypedDict, total=False):
    """What an action may carry: `until` for suppress, `assignee` for assign, `feedback` for label and resolve."""

    note: str
    until: datetime | None
    reason: str
    assignee: str | None
    feedback: str | None


def act(
    alert: Alert, action: str, *, actor: str, now: datetime, policy: Policy, **details: Unpack[Details]
) -> AlertChange:
    """The change that a person makes.

    Raises `Conflict` naming what the state allows, and `UsageError` when the action lacks what it needs.
    """
    allowed = ACTIONS[alert.state]
    if action not in allowed:
        names = ", ".join(allowed)
        raise Conflict(f"An alert that is {alert.state.value} cannot {action}; it can: {names}.", allowed=allowed)
    feedback = _feedback(details.get("feedback"))
    changed, kind = _ACTS[action](replace(alert, version=alert.version + 1), actor, now, details)
    if feedback is not None:
        changed = replace(changed, feedback=feedback)
    if action == "reopen":
        changed = _restarted(changed, policy, now)
    return AlertChange(changed, kind, now, actor, details.get("note") or details.get("reason") or "")


def _acknowledge(alert: Alert, actor: str, now: datetime, details: Details) -> tuple[Alert, ChangeKind]:
    assignee = alert.assignee or actor
    acknowledged = replace(alert, state=AlertState.ACKNOWLEDGED, assignee=assignee, next_notice_at=None)
    return acknowledged, ChangeKind.ACKNOWLEDGED


def _assign(alert: Alert, actor: str, now: datetime, details: Details) -> tuple[Alert, ChangeKind]:
    assignee = (details.get("assignee") or "").strip()
    if not assignee:
        raise UsageError("Say to whom: assign needs `assignee`.")
    return replace(alert, assignee=assignee), ChangeKind.ASSIGNED


def _note(alert: Alert, actor: str, now: datetime, details: Details) -> tuple[Alert, ChangeKind]:
    if not details.get("note", "").strip():
        raise UsageError("An empty note says nothing: note needs `note`.")
    return alert, ChangeKind.NOTED


def _resolve(alert: Alert, actor: str, now: datetime, details: Details) -> tuple[Alert, ChangeKind]:
    resolved = replace(
        alert,
        state=AlertState.RESOLVED,
        resolved_at=now,
        below_since=None,
        suppressed_until=None,
        suppressed_risk=None,
        folded_into=None,
        next_notice_at=None,
    )
    return resolved, ChangeKind.RESOLVED


def _suppress(alert: Alert, actor: str, now: datetime, details: Details) -> tuple[Alert, ChangeKind]:
    until = details.get("until")
    if until is None or until <= now:
        raise UsageError("Say until when: suppress needs `until`, in the future.")
    if not details.get("reason", "").strip():
        raise UsageError("Say why: suppress needs a `reason`.")
    muted = replace(
        alert,
        state=AlertState.SUPPRESSED,
        suppressed_until=until,
        suppressed_risk=alert.risk,
        next_notice_at=None,
    )
    return muted, ChangeKind.SUPPRESSED


def _reopen(alert: Alert, actor: str, now: datetime, details: Details) -> tuple[Alert, ChangeKind]:
    opened = replace(
        alert,
        state=AlertState.OPEN,
        level_since=now,
        resolved_at=None,
        suppressed_until=None,
        suppressed_risk=None,
        repeats=0,
        steps_done=0,
    )
    return opened, ChangeKind.REOPENED


def _label(alert: Alert, actor: str, now: datetime, details: Details) -> tuple[Alert, ChangeKind]:
    if details.get("feedback") is None:
        raise UsageError(f"Say which: label needs `feedback`, one of {_FEEDBACKS}.")
    return alert, ChangeKind.LABELLED


_ACTS: Final[dict[str, Callable[[Alert, str, datetime, Details], tuple[Alert, ChangeKind]]]] = {
    "acknowledge": _acknowledge,
    "assign": _assign,
    "note": _note,
    "resolve": _resolve,
    "suppress": _suppress,
    "reopen": _reopen,
    "label": _label,
}
_FEEDBACKS: Final = ", ".join(Feedback)


def _feedback(value: str | None) -> str | None:
    if value is None:
        return None
    if value not in frozenset(Feedback):
        raise UsageError(f"“{value}” is no feedback; it is one of {_FEEDBACKS}.")
    return value


def _restarted(alert: Alert, policy: Policy, now: datetime) -> Alert:
    within = policy.acknowledge_within.get(alert.level.value)
    timed = replace(alert, acknowledge_by=None if within is None else now + within)
    return replace(timed, next_notice_at=first_notice_at(timed, policy, now))
