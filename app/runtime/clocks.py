"""Which time events live in: the machine's, or, in a replayed database, one that goes on where the replay ended."""

from datetime import datetime

from app.domain.clock import Clock, OffsetClock, SystemClock
from app.storage import installation
from app.storage.database import Database


def event_clock(database: Database) -> Clock:
    """The event clock of a database; a replayed one goes on from its last instant at the pace of real time."""
    with database.read() as tx:
        at = installation.virtual_now(tx)
    system = SystemClock()
    return system if at is None else OffsetClock(system, at - system.now())


def is_virtual(database: Database) -> bool:
    """Whether the events of this database were replayed, so that live sources must not be mixed in."""
    with database.read() as tx:
        return installation.virtual_now(tx) is not None


def forget_virtual_now(database: Database) -> None:
    """Nothing was replayed after all: events live in real time."""
    with database.write() as tx:
        installation.forget(tx, installation.EVENT_CLOCK)


def keep_virtual_now(database: Database, instant: datetime) -> None:
    """Keep how far a replay has come."""
    with database.write() as tx:
        installation.set_virtual_now(tx, instant)
