"""Named leases: who may do what only one may do at a time."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, or_, text, update

from app.domain.ids import new_id
from app.storage.bulk import insert_into
from app.storage.tables import lease

_FOLLOWING = 4_711_001


def one_at_a_time(tx: Connection) -> None:
    """Wait until no other transaction follows cases or writes alerts; held until this one ends.

    Both are read, decided on and written back: two at once would undo each other. SQLite has one writer anyhow.
    """
    if tx.dialect.name == "postgresql":
        tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _FOLLOWING})


def acquire(tx: Connection, name: str, *, holder: str, now: datetime, span: timedelta) -> str | None:
    """Take or renew a lease; the fencing token, or `None` while somebody else holds it."""
    token = new_id()
    values = {"holder": holder, "token": token, "until": now + span}
    inserted = tx.execute(
        insert_into(tx, lease).values(name=name, **values).on_conflict_do_nothing(index_elements=["name"])
    )
    if inserted.rowcount == 1:
        return token
    taken = tx.execute(
        update(lease).where(lease.c.name == name, or_(lease.c.until < now, lease.c.holder == holder)).values(values)
    )
    return token if taken.rowcount == 1 else None
