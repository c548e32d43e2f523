"""What people do with an alert: take it, hand it on, mute it, end it, and say what it was worth."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from app.domain.access import Principal, Scope
from app.domain.alerts import Alert, Feedback
from app.domain.cases import CaseState
from app.domain.clock import Clock, floor_hour
from app.domain.errors import NotFound
from app.domain.policies import Policy
from app.domain.trends import BucketKey
from app.escalation.alerts import act
from app.escalation.following import close, reopen
from app.storage import alerts, cases, configuration, reads_feed, trends
from app.storage.alerts import Announcing
from app.storage.cases import Followed
from app.storage.database import Database, Transaction
from app.storage.trends import BucketCounts

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
        announcing = announcing_of(tx, public_url=acting.public_url)
        change = act(
            found,
            wish.action,
            actor=principal.name,
            now=acting.clock.now(),
            policy=announcing.policies.get(found.brand, Policy()),
            note=wish.note,
            until=wish.until,
            reason=wish.reason,
            assignee=wish.assignee,
            feedback=wish.feedback,
        )
        alerts.save_changes(tx, [change], announcing, acting.database.now())
        if found.case is not None:
            _settle_case(tx, found.case, wish, announcing.policies.get(found.brand, Policy()), change.at)
        after = _load(tx, alert_id, principal)
    acting.wake()
    return after


def announcing_of(tx: Transaction, *, public_url: str) -> Announcing:
    """Whom a change is told to: the endpoints, and the policy of each brand."""
    policies = configuration.load_policies(tx)
    by_brand: Mapping[str, Policy] = {
        slug: policies[brand.policy]
        for slug, brand in configuration.load_brands(tx).items()
        if brand.policy in policies
    }
    return Announcing(endpoints=configuration.load_endpoints(tx), policies=by_brand, public_url=public_url)


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
    """A person says that the brand has answered where we cannot see it; the next tick judges the case anew."""
    for found in cases.by_ids(tx, [case_id]).values():
        if found.case.state in (CaseState.ANSWERED, CaseState.CLOSED):
            continue
        stopped = replace(
            found.case, state=CaseState.ANSWERED, answered_at=at, clock_from=None, due_at=None, next_eval_at=at
        )
        cases.save(tx, [replace(found, case=stopped, first_answered_at=found.first_answered_at or at)])
        if found.first_answered_at is None:
            _count_first_answer(tx, found, at)


def _count_first_answer(tx: Transaction, found: Followed, at: datetime) -> None:
    case = found.case
    key = BucketKey(case.brand, case.source, found.language, floor_hour(case.opened_at), "answered", "no")
    moved: BucketCounts = BucketCounts({(key, found.visibility): -1, (replace(key, value="yes"), found.visibility): 1})
    trends.add(tx, moved, trends.next_revision(tx, at))


def _load(tx: Transaction, alert_id: str, principal: Principal) -> Alert:
    reads_feed.lock_alert(tx, alert_id)
    found = reads_feed.alerts_of(tx, [alert_id], sight=principal.sight).get(alert_id)
    if found is None:
        message = f"There is no alert {alert_id}."
        raise NotFound(message)
    return found
