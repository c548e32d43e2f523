"""The outbox, looked after: dead letters, their attempts, replay under the same webhook-id, and how full it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, case, func, select, update

from app.domain.alerts import OutcomeKind
from app.domain.errors import Conflict, NotFound
from app.storage.tables import attempt, delivery, endpoint

REPLAYABLE: Final = ("dead", "delivered")


@dataclass(frozen=True, slots=True)
class StoredAttempt:
    """One try of a delivery, kept with what it brought."""

    n: int
    at: datetime
    outcome: OutcomeKind
    status: int | None
    error: str | None
    took: timedelta


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A delivery that was given up, and why."""

    id: str
    endpoint: str
    alert: str
    level: str
    event_at: datetime
    died_at: datetime
    attempts: tuple[StoredAttempt, ...]

    @property
    def why(self) -> str:
        """The last error, or that nothing was tried."""
        last = self.attempts[-1].error if self.attempts else None
        return last or "never tried: the endpoint was disabled"


@dataclass(frozen=True, slots=True)
class OutboxStats:
    """How full the outbox is; `oldest_due` is how long the longest due delivery has waited."""

    pending: int
    due: int
    in_flight: int
    held: int
    delivered: int
    dead: int
    oldest_due: timedelta | None


def attempts_of(tx: Connection, delivery_ids: Sequence[str]) -> Mapping[str, tuple[StoredAttempt, ...]]:
    """The attempts of each delivery, oldest first."""
    query = select(attempt).where(attempt.c.delivery_id.in_(delivery_ids)).order_by(attempt.c.n)
    found: dict[str, list[StoredAttempt]] = {}
    for row in tx.execute(query):
        took = timedelta(milliseconds=row.milliseconds)
        stored = StoredAttempt(row.n, row.at, OutcomeKind(row.outcome), row.status, row.error, took)
        found.setdefault(row.delivery_id, []).append(stored)
    return {id_: tuple(tries) for id_, tries in found.items()}


def dead_letters(tx: Connection, *, limit: int, name: str | None = None) -> list[DeadLetter]:
    """The deliveries that were given up, newest first; of one endpoint where it is named."""
    query = select(delivery).where(delivery.c.state == "dead")
    if name is not None:
        query = query.where(delivery.c.endpoint == name)
    rows = tx.execute(query.order_by(delivery.c.finished_at.desc(), delivery.c.id.desc()).limit(limit)).all()
    tries = attempts_of(tx, [row.id for row in rows])
    return [
        DeadLetter(
            id=row.id,
            endpoint=row.endpoint,
            alert=row.alert_id,
            level=row.level,
            event_at=row.event_at,
            died_at=row.finished_at,
            attempts=tries.get(row.id, ()),
        )
        for row in rows
    ]


def replay(tx: Connection, ids: Sequence[str], *, now: datetime) -> int:
    """Send these deliveries again, under the same webhook-ids and with the same bodies. Returns how many.

    Raises `NotFound` where one is unknown, `Conflict` where one is not finished or its endpoint is disabled.
    """
    query = select(delivery.c.id, delivery.c.state).where(delivery.c.id.in_(ids))
    states: dict[str, str] = {row.id: row.state for row in tx.execute(query)}
    unknown = sorted(set(ids) - set(states))
    if unknown:
        message = f"There is no delivery {', '.join(unknown[:3])}: copy the webhook-id from the dead letters."
        raise NotFound(message)
    unfinished = sorted(id_ for id_, state in states.items() if state not in REPLAYABLE)
    if unfinished:
        message = f"Delivery {unfinished[0]} is {states[unfinished[0]]}: only a delivered or dead one is replayed."
        raise Conflict(message, allowed=REPLAYABLE)
    return _send_again(tx, delivery.c.id.in_(ids), now)


def replay_dead(
    tx: Connection,
    *,
    now: datetime,
    name: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> int:
    """Send dead letters again: all, those of one endpoint, those of a range of event time (`since` <= at < `until`).

    Raises `Conflict` where an endpoint among them is disabled.
    """
    return _send_again(tx, and_(delivery.c.state == "dead", *_within(name, since, until)), now)


def replay_range(tx: Connection, *, name: str, since: datetime, until: datetime, now: datetime) -> int:
    """Send everything again that one endpoint was sent in a range of event time: for a receiver that lost its data.

    Raises `Conflict` where the endpoint is disabled.
    """
    return _send_again(tx, and_(delivery.c.state.in_(REPLAYABLE), *_within(name, since, until)), now)


def stats(tx: Connection, now: datetime) -> OutboxStats:
    """Counts by state, and how far the sending lags."""
    by_state = select(delivery.c.state, func.count().label("n")).group_by(delivery.c.state)
    counts: dict[str, int] = {row.state: row.n for row in tx.execute(by_state)}
    waiting = and_(delivery.c.state == "held", delivery.c.finished_at.is_(None))
    held = tx.execute(select(func.count()).select_from(delivery).where(waiting)).scalar_one()
    leased = delivery.c.lease_until > now
    is_due = and_(delivery.c.due_at <= now, func.coalesce(delivery.c.lease_until, now) <= now)
    row = tx.execute(
        select(
            func.count(case((is_due, 1))).label("due"),
            func.count(case((leased, 1))).label("in_flight"),
            func.min(case((is_due, delivery.c.due_at))).label("oldest"),
        ).where(delivery.c.state == "pending")
    ).one()
    return OutboxStats(
        pending=counts.get("pending", 0),
        due=row.due,
        in_flight=row.in_flight,
        held=held,
        delivered=counts.get("delivered", 0),
        dead=counts.get("dead", 0),
        oldest_due=None if row.oldest is None else now - row.oldest,
    )


def _within(name: str | None, since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    conditions = []
    if name is not None:
        conditions.append(delivery.c.endpoint == name)
    if since is not None:
        conditions.append(delivery.c.event_at >= since)
    if until is not None:
        conditions.append(delivery.c.event_at < until)
    return conditions


def _send_again(tx: Connection, chosen: ColumnElement[bool], now: datetime) -> int:
    disabled = (
        select(endpoint.c.name)
        .where(endpoint.c.disabled_at.is_not(None))
        .where(endpoint.c.name.in_(select(delivery.c.endpoint).where(chosen)))
        .order_by(endpoint.c.name)
        .limit(1)
    )
    blocked = tx.execute(disabled).scalar()
    if blocked is not None:
        message = f"The endpoint {blocked} is disabled: enable it first, then replay."
        raise Conflict(message, allowed=("enable",))
    again = (
        update(delivery)
        .where(chosen)
        .values(state="pending", due_at=now, attempts=0, lease_until=None, lease_token=None, finished_at=None)
    )
    return tx.execute(again).rowcount
