"""Runs collectors: what is due is a row with a lease; what was read is stored with its checkpoint."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from app.domain.errors import (
    CollectorError,
    ConfigurationError,
    Conflict,
    DatabaseUnavailable,
    EgressError,
    NotFound,
    SourceGone,
    SourceRefused,
    SourceThrottled,
)
from app.domain.ports import Checkpoint, Collector, CollectRequest, Event
from app.egress.client import Egress
from app.observability import RUNS, TAKEN_POSTS
from app.pipeline.intake import CREATED, Intake, Run
from app.pipeline.watchdog import IMPORTED
from app.runtime import clocks
from app.runtime.wiring import Product
from app.storage import checkpoints, installation
from app.storage.checkpoints import Due, Ending
from app.storage.database import now_of
from collectors.registry import collector as build_collector

log = structlog.get_logger(__name__)

AT_ONCE: Final = 8
"""Sources that one process polls beside each other."""
REPLAYED: Final = "this database holds a replay; live sources are not mixed in"
_BACKOFF: Final = (timedelta(minutes=1), timedelta(hours=1))
"""RELIABILITY C3: from one minute to one hour, with a fifth of jitter that only lengthens."""
_JITTER: Final = 0.2


@dataclass(frozen=True, slots=True)
class RunReport:
    """How one run of one source went."""

    source: str
    outcome: str
    seen: int
    stored: int
    error: str | None
    next_poll_at: datetime


async def collect_once(product: Product, names: Sequence[str] | None = None) -> list[RunReport]:
    """Poll the named sources, or all there are, once and now.

    Raises `NotFound` for a name that is not there, `Conflict` in a database that holds a replay.
    """
    if await asyncio.to_thread(clocks.is_virtual, product.database):
        raise Conflict(f"{REPLAYED}. Collect into another one: set FRETWATCH_DATABASE_URL")
    known = await asyncio.to_thread(_names, product)
    unknown = [name for name in names or () if name not in known]
    if unknown:
        raise NotFound(f'There is no source "{unknown[0]}"; there are: {", ".join(known) or "none"}.')
    return await Collecting(product).poll(list(names or known))


def _names(product: Product) -> list[str]:
    with product.database.read() as tx:
        return [watched.source.name for watched in checkpoints.watched_sources(tx)]


class Collecting:
    """Polls sources; any number of processes may do so beside each other."""

    def __init__(
        self, product: Product, *, build: Callable[[str, Egress], Collector] = build_collector, keep_every: float = 40.0
    ) -> None:
        self._product = product
        self._build = build
        self._keep_every = keep_every
        self._random = random.Random()
        self._has_told = False
        self._running: set[asyncio.Task[RunReport | None]] = set()

    async def poll_live(self) -> Sequence[asyncio.Task[RunReport | None]]:
        """Start what is due, at most `AT_ONCE` beside each other, and return without waiting: a slow source is its own.

        In a database that holds a replay nothing is read, and that is said once.
        """
        if await asyncio.to_thread(clocks.is_virtual, self._product.database):
            if not self._has_told:
                log.warning(REPLAYED)
                self._has_told = True
            return []
        room = AT_ONCE - len(self._running)
        if room <= 0:
            return []
        due = await asyncio.to_thread(self._claim, room)
        started = [asyncio.create_task(self._alone(one)) for one in due]
        self._running.update(started)
        for task in started:
            task.add_done_callback(self._running.discard)
        return started

    async def poll(self, names: Sequence[str]) -> list[RunReport]:
        """Run what is named, and wait for it; one source's failure is not another's."""
        due = await asyncio.to_thread(self._claim, max(1, len(names)), names)
        return list(await asyncio.gather(*(self._run(one) for one in due)))

    async def _alone(self, due: Due) -> RunReport | None:
        try:
            return await self._run(due)
        except DatabaseUnavailable as error:
            log.warning("source waits", source=due.source.name, reason=error.message)
        except Exception:  # the edge of a job: its lease ends, and it is polled again
            log.exception("run failed", source=due.source.name)
        return None

    def _claim(self, limit: int, names: Sequence[str] | None = None) -> list[Due]:
        now = self._product.database.now()
        with self._product.database.write() as tx:
            return checkpoints.claim_due(tx, now=now, limit=limit, names=names)

    async def _run(self, due: Due) -> RunReport:
        run, storing = await asyncio.to_thread(self._begin, due)
        keeping = asyncio.create_task(self._keep(due))
        egress = self._product.egress()
        error: Exception | None = None
        try:
            request = await asyncio.to_thread(self._request, due)
            await self._collect(self._build(due.source.kind, egress), request, due, storing)
        except (CollectorError, EgressError, ConfigurationError) as caught:
            error = caught
        except Exception as caught:  # the edge of a job: a collector's defect must not stop the others
            log.exception("collector failed", source=due.source.name)
            error = caught
        finally:
            keeping.cancel()
            await egress.close()
        ending = await asyncio.to_thread(self._finish, run, due, error)
        RUNS.labels(due.source.name, ending.outcome).inc()
        return RunReport(
            due.source.name, ending.outcome, storing.seen, storing.stored, ending.error, ending.next_poll_at
        )

    def _begin(self, due: Due) -> "tuple[Run, _Storing]":
        now = self._product.database.now()
        with self._product.database.write() as tx:
            run = Run(checkpoints.start_run(tx, due.source.name, now), due.source.name, due.token)
        return run, _Storing(self._product.intake(), run)

    async def _keep(self, due: Due) -> None:
        """A source that is long before its first checkpoint is still this worker's; storing says when it is not."""
        while True:
            await asyncio.sleep(self._keep_every)
            try:
                await asyncio.to_thread(self._renew, due)
            except DatabaseUnavailable as error:
                log.warning("lease not renewed", source=due.source.name, reason=error.message)

    def _renew(self, due: Due) -> None:
        with self._product.database.write() as tx:
            checkpoints.renew(tx, due.source.name, due.token, now_of(tx))

    def _request(self, due: Due) -> CollectRequest:
        token = self._product.configuration.token(due.source)
        with self._product.database.read() as tx:
            brands = self._product.watching(tx).brands
        return CollectRequest(due.source, tuple(brands[name] for name in due.source.brands if name in brands), token)

    async def _collect(self, collector: Collector, request: CollectRequest, due: Due, storing: "_Storing") -> None:
        async for event in collector.collect(request, due.checkpoint):
            await storing.add(event)

    def _ending(self, due: Due, error: Exception | None, now: datetime) -> Ending:
        if error is None:
            return Ending("ok", now + self._longer(due.source.interval), 0)
        said = getattr(error, "message", None) or f"a defect of the collector: {type(error).__name__}"
        fails = due.fails + 1
        if isinstance(error, SourceThrottled):
            return Ending("throttled", now + self._longer(error.retry_after), fails, said)
        paused = said if isinstance(error, SourceRefused | SourceGone | ConfigurationError) else None
        wait = min(_BACKOFF[1], _BACKOFF[0] * 2 ** min(fails - 1, 6))
        return Ending("paused" if paused else "failed", now + self._longer(wait), fails, said, paused)

    def _longer(self, span: timedelta) -> timedelta:
        return span * (1 + self._random.random() * _JITTER)

    def _finish(self, run: Run, due: Due, error: Exception | None) -> Ending:
        now = self._product.database.now()
        ending = self._ending(due, error, now)
        with self._product.database.write() as tx:
            checkpoints.finish_run(tx, run.id, due, ending, now)
            if due.is_first_import and ending.error is None:
                installation.put(tx, f"{IMPORTED}{due.source.name}", {"run": run.id})
        return ending


class _Storing:
    """Collects events up to a checkpoint, and stores them with it."""

    def __init__(self, intake: Intake, run: Run) -> None:
        self._intake = intake
        self._run = run
        self._events: list[Event] = []
        self.seen = 0
        self.stored = 0

    async def add(self, event: Event) -> None:
        self._events.append(event)
        if isinstance(event, Checkpoint):
            taken = await asyncio.to_thread(self._intake.take, self._events, run=self._run)
            self._events = []
            self.seen += len(taken.posts)
            self.stored += taken.count(CREATED)
            for post in taken.posts:
                TAKEN_POSTS.labels(post.outcome).inc()
