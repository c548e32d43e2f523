"""State of the installation that is not configuration: above all, which time its events live in."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select

from app.storage.bulk import upsert
from app.storage.tables import setting

EVENT_CLOCK = "event_clock"


def get(tx: Connection, key: str) -> Any:
    """The value under a key, or `None`."""
    return tx.execute(select(setting.c.value).where(setting.c.key == key)).scalar()


def put(tx: Connection, key: str, value: Any) -> None:
    """Set the value under a key."""
    upsert(tx, setting, [{"key": key, "value": value}], key=("key",))


def virtual_now(tx: Connection) -> datetime | None:
    """The instant that a replayed database stands at; `None` where events live in real time."""
    value = get(tx, EVENT_CLOCK)
    return None if value is None else datetime.fromisoformat(value["at"])


def set_virtual_now(tx: Connection, instant: datetime) -> None:
    """Remember how far a replay has come."""
    put(tx, EVENT_CLOCK, {"at": instant.isoformat()})


def keys(tx: Connection, prefix: str) -> list[str]:
    """The keys that begin like this."""
    statement = select(setting.c.key).where(setting.c.key.startswith(prefix, autoescape=True)).order_by(setting.c.key)
    return list(tx.execute(statement).scalars())


def forget(tx: Connection, key: str) -> None:
    """Drop a key."""
    tx.execute(delete(setting).where(setting.c.key == key))
