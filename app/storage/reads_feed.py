"""Reads of alerts: the feed, one alert's history, its deliveries, and the changes that the live stream hands out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, case, func, or_, select

from app.domain.access import Sight
from app.domain.alerts import LEVELS, Alert, AlertState
from app.storage import leases
from app.storage import tables as t
from app.storage.reads_rows import alert_of, seen_by

_MOST_CHANGES: Final = 500
_MOST_DELIVERIES: Final = 200


@dataclass(frozen=True, slots=True)
class AlertFilters:
    """What to list. `owner` `""` = alerts that nobody owns; folded alerts are listed only with `folded`."""

    brand: str | None = None
    state: str | None = None
    level: str | None = None
    failure: str | None = None
    owner: str | None = None
    leg: str | None = None
    case: str | None = None
    folded: bool = False


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One line of an alert's history: what happened, who did it, and where the alert stood after it."""

    sequence: int
    alert: str
    version: int
    kind: str
    at: datetime
    actor: str
    note: str
    level: str
    state: str
    risk: float


@dataclass(frozen=True, slots=True)
class LiveChange:
    """A change as the live stream tells it, with what a listener needs to decide whether to fetch the alert."""

    change: ChangeView
    brand: str
    leg: str
    title: str
    owner: str | None


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One try to send a delivery."""

    n: int
    at: datetime
    outcome: str
    status: int | None
    error: str | None
    milliseconds: int


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """One message to one endpoint, with every try; `id` is the webhook-id."""

    id: str
    alert: str
    change: int
    kind: str
    endpoint: str
    level: str
    state: str
    event_at: datetime
    created_at: datetime
    due_at: datetime
    finished_at: datetime | None
    attempts: tuple[AttemptView, ...] = ()


@dataclass(frozen=True, slots=True)
class DeliveryFilters:
    """What to list; `state` is pending, delivered, dead, held or cancelled."""

    endpoint: str | None = None
    state: str | None = None
    alert: str | None = None
    brand: str | None = None


def list_alerts(
    tx: Connection,
    filters: AlertFilters,
    *,
    sight: Sight,
    gravest_first: bool,
    after: tuple[int, int] | None,
    limit: int,
) -> list[tuple[int, Alert]]:
    """Alerts with the rank of their level, the last changed first, or page before warn before watch.

    `after` is the (rank, sequence) of the last one seen; the rank counts only with `gravest_first`.
    """
    alert = t.alert
    query = select(alert, _rank().label("rank")).where(seen_by(sight, alert), *_conditions(filters))
    if after is not None:
        rank, sequence = after
        later = alert.c.sequence < sequence
        query = query.where(or_(_rank() < rank, and_(_rank() == rank, later)) if gravest_first else later)
    order = (_rank().desc(), alert.c.sequence.desc()) if gravest_first else (alert.c.sequence.desc(),)
    rows = tx.execute(query.order_by(*order).limit(limit))
    return [(row.rank, alert_of(row._mapping)) for row in rows]


def alerts_of(tx: Connection, ids: Iterable[str], *, sight: Sight) -> dict[str, Alert]:
    """Alerts by id; those that may not be seen are missing."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    query = select(t.alert).where(t.alert.c.id.in_(wanted), seen_by(sight, t.alert))
    return {row.id: alert_of(row._mapping) for row in tx.execute(query)}


def lock_alert(tx: Connection, alert_id: str) -> None:
    """Hold an alert until the transaction ends, so that two people's actions come one after the other."""
    # The same lock as everybody else who writes alerts, and first: a row alone would be locked in another order.
    leases.one_at_a_time(tx)
    tx.execute(select(t.alert.c.id).where(t.alert.c.id == alert_id).with_for_update())


def folded_counts(tx: Connection, ids: Iterable[str]) -> dict[str, int]:
    """How many alerts were folded into each of these."""
    wanted = sorted(set(ids))
    alert = t.alert
    query = select(alert.c.folded_into, func.count()).where(alert.c.folded_into.in_(wanted))
    rows = tx.execute(query.group_by(alert.c.folded_into)).all() if wanted else []
    return {row[0]: row[1] for row in rows}


def folded_in(tx: Connection, alert: str, *, sight: Sight, limit: int = 50) -> list[Alert]:
    """The alerts that this one stands for, the last changed first."""
    query = select(t.alert).where(t.alert.c.folded_into == alert, seen_by(sight, t.alert))
    rows = tx.execute(query.order_by(t.alert.c.sequence.desc()).limit(limit))
    return [alert_of(row._mapping) for row in rows]


def counts_by(tx: Connection, *, brand: str | None, sight: Sight) -> list[tuple[str, str, str | None, str | None, int]]:
    """(state, level, failure, owner, count) of the alerts that are not folded."""
    alert = t.alert
    columns = (alert.c.state, alert.c.level, alert.c.failure, alert.c.owner)
    query = select(*columns, func.count()).where(seen_by(sight, alert), *_conditions(AlertFilters(brand=brand)))
    return [(row[0], row[1], row[2], row[3], row[4]) for row in tx.execute(query.group_by(*columns))]


