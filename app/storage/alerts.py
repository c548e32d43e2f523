"""Alerts and their append-only history. Every change is written here, with its deliveries, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, or_, select, update

from app.domain.alerts import (
    ANNOUNCED,
    Alert,
    AlertChange,
    AlertState,
    Endpoint,
    Leg,
    Level,
)
from app.domain.policies import Policy
from app.storage import leases, outbox
from app.storage.bulk import upsert
from app.storage.reads_rows import alert_of
from app.storage.tables import alert, alert_change, complaint_case


@dataclass(frozen=True, slots=True)
class Announcing:
    """What saving a change needs to know to tell people: who wants to hear, by which policy, under which address."""

    endpoints: Sequence[Endpoint] = ()
    policies: Mapping[str, Policy] = field(default_factory=dict)
    """By brand."""
    public_url: str = ""


def save_changes(tx: Connection, changes: Sequence[AlertChange], announcing: Announcing, now: datetime) -> list[int]:
    """Write the changes in order with their deliveries; the sequence of each. `now` is the database's."""
    if not changes:
        return []
    # Sequences must become visible in the order of their numbers, or a reader of the stream skips one.
    leases.one_at_a_time(tx)
    return [_save(tx, change, announcing, now) for change in changes]


def _save(tx: Connection, change: AlertChange, announcing: Announcing, now: datetime) -> int:
    found = change.alert
    sequence = int(
        tx.execute(
            alert_change.insert()
            .values(
                alert_id=found.id,
                version=found.version,
                kind=change.kind.value,
                at=change.at,
                actor=change.actor,
                note=change.note,
                level=found.level.value,
                state=found.state.value,
                risk=found.risk,
                snapshot=_snapshot(found),
            )
            .returning(alert_change.c.sequence)
        ).scalar_one()
    )
    row = _row(replace(found, sequence=sequence))
    upsert(tx, alert, [row], key=("id",))
    if change.kind in ANNOUNCED:
        outbox.enqueue(
            tx,
            sequence=sequence,
            change=replace(change, alert=replace(found, sequence=sequence)),
            endpoints=announcing.endpoints,
            policy=announcing.policies.get(found.brand),
            public_url=announcing.public_url,
            now=now,
        )
    return sequence


def load_alert(tx: Connection, alert_id: str) -> Alert | None:
    """One alert, or `None`."""
    row = tx.execute(select(alert).where(alert.c.id == alert_id)).mappings().first()
    return None if row is None else alert_of(row)


def latest_of_groups(tx: Connection, groups: Sequence[str]) -> dict[str, Alert]:
    """The newest alert of each group: the one that is not resolved, or the one that could be reopened."""
    if not groups:
        return {}
    statement = select(alert).where(alert.c.group_key.in_(groups)).order_by(alert.c.opened_at)
    return {found.group: found for found in map(alert_of, tx.execute(statement).mappings())}


def live_of_group(tx: Connection, group: str) -> Alert | None:
    """The one alert of a group that is not resolved, if there is one."""
    statement = select(alert).where(alert.c.group_key == group, alert.c.state != AlertState.RESOLVED.value)
    row = tx.execute(statement).mappings().first()
    return None if row is None else alert_of(row)


def live_stream_alerts(tx: Connection, brands: Sequence[str]) -> dict[str, Alert]:
    """The stream alert of each brand that is not resolved."""
    statement = select(alert).where(
        alert.c.brand.in_(brands), alert.c.leg == Leg.STREAM.value, alert.c.state != AlertState.RESOLVED.value
    )
    return {found.brand: found for found in map(alert_of, tx.execute(statement).mappings())}


def live_case_alerts(tx: Connection, brand: str) -> list[Alert]:
    """The alerts on cases of a brand that are open and stand for themselves."""
    statement = select(alert).where(
        alert.c.brand == brand,
        alert.c.leg.in_([Leg.CASE.value, Leg.AGEING.value]),
        alert.c.state == AlertState.OPEN.value,
        alert.c.folded_into.is_(None),
    )
    return [alert_of(row) for row in tx.execute(statement).mappings()]


