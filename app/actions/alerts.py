"""What people do with an alert: take it, hand it on, mute it, end it, and say what it was worth."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from app.domain.access import Principal, Scope
from app.domain.alerts import Alert, AlertState, Feedback
from app.domain.cases import CaseState
from app.domain.clock import Clock
from app.domain.errors import Conflict, NotFound
from app.domain.policies import Policy
from app.escalation.alerts import act
from app.escalation.following import answered_elsewhere, close, reopen
from app.pipeline.watching import Watching
from app.storage import alerts, cases, reads_feed, trends
from app.storage.cases import Followed
from app.storage.database import Database, Transaction, now_of
from app.storage.trends import BucketCounts, answer_key

ALERT_ACTIONS: Final = ("acknowledge", "assign", "note", "resolve", "suppress", "reopen", "label")


@dataclass(frozen=True, slots=True)
class Acting:
    """What an action needs: where alerts live, the event clock, the address that messages link to, who is woken."""

    database: Database
    clock: Clock
    public_url: str = ""
    wake: Callable[[], None] = lambda: None
    """Called after the commit, so that a delivery does not wait for the next tick."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One action of `ALERT_ACTIONS` with what it takes: suppress `reason` and `until`, assign `assignee`, label
    `feedback`, note `note`; a note may go with any.
    """

    action: str
    note: str = ""
    reason: str = ""
    until: datetime | None = None
    assignee: str | None = None
    feedback: str | None = None


def act_on_alert(acting: Acting, principal: Principal, alert_id: str, wish: Wish) -> Alert:
    """Do it, record who did, tell whom it concerns, and return the alert as it is now.

    Raises `NotFound` for an alert that the principal may not see, `Forbidden` without the write scope, `Conflict` with
    the allowed actions where the state does not allow it, `Refused` where something is missing or makes no sense.
    """
    principal.require(Scope.WRITE)
    with acting.database.write() as tx:
        found = _load(tx, alert_id, principal)
        if wish.action == "reopen":
            _require_no_other(tx, found)
        watching = Watching.load(tx, public_url=acting.public_url, classifier="")
        change = act(
            found,
            wish.action,
            actor=principal.name,
            now=acting.clock.now(),
            policy=watching.policy_of(found.brand),
            note=wish.note,
            until=wish.until,
            reason=wish.reason,
            assignee=wish.assignee,
            feedback=wish.feedback,
        )
        alerts.save_changes(tx, [change], watching.announcing(), now_of(tx))
        if found.case is not None:
            _settle_case(tx, found.case, wish, watching.policy_of(found.brand), change.at)
        after = _load(tx, alert_id, principal)
    acting.wake()
    return after


def _require_no_other(tx: Transaction, found: Alert) -> None:
    """An alert that was resolved long ago stays so while a newer one of the same matter lives."""
    if found.state is not AlertState.RESOLVED:
        return
    living = alerts.live_of_group(tx, found.group)
    if living is not None:
        message = f"It goes on in a newer alert, {living.id}, which is {living.state.value}: act on that one."
        raise Conflict(message, allowed=["note", "label"])


def _settle_case(tx: Transaction, case_id: str, wish: Wish, policy: Policy, at: datetime) -> None:
    """What an action on the alert means for its case: a resolution ends it, a reopening starts its clock anew."""
    if wish.feedback == Feedback.ANSWERED_ELSEWHERE:
        _stop_clock(tx, case_id, at)
        return
    for found in cases.by_ids(tx, [case_id]).values():
        if wish.action == "resolve" and found.case.state is not CaseState.CLOSED:
            cases.save(tx, [replace(found, case=close(found.case, at=at))])
        elif wish.action == "reopen" and found.case.state is CaseState.CLOSED:
            cases.save(tx, [replace(found, case=reopen(found.case, policy, at=at))])


def _stop_clock(tx: Transaction, case_id: str, at: datetime) -> None:
    for found in cases.by_ids(tx, [case_id]).values():
        stopped = answered_elsewhere(found.case, at=at)
        if stopped is found.case:
            continue
        cases.save(tx, [replace(found, case=stopped, first_answered_at=found.first_answered_at or at)])
        if found.first_answered_at is None:
            _count_first_answer(tx, found, at)


def _count_first_answer(tx: Transaction, found: Followed, at: datetime) -> None:
    moved: BucketCounts = BucketCounts({answer_key(found, "no"): -1, answer_key(found, "yes"): 1})
    trends.add(tx, moved, trends.next_revision(tx, now_of(tx)))


def _load(tx: Transaction, alert_id: str, principal: Principal) -> Alert:
    reads_feed.lock_alert(tx, alert_id)
    found = reads_feed.alerts_of(tx, [alert_id], sight=principal.sight).get(alert_id)
    if found is None:
        message = f"There is no alert {alert_id}."
        raise NotFound(message)
    return found
