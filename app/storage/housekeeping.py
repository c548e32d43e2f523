"""Forgets what nothing looks at any more."""

from datetime import datetime

from app.storage import checkpoints, idempotency, sessions, trends
from app.storage.database import Database, now_of


def run_once(database: Database, event_now: datetime) -> None:
    """Rings by event time; runs, sessions and idempotent replies by the database's."""
    with database.write() as tx:
        now = now_of(tx)
        trends.prune_rings(tx, event_now - 2 * trends.RING)
        checkpoints.purge_runs(tx, now)
        idempotency.purge(tx, now)
        sessions.purge(tx, now)