def live_health(tx: Connection) -> list[Alert]:
    """The alerts on sources and endpoints that are not resolved."""
    statement = select(alert).where(alert.c.leg == Leg.HEALTH.value, alert.c.state != AlertState.RESOLVED.value)
    return [alert_of(row) for row in tx.execute(statement).mappings()]


def live_cards(tx: Connection, brand: str) -> list[Alert]:
    """The cards of a brand that are not resolved."""
    statement = select(alert).where(
        alert.c.brand == brand, alert.c.leg == Leg.DIGEST.value, alert.c.state != AlertState.RESOLVED.value
    )
    return [alert_of(row) for row in tx.execute(statement).mappings()]


def notices_due(tx: Connection, now: datetime, limit: int = 200) -> list[Alert]:
    """Alerts whose repeat, step or end of suppression has come."""
    waiting = (alert.c.state == AlertState.OPEN.value) & (alert.c.next_notice_at <= now)
    muted = (alert.c.state == AlertState.SUPPRESSED.value) & (alert.c.suppressed_until <= now)
    statement = select(alert).where(or_(waiting, muted)).order_by(alert.c.next_notice_at, alert.c.id).limit(limit)
    return [alert_of(row) for row in tx.execute(statement).mappings()]


def next_notice_at(tx: Connection) -> datetime | None:
    """When the next repeat, step or end of suppression comes."""
    waiting = select(func.min(alert.c.next_notice_at)).where(alert.c.state == AlertState.OPEN.value)
    muted = select(func.min(alert.c.suppressed_until)).where(alert.c.state == AlertState.SUPPRESSED.value)
    found: list[datetime] = [at for at in (tx.execute(waiting).scalar(), tx.execute(muted).scalar()) if at is not None]
    return min(found, default=None)


def risen_since(tx: Connection, brands: Sequence[str], since: datetime) -> dict[str, tuple[str, str, datetime]]:
    """What spends the day's budget: (brand, level, since when) by id, of what came to its level since an instant.

    These are the alerts on cases at any level, and the pages of streams.
    """
    statement = select(alert.c.id, alert.c.brand, alert.c.level, alert.c.level_since).where(
        alert.c.brand.in_(brands),
        alert.c.level_since > since,
        or_(
            alert.c.leg.in_([Leg.CASE.value, Leg.AGEING.value]),
            (alert.c.leg == Leg.STREAM.value) & (alert.c.level == Level.PAGE.value),
        ),
    )
    return {row.id: (row.brand, row.level, row.level_since) for row in tx.execute(statement)}


def unfold(tx: Connection, stream_alert: str, at: datetime) -> None:
    """When a stream alert ends, its folded cases are judged again, and stand for themselves where they still speak."""
    folded = select(alert.c.case_id).where(alert.c.folded_into == stream_alert, alert.c.case_id.is_not(None))
    tx.execute(update(complaint_case).where(complaint_case.c.id.in_(folded)).values(next_eval_at=at))


def _snapshot(found: Alert) -> dict[str, Any]:
    return {
        "title": found.title,
        "reasons": [reason.as_dict() for reason in found.reasons],
        "evidence": [{"post": item.post, "role": item.role} for item in found.evidence],
        "versions": dict(found.versions),
        "owner": found.owner,
        "assignee": found.assignee,
        "forecast": found.forecast,
    }


_CODED = frozenset({"group_key", "case_id", "leg", "level", "state", "reasons", "evidence", "versions"})
_PLAIN = tuple(column.name for column in alert.columns if column.name not in _CODED)


def _row(found: Alert) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(found, name) for name in _PLAIN}
    row |= {"group_key": found.group, "case_id": found.case, "leg": found.leg.value}
    row |= {"level": found.level.value, "state": found.state.value, "versions": dict(found.versions)}
    row["reasons"] = [reason.as_dict() for reason in found.reasons]
    row["evidence"] = [{"post": item.post, "role": item.role} for item in found.evidence]
    return row