def timeline(tx: Connection, alert: str) -> list[ChangeView]:
    """Every change of an alert, the newest first."""
    change = t.alert_change
    query = select(change).where(change.c.alert_id == alert).order_by(change.c.sequence.desc()).limit(_MOST_CHANGES)
    return [_change(row) for row in tx.execute(query)]


def changes_after(tx: Connection, sequence: int, *, sight: Sight, limit: int) -> list[LiveChange]:
    """Changes of the alerts that may be seen, in the order they were committed."""
    change, alert = t.alert_change, t.alert
    query = select(change, alert.c.brand, alert.c.leg, alert.c.title, alert.c.owner)
    query = query.join(alert, alert.c.id == change.c.alert_id)
    query = query.where(change.c.sequence > sequence, seen_by(sight, alert)).order_by(change.c.sequence).limit(limit)
    return [LiveChange(_change(row), row.brand, row.leg, row.title, row.owner) for row in tx.execute(query)]


def last_sequence(tx: Connection) -> int:
    """The sequence of the newest change; 0 before the first."""
    return tx.execute(select(func.max(t.alert_change.c.sequence))).scalar() or 0


def list_deliveries(
    tx: Connection, filters: DeliveryFilters, *, sight: Sight, before: str | None = None, limit: int = _MOST_DELIVERIES
) -> list[DeliveryView]:
    """Newest first, each with its attempts; `before` is the id of the last one seen."""
    delivery, change, alert = t.delivery, t.alert_change, t.alert
    query = select(delivery, change.c.kind).select_from(
        delivery.join(alert, alert.c.id == delivery.c.alert_id).outerjoin(
            change, change.c.sequence == delivery.c.change
        )
    )
    query = query.where(seen_by(sight, alert))
    wanted: list[tuple[Any, str | None]] = [
        (delivery.c.endpoint, filters.endpoint),
        (delivery.c.state, filters.state),
        (delivery.c.alert_id, filters.alert),
        (alert.c.brand, filters.brand),
    ]
    query = query.where(*(column == value for column, value in wanted if value is not None))
    if before is not None:
        query = query.where(delivery.c.id < before)
    rows = tx.execute(query.order_by(delivery.c.id.desc()).limit(limit)).all()
    tries = attempts_of(tx, [row.id for row in rows])
    return [_delivery(row, tries.get(row.id, ())) for row in rows]


def attempts_of(tx: Connection, deliveries: Sequence[str]) -> dict[str, tuple[AttemptView, ...]]:
    """Every try of these deliveries, the first one first."""
    if not deliveries:
        return {}
    attempt = t.attempt
    query = select(attempt).where(attempt.c.delivery_id.in_(deliveries)).order_by(attempt.c.delivery_id, attempt.c.n)
    found: dict[str, tuple[AttemptView, ...]] = {}
    for row in tx.execute(query):
        view = AttemptView(row.n, row.at, row.outcome, row.status, row.error, row.milliseconds)
        found[row.delivery_id] = (*found.get(row.delivery_id, ()), view)
    return found


def delivery_brand(tx: Connection, delivery: str, *, sight: Sight) -> str | None:
    """The brand of a delivery that may be seen; `None` where there is none."""
    query = select(t.alert.c.brand).join(t.delivery, t.delivery.c.alert_id == t.alert.c.id)
    brand: str | None = tx.execute(query.where(t.delivery.c.id == delivery, seen_by(sight, t.alert))).scalar()
    return brand


def _rank() -> ColumnElement[int]:
    return case({level.value: rank for rank, level in enumerate(LEVELS)}, value=t.alert.c.level, else_=0)


def _conditions(filters: AlertFilters) -> list[ColumnElement[bool]]:
    alert = t.alert
    wanted: Mapping[str, str | None] = {
        "brand": filters.brand,
        "state": filters.state,
        "level": filters.level,
        "failure": filters.failure,
        "leg": filters.leg,
        "case_id": filters.case,
    }
    conditions = [alert.c[name] == value for name, value in wanted.items() if value is not None]
    if filters.owner is not None:
        conditions.append(alert.c.owner == filters.owner if filters.owner else alert.c.owner.is_(None))
    if not filters.folded:
        # A folded alert is told by its parent, until that is over.
        conditions.append(or_(alert.c.folded_into.is_(None), alert.c.state == AlertState.RESOLVED.value))
    return conditions


def _delivery(row: Row[Any], attempts: tuple[AttemptView, ...]) -> DeliveryView:
    return DeliveryView(
        id=row.id,
        alert=row.alert_id,
        change=row.change,
        kind=row.kind or "",
        endpoint=row.endpoint,
        level=row.level,
        state=row.state,
        event_at=row.event_at,
        created_at=row.created_at,
        due_at=row.due_at,
        finished_at=row.finished_at,
        attempts=attempts,
    )


def _change(row: Row[Any]) -> ChangeView:
    return ChangeView(
        sequence=row.sequence,
        alert=row.alert_id,
        version=row.version,
        kind=row.kind,
        at=row.at,
        actor=row.actor,
        note=row.note,
        level=row.level,
        state=row.state,
        risk=row.risk,
    )
