"""Recording: the same batch again changes nothing, whoever records it; rings hold live public posts only."""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.cases import CaseState
from app.domain.errors import DatabaseUnavailable
from app.domain.ports import ChunkLease
from app.domain.posts import PostKind
from app.domain.predictions import Prediction, Reading, Unreadable
from app.pipeline.batch import ReadBatch
from app.pipeline.classify import Classify
from app.pipeline.side_by_side import SideBySide
from app.queue.database import DatabaseQueue
from app.runtime.reading import ReadingWorker
from app.storage import posts, tables
from app.storage.database import Database
from tests.pipeline.monitor import DAY, EMPTY, HOUR, MINUTE, T0, Monitor, complaint, post, reply
from tests.pipeline.scripted import ScriptedClassifier, ScriptedReplies


def read_batch(monitor: Monitor) -> ReadBatch:
    """What a worker has in its hands after reading all that waits, without recording it."""
    chunks = monitor.queue.claim(10)
    with monitor.database.read() as tx:
        found = posts.unread(tx, [mention for held in chunks for mention in held.chunk.mentions])
    return monitor.pipeline.classify.run(found)


def record(monitor: Monitor, batch: ReadBatch) -> None:
    """What a worker does with it."""
    fresh = ReadBatch(batch.read, batch.replies, batch.unreadable)
    with monitor.database.write() as tx:
        for stage in monitor.pipeline.record:
            stage.run(tx, fresh)


def history() -> Sequence[object]:
    """A bit of everything."""
    return [
        complaint("1", "failure=safety severity=blame signals=vulnerable justice=distributive stage=after_sale"),
        complaint("2", author="bob", at=T0 + MINUTE, rating=2.0),
        reply("3", EMPTY, to="2", at=T0 + 2 * MINUTE),
        post("4", "thanks sentiment=positive signals=resolved", author="bob", at=T0 + HOUR),
        post("5", "unreadable=why", at=T0 + HOUR),
    ]


def test_the_same_batch_twice_changes_nothing(monitor: Monitor) -> None:
    monitor.take(*history())  # type: ignore[arg-type]
    batch = read_batch(monitor)
    record(monitor, batch)
    before = monitor.snapshot()
    record(monitor, batch)
    assert monitor.snapshot() == before
    assert len(monitor.rows(tables.quarantine)) == 1


def test_two_workers_that_hold_the_same_chunk_count_it_once(monitor: Monitor) -> None:
    monitor.take(*history())  # type: ignore[arg-type]
    batch = read_batch(monitor)
    start = threading.Barrier(3)

    def work() -> None:
        start.wait()
        record(monitor, batch)

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert monitor.counts("mentions") == {"all": 3}
    assert monitor.rings()["*"] == 2
    assert sorted(case.reply_count for case in monitor.cases()) == [0, 1]
    assert monitor.findings() == []


def test_two_workers_with_posts_of_one_author_keep_one_case(monitor: Monitor) -> None:
    batches = []
    for number in range(6):
        monitor.take(complaint(f"{number}", at=T0 + number * MINUTE))
        batches.append(read_batch(monitor))
    start = threading.Barrier(len(batches))

    def work(batch: ReadBatch) -> None:
        start.wait()
        record(monitor, batch)

    workers = [threading.Thread(target=work, args=(batch,)) for batch in batches]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert monitor.case().complaint_count == 6
    assert list(monitor.members().values()) == [{str(number) for number in range(6)}]
    assert monitor.findings() == []


def test_workers_beside_each_other_do_every_chunk_once(monitor: Monitor) -> None:
    for start in range(0, 200, 50):
        monitor.take(
            *(complaint(f"{n}", author=f"author-{n % 20}", at=T0 + (n % 7) * MINUTE) for n in range(start, start + 50))
        )

    async def work() -> list[int]:
        workers = [ReadingWorker(monitor.database, monitor.queue, monitor.pipeline) for _ in range(3)]
        return await asyncio.gather(*(worker.drain() for worker in workers))

    assert sum(asyncio.run(work())) == 200
    assert monitor.counts("mentions") == {"all": 200}
    assert len(monitor.cases()) == 20
    assert monitor.findings() == []


@pytest.mark.parametrize("late_first", [False, True])
def test_an_edit_made_while_the_first_text_is_being_read_wins(monitor: Monitor, late_first: bool) -> None:
    monitor.take(complaint("1", "failure=delay"))
    old = read_batch(monitor)
    monitor.take(complaint("1", "failure=billing"))
    new = read_batch(monitor)
    for batch in (new, old) if late_first else (old, new):
        record(monitor, batch)
    assert monitor.counts("failure") == {"billing": 1}
    assert monitor.counts("mentions") == {"all": 1}
    assert monitor.findings() == []


