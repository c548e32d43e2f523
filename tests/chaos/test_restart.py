"""What a restart finds: leases that run out, work that was recorded and not acknowledged, a stop that drains."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from app.domain.brands import Brand
from app.domain.ports import Chunk, Classifier
from app.domain.posts import Author, Post
from app.domain.predictions import Prediction, Reading, Unreadable
from app.pipeline.build import Pipeline
from app.pipeline.classify import Classify
from app.pipeline.side_by_side import SideBySide
from app.queue.database import DatabaseQueue
from app.runtime.wiring import Product, apply_configuration, open_product
from app.settings import Configuration
from app.storage.audit import AuditReport, audit
from app.storage.database import Database
from app.storage.tables import quarantine, work_chunk
from models.reply_cues import ReplyCueReader

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]
BRAND = Brand(slug="northwind", name="Northwind")


@pytest.fixture
def product(database_url: str) -> Iterator[Product]:
    """The whole product on each database, with the reader that is shipped."""
    configuration = replace(Configuration(), brands=(BRAND,), database_url=database_url)
    opened = open_product(configuration)
    apply_configuration(configuration, opened.database)
    yield opened
    opened.close()


def posts(count: int, *, poison: int | None = None) -> list[Post]:
    return [
        Post(
            source="forum",
            external_id=str(number),
            text="POISON" if number == poison else f"Northwind lost my bag and nobody answers, day {number}",
            author=Author(f"author{number % 5}"),
            created_at=NOON + timedelta(minutes=number),
            brands=("northwind",),
        )
        for number in range(count)
    ]


def run_out(database: Database) -> None:
    """Let every lease be over, as two minutes would."""
    with database.write() as tx:
        tx.execute(update(work_chunk).values(lease_until=database.now() - timedelta(seconds=1)))


def audited(database: Database) -> AuditReport:
    with database.read() as tx:
        return audit(tx, database.now())


def test_chunks_of_a_killed_worker_come_again_after_their_lease(database: Database) -> None:
    queue = DatabaseQueue(database)
    asyncio.run(queue.publish([Chunk("one", ("a", "b"))]))
    (dead,) = queue.claim(4)
    assert queue.claim(4) == [], "a held chunk is nobody else's"
    run_out(database)
    (again,) = queue.claim(4)
    assert (again.chunk, again.attempt) == (dead.chunk, 2)
    queue.acknowledge([dead])
    assert asyncio.run(queue.stats()).in_flight == 1, "a lease that was lost acknowledges nothing"
    queue.acknowledge([again])
    assert asyncio.run(queue.stats()).in_flight == 0


def test_what_a_killed_worker_held_is_read_once(product: Product) -> None:
    product.intake().take(posts(40))
    held = DatabaseQueue(product.database).claim(4)
    assert held
    run_out(product.database)
    assert asyncio.run(product.worker().drain()) == 40
    report = audited(product.database)
    assert (report.findings, report.read, report.waiting) == ([], 40, 0)


def test_what_was_recorded_and_not_acknowledged_counts_once(product: Product) -> None:
    product.intake().take(posts(40))
    with product.database.read() as tx:
        chunks = [Chunk(f"again-{row.id}", tuple(row.mentions)) for row in tx.execute(select(work_chunk))]
    asyncio.run(product.worker().drain())
    before = audited(product.database)
    asyncio.run(product.queue.publish(chunks))
    asyncio.run(product.worker().drain())
    assert audited(product.database) == before
    assert before.is_clean


def test_a_drain_waits_for_what_another_worker_holds(product: Product) -> None:
    product.intake().take(posts(8))
    DatabaseQueue(product.database).claim(4)

    async def drain_while_held() -> int:
        draining = asyncio.create_task(product.worker().drain())
        done, _ = await asyncio.wait([draining], timeout=0.5)
        assert not done, "it must not report an end while posts are unread"
        await asyncio.to_thread(run_out, product.database)
        return await draining

    assert asyncio.run(drain_while_held()) == 8


class Fragile:
    """A classifier that dies of one text, and takes its batch along."""

    def __init__(self, inner: Classifier) -> None:
        self._inner = inner
        self.version = inner.version

    def read(self, batch: Sequence[Reading]) -> list[Prediction | Unreadable]:
        if any(reading.text == "POISON" for reading in batch):
            raise RuntimeError("a bug in a tokenizer")
        return list(self._inner.read(batch))


def test_one_poison_text_is_quarantined_and_its_31_neighbours_are_read(product: Product) -> None:
    product.intake().take(posts(32, poison=17))
    fragile = Classify(SideBySide([Fragile(one) for one in product.readers.classifiers]), ReplyCueReader())
    hurt = replace(product, pipeline=Pipeline(classify=fragile, record=product.pipeline.record))
    asyncio.run(hurt.worker().drain())
    report = audited(product.database)
    assert (report.findings, report.read, report.quarantined, report.waiting) == ([], 31, 1, 0)
    with product.database.read() as tx:
        (kept,) = tx.execute(select(quarantine)).all()
    assert (kept.external_id, kept.stage) == ("17", "classify")
    assert "RuntimeError" in kept.reason


@pytest.mark.slow
@pytest.mark.parametrize("roles", ["all", "collect,read,tick,deliver"])
def test_a_stopped_service_drains_and_ends_well(tmp_path: Path, roles: str) -> None:
    (tmp_path / "fretwatch.toml").write_text('[[brand]]\nslug = "northwind"\nname = "Northwind"\n', encoding="utf-8")
    port = free_port()
    environ = {key: value for key, value in os.environ.items() if not key.startswith("FRETWATCH")}
    command = [sys.executable, "-m", "app", "serve", "--port", str(port), "--roles", roles]
    with (tmp_path / "log").open("wb") as log:
        service = subprocess.Popen(
            command, cwd=tmp_path, env={**environ, "PYTHONPATH": str(ROOT)}, stdout=log, stderr=log
        )
    try:
        wait_until_it_works(service, port if roles == "all" else None, tmp_path / "var" / "fretwatch.db")
        service.send_signal(signal.SIGTERM)
        assert service.wait(timeout=20) == 0, (tmp_path / "log").read_text(encoding="utf-8")
    finally:
        service.kill()
        service.wait()
    assert "Traceback" not in (tmp_path / "log").read_text(encoding="utf-8")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_it_works(service: subprocess.Popen[bytes], port: int | None, file: Path) -> None:
    until = time.monotonic() + 40
    while time.monotonic() < until:
        assert service.poll() is None, "the service ended by itself"
        if port is None:
            if _ticks(file):
                return
        else:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1):
                    return
            except OSError:
                pass
        time.sleep(0.1)
    pytest.fail("the service did not come up")


def _ticks(file: Path) -> bool:
    """Without pages there is no probe to ask: the first tick's lease shows that the roles are at work."""
    import sqlite3

    if not file.exists():
        return False
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        return bool(connection.execute("SELECT count(*) FROM lease").fetchone()[0])
    except sqlite3.OperationalError:
        return False
    finally:
        connection.close()
