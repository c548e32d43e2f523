"""The ticker in production: one process at a time, by lease."""

from datetime import timedelta

from app.pipeline.alerting import Alerting
from app.pipeline.judging import JudgeCases
from app.pipeline.usual import UsualCache
from app.runtime.ticking import Ticker
from app.storage import leases, tables
from app.storage.database import Database
from tests.pipeline.monitor import DAY, T0, Monitor, complaint


def test_only_the_holder_of_the_lease_ticks(database: Database) -> None:
    monitor = Monitor(database)
    monitor.live(complaint("1"))
    now = database.now()
    with database.write() as tx:
        leases.acquire(tx, "tick", holder="another process", now=now, span=timedelta(minutes=5))
    monitor.tick(T0 + 2 * DAY, at_due=False)
    assert monitor.alerts() == []
    with database.write() as tx:
        tx.execute(tables.lease.update().values(until=now - timedelta(seconds=1)))
    monitor.tick(T0 + 2 * DAY, at_due=False)
    assert len(monitor.alerts("ageing")) == 1


def test_a_ticker_that_took_over_says_nothing_twice(database: Database) -> None:
    monitor = Monitor(database)
    monitor.live(complaint("1"))
    monitor.tick(T0 + 2 * DAY, at_due=False)
    before = monitor.snapshot()
    alerting = Alerting()
    other = Ticker(database, monitor.watching, JudgeCases(UsualCache(), alerting), alerting)
    other.tick(T0 + 2 * DAY)
    assert monitor.snapshot() == before