def test_two_edits_of_one_post_leave_the_newest(monitor: Monitor) -> None:
    monitor.live(complaint("1", "failure=delay"))
    monitor.take(complaint("1", "failure=billing"))
    first = read_batch(monitor)
    monitor.take(post("1", "never mind"))
    second = read_batch(monitor)
    record(monitor, second)
    record(monitor, first)
    assert monitor.counts("complaint") == {"no": 1}
    assert monitor.members() == {}
    assert monitor.findings() == []


def test_rings_count_live_public_posts_only(monitor: Monitor) -> None:
    monitor.clock.advance(DAY)
    monitor.live(
        complaint("live", at=T0 + DAY),
        complaint("also", "failure=billing", author="bob", at=T0 + DAY),
        complaint("late", author="cem", at=T0),
        complaint("private", author="dan", at=T0 + DAY, kind=PostKind.TICKET),
        post("calm", author="eve", at=T0 + DAY),
    )
    assert monitor.rings() == {"mentions": 3, "*": 2, "delay": 1, "billing": 1}
    assert monitor.counts("mentions") == {"all": 5}
    assert len(monitor.cases()) == 4
    assert monitor.findings() == []


def test_private_posts_are_counted_apart(monitor: Monitor) -> None:
    monitor.live(complaint("1"), complaint("2", author="bob", kind=PostKind.SURVEY))
    found = {key[-1]: n for key, n in monitor.buckets("mentions").items()}
    assert found == {"public": 1, "private": 1}


def test_every_dimension_is_counted_and_recounted(monitor: Monitor) -> None:
    marks = "failure=delay stage=during_sale severity=blame justice=procedural,interactional signals=churn,repeated"
    monitor.live(complaint("1", marks, rating=1.5), post("2", "sentiment=positive signals=loyal", author="bob"))
    assert monitor.counts("failure_stage") == {"delay|during_sale": 1}
    assert monitor.counts("failure_justice") == {"delay|procedural": 1, "delay|interactional": 1}
    assert monitor.counts("signals") == {"churn": 1, "repeated": 1, "loyal": 1}
    assert monitor.counts("rating") == {"1.5": 1}
    assert monitor.counts("answered") == {"no": 1}
    assert monitor.findings() == []


class Choking:
    """A stage that cannot record the posts with this mark."""

    def run(self, tx: object, batch: ReadBatch) -> None:
        if any("choke=1" in (mention.text or "") for mention in batch.mentions):
            raise ValueError("northwind complaint: the words of a customer")


def test_one_mention_that_cannot_be_recorded_is_quarantined_and_its_neighbours_count(monitor: Monitor) -> None:
    monitor.take(
        *(complaint(f"{n}", "choke=1" if n == 17 else "", author=f"a{n}", at=T0 + n * MINUTE) for n in range(40)),
        reply("40", to="3", at=T0 + HOUR),
    )
    choking = replace(monitor.pipeline, record=(*monitor.pipeline.record, Choking()))
    asyncio.run(ReadingWorker(monitor.database, monitor.queue, choking).drain())
    (held,) = monitor.rows(tables.quarantine)
    assert (held.stage, held.external_id, held.reason) == ("record", "17", "it could not be recorded: ValueError")
    assert len(monitor.rows(tables.reading)) == 39
    assert monitor.case("a3").state is CaseState.ANSWERED
    assert monitor.rows(tables.work_chunk) == []
    assert monitor.findings() == []


def come_back(monitor: Monitor, attempts: int) -> None:
    """The one chunk was claimed so often, and its worker was gone each time."""
    for _ in range(attempts):
        monitor.queue.claim(1)
        with monitor.database.write() as tx:
            tx.execute(tables.work_chunk.update().values(lease_until=None))


class Deadly(ScriptedClassifier):
    """Ends its process, as far as a test can show that, at one text."""

    def read(self, readings: Sequence[Reading]) -> list[Prediction | Unreadable]:
        if any("deadly=1" in reading.text for reading in readings):
            raise KeyboardInterrupt
        return super().read(readings)


def test_a_chunk_that_ends_its_process_is_read_one_by_one_and_then_given_up(monitor: Monitor) -> None:
    monitor.take(
        *(complaint(f"{n}", "deadly=1" if n == 3 else "", author=f"a{n}", at=T0 + n * MINUTE) for n in range(8))
    )
    deadly = replace(monitor.pipeline, classify=Classify(SideBySide((Deadly(),)), ScriptedReplies()))
    worker = ReadingWorker(monitor.database, monitor.queue, deadly)
    come_back(monitor, 3)
    for done in (4, 7, 7, 7):
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(worker.drain())
        assert len(monitor.rows(tables.reading)) == done
        with monitor.database.write() as tx:
            tx.execute(tables.work_chunk.update().values(lease_until=None))
    assert asyncio.run(worker.drain()) == 0
    (chunk,) = monitor.rows(tables.work_chunk)
    assert (chunk.state, chunk.why) == ("dead", "its chunk came 8 times and was never done")
    (held,) = monitor.rows(tables.quarantine)
    assert (held.external_id, held.reason) == ("3", chunk.why)
    assert monitor.findings() == []


