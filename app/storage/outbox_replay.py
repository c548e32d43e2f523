"""The outbox, looked after: dead letters with why they died, and their replay under the same webhook-id."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, select, update

from app.domain.errors import Conflict, NotFound
from app.storage import reads_feed
from app.storage.reads_feed import AttemptView
from app.storage.tables import delivery, endpoint

REPLAYABLE: Final = ("dead", "delivered")


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A delivery that was given up, and why."""

    id: str
    endpoint: str
    alert: str
    level: str
    event_at: datetime
    died_at: datetime
    attempts: tuple[AttemptView, ...]

    @property
    def why(self) -> str:
        """The last error, or that nothing was tried."""
        last = self.attempts[-1].error if self.attempts else None
        return last or "never tried: the endpoint was disabled"


def dead_letters(tx: Connection, *, limit: int, name: str | None = None) -> list[DeadLetter]:
    """The deliveries that were given up, newest first; of one endpoint where it is named."""
    query = select(delivery).where(delivery.c.state == "dead")
    if name is not None:
        query = query.where(delivery.c.endpoint == name)
    rows = tx.execute(query.order_by(delivery.c.finished_at.desc(), delivery.c.id.desc()).limit(limit)).all()
    tries = reads_feed.attempts_of(tx, [row.id for row in rows])
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
        message = f"There is no delivery {', '.join(unknown[:3])}: copy its id from: fretwatch deliveries dead"
        raise NotFound(message)
    unfinished = sorted(id_ for id_, state in states.items() if state not in REPLAYABLE)
    if unfinished:
        message = f"Delivery {unfinished[0]} is {states[unfinished[0]]}: only a delivered or dead one is replayed."
        raise Conflict(message, allowed=REPLAYABLE)
    return _send_again(tx, delivery.c.id.in_(ids), now)


def replay_dead(tx: Connection, *, now: datetime, name: str | None = None) -> int:
    """Send all dead letters again, or those of one endpoint. Raises `Conflict` where one of them is disabled."""
    chosen = delivery.c.state == "dead"
    return _send_again(tx, chosen if name is None else and_(chosen, delivery.c.endpoint == name), now)


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
        message = f"The endpoint {blocked} is disabled; enable it first: fretwatch deliveries enable {blocked}"
        raise Conflict(message, allowed=("enable",))
    again = (
        update(delivery)
        .where(chosen)
        .values(state="pending", due_at=now, attempts=0, lease_until=None, lease_token=None, finished_at=None)
    )
    return tx.execute(again).rowcount
