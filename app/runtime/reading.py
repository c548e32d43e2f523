"""The reading worker: pulls chunks, reads them, records them. At least once in, exactly once in effect.

Reading and recording overlap: while one batch is written, the next is in the model. Batches are recorded in the order
in which they were pulled.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from app.domain.errors import DatabaseUnavailable, FretwatchError
from app.domain.ports import ChunkLease, WorkQueue
from app.observability import READ_POSTS, READING_SECONDS
from app.pipeline.batch import ReadBatch
from app.pipeline.build import Pipeline
from app.storage import posts
from app.storage.database import Database
from app.storage.posts import Unread

log = structlog.get_logger(__name__)

CHUNKS_A_BATCH: Final = 4
_WAIT: Final = 1.0
_RETRY: Final = timedelta(seconds=5)
_MAX_ATTEMPTS: Final = 3

Recorded = Callable[[datetime], Awaitable[None]]
"""Told after a batch is recorded, with the time of its newest mention."""


@dataclass(frozen=True, slots=True)
class _Ready:
    leases: Sequence[ChunkLease]
    batch: ReadBatch
    newest_at: datetime | None


async def _nothing(_: datetime) -> None:
    return None


class ReadingWorker:
    """One worker; any number may run beside each other, in this process or in others."""

    def __init__(
        self, database: Database, queue: WorkQueue, pipeline: Pipeline, *, recorded: Recorded = _nothing
    ) -> None:
        self._database = database
        self._queue = queue
        self._pipeline = pipeline
        self._recorded = recorded

    async def drain(self, more: Callable[[], bool] = lambda: False) -> int:
        """Work until the queue is empty and `more` says that nothing else will come; how many mentions were done.

        What another worker holds is waited for: one that was killed holds its chunks until their lease ends.
        """
        done = await self._work(until=lambda: not more(), wait=0.05)
        while (stats := await self._queue.stats()).pending or stats.in_flight:
            await self._wait_for_others(stats.pending + stats.in_flight)
            done += await self._work(until=lambda: True, wait=0)
        return done

    async def drain_leftovers(self) -> int:
        """Work off, in their order, what a killed worker left; first wait until nobody holds any of it."""
        while held := (await self._queue.stats()).in_flight:
            await self._wait_for_others(held)
        return await self.drain()

    async def _wait_for_others(self, chunks: int) -> None:
        log.warning("waiting for what a stopped worker left: its lease ends within two minutes", chunks=chunks)
        await asyncio.sleep(_WAIT)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`; a database that goes away is waited for."""
        while not stop.is_set():
            try:
                await self._work(until=stop.is_set, wait=_WAIT)
            except DatabaseUnavailable as error:
                log.warning("reading waits", reason=error.message)
                await asyncio.sleep(1)

    async def _work(self, *, until: Callable[[], bool], wait: float) -> int:
        handover: asyncio.Queue[_Ready | None] = asyncio.Queue(maxsize=2)
        async with asyncio.TaskGroup() as group:
            recording = group.create_task(self._record_all(handover))
            group.create_task(self._read_all(handover, until, wait))
        return recording.result()

    async def _read_all(self, handover: "asyncio.Queue[_Ready | None]", until: Callable[[], bool], wait: float) -> None:
        while True:
            is_last = until()
            leases = await self._queue.pull(CHUNKS_A_BATCH, 0 if is_last else wait)
            if leases:
                await handover.put(await asyncio.to_thread(self._read, leases))
            elif is_last:
                break
        await handover.put(None)

    async def _record_all(self, handover: "asyncio.Queue[_Ready | None]") -> int:
        done = 0
        while (ready := await handover.get()) is not None:
            if not await self._recorded_whole(ready):
                continue
            await self._queue.ack(ready.leases)
            done += len(ready.batch)
            READ_POSTS.inc(len(ready.batch))
            if ready.newest_at is not None:
                await self._recorded(ready.newest_at)
        return done

    async def _recorded_whole(self, ready: _Ready) -> bool:
        try:
            await asyncio.to_thread(self._record, ready.batch)
        except FretwatchError:
            raise
        except Exception as error:  # the edge of a job: a batch that cannot be written must not stop the others
            log.exception("batch not recorded", chunks=len(ready.leases))
            await self._put_back(ready.leases, repr(error))
            return False
        return True

    async def _put_back(self, leases: Sequence[ChunkLease], why: str) -> None:
        for held in leases:
            if held.attempt >= _MAX_ATTEMPTS:
                await self._queue.dead(held, why)
            else:
                await self._queue.nack([held], _RETRY)

    def _read(self, leases: Sequence[ChunkLease]) -> _Ready:
        ids = [mention for held in leases for mention in held.chunk.mentions]
        with self._database.read() as tx:
            mentions = posts.unread(tx, ids)
        newest = max((mention.event_at for mention in mentions), default=None)
        with READING_SECONDS.time():
            return _Ready(leases, self._classified(mentions), newest)

    def _classified(self, mentions: Sequence[Unread]) -> ReadBatch:
        try:
            return self._pipeline.classify.run(mentions)
        except Exception as error:  # noqa: BLE001 - the edge of a job: one bad post must not stop its neighbours
            if len(mentions) == 1:
                log.error("post quarantined", mention=mentions[0].mention_id, error=repr(error))
                return ReadBatch(unreadable=[(mentions[0], f"the reader failed on it: {error!r}")])
            half = len(mentions) // 2
            return _joined(self._classified(mentions[:half]), self._classified(mentions[half:]))

    def _record(self, batch: ReadBatch) -> None:
        with self._database.write() as tx:
            for stage in self._pipeline.record:
                stage.run(tx, batch)


def _joined(one: ReadBatch, other: ReadBatch) -> ReadBatch:
    return ReadBatch(
        read=[*one.read, *other.read],
        replies=[*one.replies, *other.replies],
        unreadable=[*one.unreadable, *other.unreadable],
    )