def test_what_stands_in_a_dead_chunk_does_not_wait(monitor: Monitor) -> None:
    monitor.take(complaint("1"))
    (held,) = monitor.queue.claim(1)
    asyncio.run(monitor.queue.dead(held, "a test"))
    assert "neither read, nor waiting" in " / ".join(monitor.findings())


def test_a_batch_that_cannot_be_written_is_given_back_and_its_lease_is_free(monitor: Monitor) -> None:
    monitor.take(complaint("1"), complaint("2", author="bob"))

    given_back = asyncio.Event()

    class Watched(DatabaseQueue):
        async def nack(self, leases: Sequence[ChunkLease], delay: timedelta) -> None:
            await super().nack(leases, delay)
            given_back.set()

    class Broken:
        def run(self, tx: object, batch: ReadBatch) -> None:
            raise RuntimeError("disk of a test")

    async def one_look(worker: ReadingWorker) -> None:
        stop = asyncio.Event()
        running = asyncio.create_task(worker.run(stop))
        await asyncio.wait_for(given_back.wait(), 20)
        stop.set()
        await running

    broken = replace(monitor.pipeline, record=(*monitor.pipeline.record, Broken()))
    asyncio.run(one_look(ReadingWorker(monitor.database, Watched(monitor.database), broken)))
    assert monitor.rows(tables.reading) == []
    assert monitor.findings() == []
    (chunk,) = monitor.rows(tables.work_chunk)
    assert (chunk.attempt, chunk.lease_until) == (1, None)


def test_the_audit_sees_what_it_is_for(sqlite_database: Database) -> None:
    monitor = Monitor(sqlite_database)
    monitor.live(complaint("1", "failure=safety signals=vulnerable"), complaint("2", author="bob"))
    assert monitor.findings() == []
    with sqlite_database.write() as tx:
        tx.execute(tables.trend_bucket.update().values(n=tables.trend_bucket.c.n + 1))
        tx.execute(tables.case_member.delete())
        tx.execute(tables.complaint_case.delete())
        tx.execute(tables.alert_change.delete())
    words = " / ".join(monitor.findings())
    for part in (
        "differ from a recount",
        "are in no case",
        "case that does not exist",
        "no history",
        "change that does",
    ):
        assert part in words
    with sqlite_database.write() as tx:
        tx.execute(tables.reading.delete())
    assert "neither read, nor waiting" in " / ".join(monitor.findings())


def test_what_is_read_slowly_is_held_until_it_is_recorded(monitor: Monitor) -> None:
    is_extended = threading.Event()

    class Slow(ScriptedClassifier):
        """A reader that is not done before the lease of its batch was extended."""

        def read(self, readings: Sequence[Reading]) -> list[Prediction | Unreadable]:
            assert is_extended.wait(timeout=30)
            return super().read(readings)

    class Told(DatabaseQueue):
        """The queue, and what was extended in it."""

        extended: list[ChunkLease]

        async def extend(self, leases: Sequence[ChunkLease]) -> None:
            await super().extend(leases)
            (row,) = monitor.rows(tables.work_chunk)
            assert row.lease_until > leases[0].until
            self.extended = list(leases)
            is_extended.set()

    queue = Told(monitor.database)
    pipeline = replace(monitor.pipeline, classify=Classify(SideBySide((Slow(),)), ScriptedReplies()))
    monitor.take(complaint("1"))
    worker = ReadingWorker(monitor.database, queue, pipeline, keep_every=0.05)
    assert asyncio.run(worker.drain()) == 1
    assert [held.attempt for held in queue.extended] == [1]
    assert monitor.rows(tables.work_chunk) == []


async def test_reading_goes_on_after_a_failing_database(monitor: Monitor) -> None:
    monitor.take(complaint("1"))

    class Failing(DatabaseQueue):
        """A database that goes away for a moment."""

        failures = 2

        async def pull(self, max_chunks: int, wait: float) -> list[ChunkLease]:
            if self.failures:
                self.failures -= 1
                raise DatabaseUnavailable("gone") if self.failures else RuntimeError("a defect")
            return await super().pull(max_chunks, wait)

    stop = asyncio.Event()
    running = asyncio.create_task(
        ReadingWorker(monitor.database, Failing(monitor.database), monitor.pipeline).run(stop)
    )
    for _ in range(200):
        if monitor.rows(tables.reading):
            break
        await asyncio.sleep(0.05)
    stop.set()
    await running
    assert len(monitor.rows(tables.reading)) == 1
