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
from app.runtime.recording import Recording
from app.storage import posts
from app.storage.database import Database
from app.storage.posts import Unread

log = structlog.get_logger(__name__)

CHUNKS_A_BATCH: Final = 4
KEEP_EVERY: Final = 30.0
"""Seconds after which the leases of what is still being read or recorded are extended; they last for 120."""
_WAIT: Final = 1.0
_RETRY: Final = timedelta(seconds=5)
_CALM_ATTEMPTS: Final = 3
"""A chunk that comes more often is read one by one."""
_LAST_ATTEMPT: Final = 8
"""A chunk that comes so often is buried, and what is left of it is quarantined."""

Recorded = Callable[[datetime], Awaitable[None]]
"""Told after a batch is recorded, with the time of its newest mention."""


@dataclass(frozen=True, slots=True)
class _Ready:
    leases: Sequence[ChunkLease]
    batch: ReadBatch
    newest_at: datetime | None
    is_recorded: bool = False


async def _nothing(_: datetime) -> None:
    return None


class ReadingWorker:
    """One worker; any number may run beside each other, in this process or in others."""

    def __init__(
        self,
        database: Database,
        queue: WorkQueue,
        pipeline: Pipeline,
        *,
        recorded: Recorded = _nothing,
        keep_every: float = KEEP_EVERY,
    ) -> None:
        self._database = database
        self._queue = queue
        self._pipeline = pipeline
        self._recording = Recording(database, pipeline)
        self._recorded = recorded
        self._keep_every = keep_every
        self._held: dict[str, ChunkLease] = {}

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
        """Work until `stop`; a database that goes away is waited for, and no defect ends the reading for good."""
        while not stop.is_set():
            has_failed = False
            try:
                await self._work(until=stop.is_set, wait=_WAIT)
            except* DatabaseUnavailable as group:
                log.warning("reading waits", reason=str(group.exceptions[0]))
                has_failed = True
            except* Exception:  # the edge of a job: what it had in hand comes again after its lease
                log.exception("reading failed")
                has_failed = True
            if has_failed:
                await asyncio.sleep(_WAIT)

    async def _work(self, *, until: Callable[[], bool], wait: float) -> int:
        handover: asyncio.Queue[_Ready | None] = asyncio.Queue(maxsize=2)
        self._held.clear()
        is_over = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            recording = group.create_task(self._record_all(handover))
            recording.add_done_callback(lambda _: is_over.set())
            group.create_task(self._read_all(handover, until, wait))
            group.create_task(self._keep_held(is_over))
        return recording.result()

    async def _keep_held(self, is_over: asyncio.Event) -> None:
        """A batch that is slow to read, or waits for a slow database, must not be given to another worker meanwhile."""
        while not is_over.is_set():
            try:
                await asyncio.wait_for(is_over.wait(), self._keep_every)
            except TimeoutError:
                if self._held:
                    await self._queue.extend(list(self._held.values()))

    async def _read_all(self, handover: "asyncio.Queue[_Ready | None]", until: Callable[[], bool], wait: float) -> None:
        while True:
            is_last = until()
            leases = await self._queue.pull(CHUNKS_A_BATCH, 0 if is_last else wait)
            self._held |= {held.chunk.id: held for held in leases}
            calm = [held for held in leases if held.attempt <= _CALM_ATTEMPTS]
            if calm:
                await handover.put(await asyncio.to_thread(self._read, calm))
            for held in leases:
                if held.attempt > _CALM_ATTEMPTS:
                    await self._with_care(held, handover)
            if is_last and not leases:
                break
        await handover.put(None)

    async def _record_all(self, handover: "asyncio.Queue[_Ready | None]") -> int:
        done = 0
        while (ready := await handover.get()) is not None:
            is_recorded = await self._recorded_whole(ready)
            for held in ready.leases:
                self._held.pop(held.chunk.id, None)
            if not is_recorded:
                continue
            await self._queue.ack(ready.leases)
            done += len(ready.batch)
            READ_POSTS.inc(len(ready.batch))
            if ready.newest_at is not None:
                await self._recorded(ready.newest_at)
        return done

    async def _with_care(self, held: ChunkLease, handover: "asyncio.Queue[_Ready | None]") -> None:
        """A chunk that came often: perhaps one of its posts ends the process that reads it."""
        if held.attempt < _LAST_ATTEMPT:
            await handover.put(await asyncio.to_thread(self._one_by_one, held))
            return
        why = f"its chunk came {held.attempt} times and was never done"
        log.error("chunk given up", chunk=held.chunk.id, reason=why)
        await asyncio.to_thread(self._recording.give_up, held.chunk, why)
        self._held.pop(held.chunk.id, None)
        await self._queue.dead(held, why)

    async def _recorded_whole(self, ready: _Ready) -> bool:
        if ready.is_recorded:
            return True
        try:
            await asyncio.to_thread(self._recording.record, ready.batch)
        except FretwatchError:
            raise
        except Exception:  # the edge of a job: a batch that cannot be written must not stop the others
            log.exception("batch not recorded", chunks=len(ready.leases))
            await self._queue.nack(ready.leases, _RETRY)
            return False
        return True

    def _read(self, leases: Sequence[ChunkLease]) -> _Ready:
        mentions = self._mentions(leases)
        with READING_SECONDS.time():
            return _Ready(leases, self._classified(mentions), _newest(mentions))

    def _one_by_one(self, held: ChunkLease) -> _Ready:
        """Read and record each mention alone, from the front and from the back in turn: what stands before the post
        that ends the process is done in one attempt, what stands behind it in the next.
        """
        mentions = self._mentions([held])
        done = ReadBatch()
        for mention in mentions if held.attempt % 2 else reversed(mentions):
            batch = self._classified([mention])
            self._recording.record(batch)
            done = _joined(done, batch)
        return _Ready([held], done, _newest(mentions), is_recorded=True)

    def _mentions(self, leases: Sequence[ChunkLease]) -> list[Unread]:
        with self._database.read() as tx:
            return posts.unread(tx, [mention for held in leases for mention in held.chunk.mentions])

    def _classified(self, mentions: Sequence[Unread]) -> ReadBatch:
        try:
            return self._pipeline.classify.run(mentions)
        except Exception as error:  # noqa: BLE001 - the edge of a job: one bad post must not stop its neighbours
            if len(mentions) == 1:
                log.error("post quarantined", mention=mentions[0].mention_id, error=type(error).__name__)
                return ReadBatch(unreadable=[(mentions[0], f"the reader failed on it: {type(error).__name__}")])
            half = len(mentions) // 2
            return _joined(self._classified(mentions[:half]), self._classified(mentions[half:]))


def _newest(mentions: Sequence[Unread]) -> datetime | None:
    return max((mention.event_at for mention in mentions), default=None)


def _joined(one: ReadBatch, other: ReadBatch) -> ReadBatch:
    return ReadBatch(
        read=[*one.read, *other.read],
        replies=[*one.replies, *other.replies],
        unreadable=[*one.unreadable, *other.unreadable],
    )
