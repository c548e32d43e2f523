"""Forgets what nothing looks at any more."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete

from app.storage import sessions, trends
from app.storage.database import Database
from app.storage.tables import idempotency, run

_RUNS_FOR: Final = timedelta(days=30)
_REPLIES_FOR: Final = timedelta(hours=24)


def run_once(database: Database, event_now: datetime) -> None:
    """Rings by event time; runs, sessions and idempotent replies by the database's."""
    now = database.now()
    with database.write() as tx:
        trends.prune_rings(tx, event_now - 2 * trends.RING)
        tx.execute(delete(run).where(run.c.started_at < now - _RUNS_FOR))
        tx.execute(delete(idempotency).where(idempotency.c.at < now - _REPLIES_FOR))
        sessions.purge(tx, now)
