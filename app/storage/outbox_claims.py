"""The outbox, sent: claims by lease, fenced results, digests of what was held back, endpoints that are disabled.

A claim and a result are each a short transaction of their own; the sending lies between them, outside any.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    case,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from app.domain.alerts import Delivery, Level, Outcome, OutcomeKind
from app.domain.errors import NotFound
from app.domain.ids import new_id
from app.domain.messages import digest_body, loudest
from app.storage.tables import attempt, delivery, endpoint

LEASE: Final = timedelta(seconds=60)
"""Three times the request's total deadline: who holds a delivery longer is dead (RELIABILITY, T3)."""

PER_ENDPOINT: Final = 4
"""In flight at most for one endpoint, so that one which hangs cannot fill a batch; the last place is kept for pages."""

MAX_ERROR: Final = 500

_PENDING: Final = delivery.c.state == literal_column("'pending'")
"""A literal, not a parameter: only so do the databases use the partial index of what is pending."""


def is_anything_due(tx: Connection, now: datetime) -> bool:
    """Whether a claim would bring something; a read, so that an idle dispatcher takes no write lock."""
    waits = (_is_free(now), _waits_for_digest())
    looks = (select(delivery.c.id).where(which, delivery.c.due_at <= now).limit(1) for which in waits)
    return any(tx.execute(look).first() is not None for look in looks)


def claim_due(
    tx: Connection, *, now: datetime, limit: int, per_endpoint: int = PER_ENDPOINT, lease: timedelta = LEASE
) -> list[Delivery]:
    """Lease up to `limit` deliveries that are due, pages first, then the longest due.

    On the way, digests that are due become deliveries, and what waits for a disabled endpoint is dead-lettered.
    """
    _release_digests(tx, now)
    _bury_disabled(tx, now, due_by=now)
    ids = list(tx.execute(_candidates(now, limit, per_endpoint)).scalars())
    if not ids:
        return []
    lock = select(delivery.c.id).where(delivery.c.id.in_(ids), _is_free(now)).with_for_update(skip_locked=True)
    locked = list(tx.execute(lock).scalars())
    token = new_id()
    leased = (
        update(delivery)
        .where(delivery.c.id.in_(locked))
        .values(lease_until=now + lease, lease_token=token)
        .returning(*delivery.c)
    )
    order = {id_: place for place, id_ in enumerate(ids)}
    return sorted((_delivery(row) for row in tx.execute(leased)), key=lambda claimed: order[claimed.id])


def finish(tx: Connection, claimed: Delivery, outcome: Outcome, *, now: datetime, next_at: datetime | None) -> bool:
    """Store the attempt; then free the delivery for `next_at`, or close it as delivered or dead.

    Returns false where the lease went to another worker meanwhile: the attempt is kept, the delivery is not touched.
    """
    found = tx.execute(
        select(delivery.c.lease_token, delivery.c.state).where(delivery.c.id == claimed.id).with_for_update()
    ).first()
    if found is None:
        return False
    _store_attempt(tx, claimed, outcome, now)
    _note_health(tx, claimed.endpoint, is_well=outcome.kind is OutcomeKind.DELIVERED, now=now)
    if found.lease_token != claimed.lease_token or found.state != "pending":
        return False
    closed = "delivered" if outcome.kind is OutcomeKind.DELIVERED else "dead"
    again = next_at is not None and closed == "dead"
    values = {"due_at": next_at} if again else {"state": closed, "finished_at": now}
    tx.execute(
        update(delivery)
        .where(delivery.c.id == claimed.id)
        .values(attempts=delivery.c.attempts + 1, lease_until=None, lease_token=None, **values)
    )
    return True


def failing_since(tx: Connection, name: str) -> datetime | None:
    """Since when an endpoint has failed without one success."""
    return tx.execute(select(endpoint.c.failing_since).where(endpoint.c.name == name)).scalar()


def disable_endpoint(tx: Connection, name: str, *, why: str, now: datetime) -> bool:
    """Send nothing more there and dead-letter what waits. False where it was disabled before."""
    statement = (
        update(endpoint)
        .where(endpoint.c.name == name, endpoint.c.disabled_at.is_(None))
        .values(disabled_at=now, disabled_why=why[:MAX_ERROR])
    )
    is_news = tx.execute(statement).rowcount > 0
    _bury_disabled(tx, now)
    return is_news


def enable_endpoint(tx: Connection, name: str) -> bool:
    """Send there again; the dead letters stay until they are replayed. False where it was not disabled.

    Raises `NotFound` where there is no such endpoint.
    """
    known = sorted(tx.execute(select(endpoint.c.name)).scalars())
    if name not in known:
        message = f"There is no endpoint {name!r}; there are: {', '.join(known) or 'none'}."
        raise NotFound(message)
    statement = (
        update(endpoint)
        .where(endpoint.c.name == name, endpoint.c.disabled_at.is_not(None))
        .values(disabled_at=None, disabled_why=None, failing_since=None)
    )
    return tx.execute(statement).rowcount > 0


