"""What every queue promises. A new implementation gets these tests by having a rig here."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.domain.clock import ManualClock
from app.domain.ports import Chunk, ChunkLease, WorkQueue
from app.queue.database import DatabaseQueue
from app.storage import queue as stored
from app.storage.database import Database

SOON = timedelta(seconds=30)
LATER = stored.LEASE + timedelta(seconds=1)


class Rig:
    """One queue, opened as often as the test wants: each `open` is another process."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.clock = ManualClock(datetime(2026, 3, 2, 12, 0, tzinfo=UTC))
        self._opened: list[Database] = []

    def open(self) -> WorkQueue:
        database = Database(self._url)
        self._opened.append(database)
        return DatabaseQueue(database, now=lambda _: self.clock.now())

    def close(self) -> None:
        for database in self._opened:
            database.close()


@contextmanager
def database_rig(database: Database) -> Iterator[Rig]:
    rig = Rig(database.url)
    yield rig
    rig.close()


RIGS: dict[str, Callable[[Database], object]] = {"database": database_rig}
"""Queue -> its rig."""


@pytest.fixture(params=sorted(RIGS))
def rig(request: pytest.FixtureRequest, database: Database) -> Iterator[Rig]:
    with RIGS[request.param](database) as opened:  # type: ignore[attr-defined]
        yield opened


@pytest.fixture
def queue(rig: Rig) -> WorkQueue:
    return rig.open()


def chunks(*names: str) -> list[Chunk]:
    return [Chunk(name, (f"{name}-1", f"{name}-2")) for name in names]


def names(leases: list[ChunkLease]) -> list[str]:
    return [held.chunk.id for held in leases]


async def test_what_is_published_is_durable_and_comes_in_order(rig: Rig, queue: WorkQueue) -> None:
    await queue.publish(chunks("a", "b", "c"))
    leases = await rig.open().pull(2, 0)
    assert [held.chunk for held in leases] == chunks("a", "b")
    assert [held.attempt for held in leases] == [1, 1]
    assert names(await rig.open().pull(5, 0)) == ["c"]


async def test_an_empty_queue_gives_nothing_and_does_not_wait_longer_than_asked(queue: WorkQueue) -> None:
    assert await asyncio.wait_for(queue.pull(1, 0.05), 5) == []
    assert await asyncio.wait_for(queue.pull(1, 0), 5) == []


async def test_a_waiting_worker_gets_what_comes(rig: Rig, queue: WorkQueue) -> None:
    waiting = asyncio.create_task(queue.pull(1, 20))
    await asyncio.sleep(0)
    await rig.open().publish(chunks("a"))
    assert names(await waiting) == ["a"]


async def test_a_known_id_is_ignored(queue: WorkQueue) -> None:
    await queue.publish(chunks("a"))
    await queue.publish([Chunk("a", ("other",)), *chunks("b")])
    assert [held.chunk for held in await queue.pull(5, 0)] == chunks("a", "b")


async def test_a_leased_chunk_is_nobody_elses(rig: Rig, queue: WorkQueue) -> None:
    await queue.publish(chunks("a"))
    assert len(await queue.pull(1, 0)) == 1
    rig.clock.advance(SOON)
    assert await rig.open().pull(1, 0) == []


async def test_a_lease_that_runs_out_is_given_to_another_and_counted(rig: Rig, queue: WorkQueue) -> None:
    await queue.publish(chunks("a"))
    (first,) = await queue.pull(1, 0)
    rig.clock.advance(LATER)
    (second,) = await rig.open().pull(1, 0)
    assert (second.attempt, second.token != first.token) == (2, True)
    assert (await queue.stats()).redelivered == 1


async def test_who_was_too_slow_changes_nothing(rig: Rig, queue: WorkQueue) -> None:
    await queue.publish(chunks("a"))
    slow = await queue.pull(1, 0)
    rig.clock.advance(LATER)
    quick = await queue.pull(1, 0)
    await queue.ack(slow)
    await queue.nack(slow, timedelta(0))
    await queue.extend(slow)
    await queue.dead(slow[0], "too slow")
    stats = await queue.stats()
    assert (stats.pending, stats.in_flight) == (0, 1)
    await queue.ack(quick)
    assert (await queue.stats()).in_flight == 0


async def test_what_is_acknowledged_never_comes_again(rig: Rig, queue: WorkQueue) -> None:
    await queue.publish(chunks("a", "b"))
    leases = await queue.pull(2, 0)
    await queue.ack(leases)
    await queue.ack(leases)
    rig.clock.advance(10 * LATER)
    assert await queue.pull(5, 0) == []


async def test_what_is_given_back_comes_after_its_delay(rig: Rig, queue: WorkQueue) -> None:
    await queue.publish(chunks("a"))
    await queue.nack(await queue.pull(1, 0), timedelta(minutes=5))
    assert await queue.pull(1, 0) == []
    rig.clock.advance(timedelta(minutes=5))
    (again,) = await queue.pull(1, 0)
    assert again.attempt == 2


async def test_who_is_still_working_keeps_it(rig: Rig, queue: WorkQueue) -> None:
    await queue.publish(chunks("a"))
    held = await queue.pull(1, 0)
    for _ in range(5):
        rig.clock.advance(SOON)
        await queue.extend(held)
    assert await rig.open().pull(1, 0) == []
    rig.clock.advance(LATER)
    assert len(await rig.open().pull(1, 0)) == 1


async def test_a_dead_chunk_is_kept_and_never_comes_again(rig: Rig, queue: WorkQueue) -> None:
    await queue.publish(chunks("a", "b"))
    first, second = await queue.pull(2, 0)
    await queue.dead(first, "cannot be read")
    await queue.nack([second], timedelta(0))
    rig.clock.advance(10 * LATER)
    assert names(await queue.pull(5, 0)) == ["b"]
    await queue.publish(chunks("a"))
    assert await queue.pull(5, 0) == []


async def test_the_stats_say_how_full_it_is(rig: Rig, queue: WorkQueue) -> None:
    empty = await queue.stats()
    assert (empty.pending, empty.in_flight, empty.redelivered, empty.oldest_age) == (0, 0, 0, None)
    await queue.publish(chunks("a", "b", "c"))
    rig.clock.advance(SOON)
    await queue.pull(1, 0)
    stats = await queue.stats()
    assert (stats.pending, stats.in_flight, stats.oldest_age) == (2, 1, SOON)


async def test_workers_beside_each_other_never_share_a_chunk(rig: Rig) -> None:
    published = chunks(*(f"{number:02}" for number in range(40)))
    await rig.open().publish(published)
    workers = [rig.open() for _ in range(4)]

    async def work(own: WorkQueue) -> list[str]:
        mine: list[str] = []
        while leases := await own.pull(3, 0):
            mine += names(leases)
            await own.ack(leases)
        return mine

    done = [name for mine in await asyncio.gather(*map(work, workers)) for name in mine]
    assert sorted(done) == [chunk.id for chunk in published]


def test_every_queue_has_a_rig() -> None:
    folder = Path(__file__).resolve().parents[2] / "app" / "queue"
    assert {path.stem for path in folder.glob("*.py")} - {"__init__"} == set(RIGS)
