"""The queue inside the database: no broker needed, and as durable as the posts themselves."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from app.domain.ports import Chunk, ChunkLease, QueueStats
from app.storage import queue
from app.storage.database import Database, Transaction, now_of

_POLL = 0.2


class DatabaseQueue:
    """`WorkQueue` over the table `work_chunk`; times are the database's own. `now` is a seam of the tests."""

    def __init__(self, database: Database, *, now: Callable[[Transaction], datetime] = now_of) -> None:
        self._database = database
        self._now = now

    async def publish(self, chunks: Sequence[Chunk]) -> None:
        """Return when the chunks are committed."""
        await asyncio.to_thread(self._publish, chunks)

    async def pull(self, max_chunks: int, wait: float) -> list[ChunkLease]:
        """Poll until something is due, at most `wait` seconds."""
        loop = asyncio.get_running_loop()
        until = loop.time() + wait
        while True:
            leases = await asyncio.to_thread(self.claim, max_chunks)
            if leases or loop.time() >= until:
                return leases
            await asyncio.sleep(min(_POLL, max(0.0, until - loop.time())))

    def claim(self, max_chunks: int) -> list[ChunkLease]:
        """One look, without waiting."""
        with self._database.write() as tx:
            return queue.claim(tx, max_chunks, self._now(tx))

    async def ack(self, leases: Sequence[ChunkLease]) -> None:
        """Done."""
        await asyncio.to_thread(self.acknowledge, leases)

    def acknowledge(self, leases: Sequence[ChunkLease]) -> None:
        """Done, from a worker thread."""
        with self._database.write() as tx:
            queue.acknowledge(tx, leases)

    async def nack(self, leases: Sequence[ChunkLease], delay: timedelta) -> None:
        """Again after `delay`."""
        await asyncio.to_thread(self._give_back, leases, delay)

    async def extend(self, leases: Sequence[ChunkLease]) -> None:
        """Hold them for another lease."""
        await asyncio.to_thread(self._extend, leases)

    async def dead(self, lease: ChunkLease, why: str) -> None:
        """Keep it with its reason."""
        await asyncio.to_thread(self._bury, lease, why)

    async def stats(self) -> QueueStats:
        """How full it is."""
        return await asyncio.to_thread(self._stats)

    def _publish(self, chunks: Sequence[Chunk]) -> None:
        with self._database.write() as tx:
            queue.publish(tx, chunks, self._now(tx))

    def _give_back(self, leases: Sequence[ChunkLease], delay: timedelta) -> None:
        with self._database.write() as tx:
            queue.give_back(tx, leases, self._now(tx) + delay)

    def _extend(self, leases: Sequence[ChunkLease]) -> None:
        with self._database.write() as tx:
            queue.extend(tx, leases, self._now(tx) + queue.LEASE)

    def _bury(self, lease: ChunkLease, why: str) -> None:
        with self._database.write() as tx:
            queue.bury(tx, lease, why)

    def _stats(self) -> QueueStats:
        with self._database.read() as tx:
            return queue.stats(tx, self._now(tx))