def _is_free(now: datetime) -> ColumnElement[bool]:
    unleased = or_(delivery.c.lease_until.is_(None), delivery.c.lease_until <= now)
    return and_(_PENDING, unleased)


def _waits_for_digest() -> ColumnElement[bool]:
    return and_(delivery.c.state == "held", delivery.c.finished_at.is_(None))


def _candidates(now: datetime, limit: int, per_endpoint: int) -> Select[str]:
    """Ids that may be claimed: ranked within their endpoint, counted together with what it has in flight."""
    urgency = case((delivery.c.level == Level.PAGE.value, 0), else_=1).label("urgency")
    # What is in flight was due before. Materialised, or SQLite walks the whole table in the order of endpoints.
    due = (
        select(delivery.c.id, delivery.c.endpoint, delivery.c.due_at, delivery.c.lease_until, urgency)
        .where(_PENDING, delivery.c.due_at <= now)
        .cte("due")
        .prefix_with("MATERIALIZED")
    )
    order = (due.c.urgency, due.c.due_at, due.c.id)
    place = func.row_number().over(partition_by=due.c.endpoint, order_by=order).label("place")
    is_busy = due.c.lease_until > now
    free = or_(due.c.lease_until.is_(None), due.c.lease_until <= now)
    ranked = select(due.c.id, due.c.endpoint, due.c.due_at, due.c.urgency, place).where(free).subquery()
    counted = select(due.c.endpoint, func.count().label("n")).where(is_busy)
    busy = counted.group_by(due.c.endpoint).subquery()
    places = case((ranked.c.urgency == 0, per_endpoint), else_=max(1, per_endpoint - 1))
    return (
        select(ranked.c.id)
        .join(busy, busy.c.endpoint == ranked.c.endpoint, isouter=True)
        .where(ranked.c.place + func.coalesce(busy.c.n, 0) <= places)
        .order_by(ranked.c.urgency, ranked.c.due_at, ranked.c.id)
        .limit(limit)
    )


def _release_digests(tx: Connection, now: datetime) -> None:
    """Where an endpoint's digest is due, the loudest held message carries all of them; the others are closed."""
    due = select(delivery.c.endpoint).where(_waits_for_digest(), delivery.c.due_at <= now).distinct()
    for name in list(tx.execute(due).scalars()):
        held = (
            select(delivery.c.id, delivery.c.body)
            .where(_waits_for_digest(), delivery.c.endpoint == name)
            .order_by(delivery.c.change)
            .with_for_update(skip_locked=True)
        )
        rows = tx.execute(held).all()
        if rows:
            _release(tx, [row.id for row in rows], [row.body for row in rows], now)


def _release(tx: Connection, ids: Sequence[str], bodies: Sequence[bytes], now: datetime) -> None:
    lead = ids[loudest(bodies)]
    body = bodies[0] if len(bodies) == 1 else digest_body(bodies)
    tx.execute(update(delivery).where(delivery.c.id == lead).values(state="pending", body=body, due_at=now))
    tx.execute(update(delivery).where(delivery.c.id.in_(ids), delivery.c.id != lead).values(finished_at=now))


def _bury_disabled(tx: Connection, now: datetime, *, due_by: datetime | None = None) -> None:
    disabled = list(tx.execute(select(endpoint.c.name).where(endpoint.c.disabled_at.is_not(None))).scalars())
    if not disabled:
        return
    waiting = update(delivery).where(_is_free(now), delivery.c.endpoint.in_(disabled))
    if due_by is not None:
        waiting = waiting.where(delivery.c.due_at <= due_by)
    tx.execute(waiting.values(state="dead", finished_at=now, lease_until=None, lease_token=None))


def _store_attempt(tx: Connection, claimed: Delivery, outcome: Outcome, now: datetime) -> None:
    # Counted from the rows: a replayed delivery starts its schedule anew and keeps its history.
    last = select(func.coalesce(func.max(attempt.c.n), 0)).where(attempt.c.delivery_id == claimed.id)
    values = {
        "delivery_id": claimed.id,
        "n": tx.execute(last).scalar_one() + 1,
        "at": now,
        "outcome": outcome.kind.value,
        "status": outcome.status,
        "error": None if outcome.error is None else outcome.error[:MAX_ERROR],
        "milliseconds": round(outcome.took.total_seconds() * 1000),
    }
    tx.execute(insert(attempt).values(values))


def _note_health(tx: Connection, name: str, *, is_well: bool, now: datetime) -> None:
    since = endpoint.c.failing_since
    changes = since.is_not(None) if is_well else since.is_(None)
    statement = update(endpoint).where(endpoint.c.name == name, changes)
    tx.execute(statement.values(failing_since=None if is_well else now))


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        endpoint=row.endpoint,
        alert=row.alert_id,
        level=row.level,
        body=row.body,
        attempts=row.attempts,
        due_at=row.due_at,
        created_at=row.created_at,
        lease_token=row.lease_token,
    )
