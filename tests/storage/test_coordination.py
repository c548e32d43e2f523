"""Leases, source polls, settings and housekeeping: what keeps processes out of each other's way."""

from datetime import UTC, datetime, timedelta

from app.domain.brands import SourceConfig
from app.domain.ports import Capabilities, Checkpoint
from app.storage import checkpoints, configuration, housekeeping, installation, leases, tables, trends
from app.storage.checkpoints import Due, Ending
from app.storage.configuration import Watch
from app.storage.database import Database

T0 = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SPAN = timedelta(seconds=60)


def acquire(database: Database, holder: str, now: datetime) -> str | None:
    with database.write() as tx:
        return leases.acquire(tx, "tick", holder=holder, now=now, span=SPAN)


def test_one_holder_at_a_time(database: Database) -> None:
    first = acquire(database, "a", T0)
    assert first is not None
    assert acquire(database, "b", T0 + SPAN) is None
    renewed = acquire(database, "a", T0 + SPAN / 2)
    assert renewed not in (None, first)
    assert acquire(database, "b", T0 + SPAN + SPAN / 2) is None


def test_a_lease_that_ran_out_is_free(database: Database) -> None:
    first = acquire(database, "a", T0)
    second = acquire(database, "b", T0 + SPAN + MINUTE)
    assert None not in (first, second)
    assert first != second
    assert acquire(database, "a", T0 + SPAN + MINUTE) is None


def with_sources(database: Database, *names: str) -> None:
    sources = tuple(SourceConfig(name, "rss", ("northwind",)) for name in names)
    with database.write() as tx:
        configuration.apply(tx, Watch(sources=sources, capabilities={"rss": Capabilities(sees_replies=False)}), T0)


def claim(database: Database, now: datetime, *, names: list[str] | None = None) -> list[Due]:
    with database.write() as tx:
        return checkpoints.claim_due(tx, now=now, limit=5, names=names)


def finish(database: Database, due: Due, ending: Ending, now: datetime) -> None:
    with database.write() as tx:
        run = checkpoints.start_run(tx, due.source.name, now)
        checkpoints.finish_run(tx, run, due, ending, now)


def test_a_source_is_polled_by_one_worker_and_again_when_it_is_due(database: Database) -> None:
    with_sources(database, "a", "b")
    first = claim(database, T0)
    assert [due.source.name for due in first] == ["a", "b"]
    assert all(due.is_first_import and due.checkpoint is None for due in first)
    assert claim(database, T0 + MINUTE) == []
    with database.write() as tx:
        checkpoints.save_checkpoint(tx, "a", Checkpoint({"since": 7}), T0)
    finish(database, first[0], Ending("ok", T0 + 5 * MINUTE, 0), T0 + MINUTE)
    assert [due.source.name for due in claim(database, T0 + 4 * MINUTE)] == ["b"]
    (again,) = claim(database, T0 + 5 * MINUTE, names=["a"])
    assert (again.is_first_import, again.checkpoint) == (False, Checkpoint({"since": 7}))


def test_a_worker_that_lost_its_lease_changes_nothing_of_the_source(database: Database) -> None:
    with_sources(database, "a")
    (slow,) = claim(database, T0)
    (quick,) = claim(database, T0 + 5 * MINUTE)
    finish(database, slow, Ending("failed", T0 + 90 * MINUTE, 4, "too slow"), T0 + 6 * MINUTE)
    with database.read() as tx:
        (row,) = tx.execute(tables.source.select())
        assert (row.fails, row.lease_token) == (0, quick.token)


def test_a_paused_source_is_only_polled_by_name(database: Database) -> None:
    with_sources(database, "a")
    (due,) = claim(database, T0)
    finish(database, due, Ending("paused", T0 + MINUTE, 1, "401", "set the token"), T0)
    assert claim(database, T0 + 90 * MINUTE) == []
    assert [due.source.name for due in claim(database, T0 + 90 * MINUTE, names=["a"])] == ["a"]


def test_settings_are_kept_found_by_prefix_and_forgotten(database: Database) -> None:
    with database.write() as tx:
        assert installation.virtual_now(tx) is None
        installation.set_virtual_now(tx, T0)
        installation.set_virtual_now(tx, T0 + MINUTE)
        installation.put(tx, "import:a_b", {"run": "1"})
        installation.put(tx, "import:aXb", {"run": "2"})
        assert installation.virtual_now(tx) == T0 + MINUTE
        assert installation.keys(tx, "import:") == sorted(["import:a_b", "import:aXb"])
        assert installation.keys(tx, "import:a_") == ["import:a_b"]
        installation.forget(tx, "import:a_b")
        assert installation.get(tx, "import:a_b") is None


def test_housekeeping_forgets_what_nothing_looks_at(database: Database) -> None:
    now = database.now()
    with database.write() as tx:
        trends.count_streams(tx, {("n", "*", trends.slot_of(T0 - days * 24 * 60 * MINUTE)): 1 for days in (1, 60)})
        for age in (1, 40):
            tx.execute(tables.run.insert().values(id=f"r{age}", source="a", started_at=now - age * 24 * 60 * MINUTE))
        for hours in (23, 25):
            answered_at = now - hours * 60 * MINUTE
            row = {"key": f"k{hours}", "digest": b"d", "status": 200, "body": {}, "at": answered_at}
            tx.execute(tables.idempotency.insert().values(row))
    housekeeping.run_once(database, T0)
    with database.read() as tx:
        assert [row.slot for row in tx.execute(tables.stream_count.select())] == [trends.slot_of(T0 - 24 * 60 * MINUTE)]
        assert [row.id for row in tx.execute(tables.run.select())] == ["r1"]
        assert [row.key for row in tx.execute(tables.idempotency.select())] == ["k23"]
