"""Plays a file through the whole pipeline in its own time: the event clock follows the posts, nothing else is virtual.

A replay stopped at any moment is taken up by running it again: what is stored is not stored twice.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Final

from app.domain.brands import SourceConfig
from app.domain.clock import ManualClock, MovableClock
from app.domain.errors import Conflict
from app.domain.ports import Capabilities, Event
from app.domain.posts import EngagementSample, Post, Tombstone
from app.pipeline.intake import CREATED, DUPLICATE, EDITED, QUARANTINED, UNMATCHED, IntakeReport
from app.runtime import clocks
from app.runtime.wiring import Product
from app.storage import configuration, installation, reports
from collectors.mapping import read_mapping
from collectors.records import MalformedLine, read_records

BATCH: Final = 256
"""Records a transaction."""
LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Where the event clock of a replay stands before its first post."""
_WIDEST: Final = timedelta(hours=6)
"""Event time that one step covers at most."""
_STEP: Final = 0.25
"""Seconds of real time that a step of a paced replay is meant to take."""
_SHOWN: Final = 20
"""Malformed lines that a report quotes; the others are counted."""


@dataclass(slots=True)
class ReplayReport:
    """What a replay did. `malformed` holds (line, reason); `alerts` counts those opened by this replay."""

    read: int = 0
    stored: int = 0
    duplicates: int = 0
    edited: int = 0
    unmatched: int = 0
    quarantined: int = 0
    malformed_count: int = 0
    malformed: list[tuple[int, str]] = field(default_factory=list)
    complaints: int = 0
    cases: int = 0
    alerts: int = 0
    seconds: float = 0.0
    first_at: datetime | None = None
    last_at: datetime | None = None

    def add(self, taken: IntakeReport) -> None:
        """Count one stored batch."""
        self.stored += taken.count(CREATED)
        self.duplicates += taken.count(DUPLICATE)
        self.edited += taken.count(EDITED)
        self.unmatched += taken.count(UNMATCHED)
        self.quarantined += taken.count(QUARANTINED)

    def reject(self, line: MalformedLine) -> None:
        """Count one line that could not be read."""
        self.malformed_count += 1
        if len(self.malformed) < _SHOWN:
            self.malformed.append((line.line_no, line.reason))


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast events pass: `speed` event seconds a second, or as fast as possible for `None`.

    `stages` are (until, speed) in time order, for a story that is told at several speeds; after the last, `speed`.
    """

    speed: float | None = None
    stages: tuple[tuple[datetime, float], ...] = ()

    def at(self, instant: datetime) -> float | None:
        """The speed at an instant of event time."""
        return next((speed for until, speed in self.stages if instant < until), self.speed)

    def pause(self, start: datetime, end: datetime) -> float:
        """Seconds to wait between two events."""
        speed = self.at(start)
        return 0.0 if speed is None else max(0.0, (end - start).total_seconds() / speed)

    def stretch(self, instant: datetime) -> timedelta:
        """How much event time one step may cover."""
        speed = self.at(instant)
        return _WIDEST if speed is None else min(_WIDEST, timedelta(seconds=max(1.0, speed * _STEP)))


AS_FAST_AS_POSSIBLE: Final = Pace()
Progress = Callable[[ReplayReport], None]


def _silent(_: ReplayReport) -> None:
    return None


async def replay(
    product: Product,
    file: Path,
    mapping: Path | None = None,
    *,
    source: str = "replay",
    pace: Pace = AS_FAST_AS_POSSIBLE,
    progress: Progress = _silent,
) -> ReplayReport:
    """Play a file.

    Raises `ConfigurationError` for a wrong mapping before anything is stored, `Conflict` in a database with live posts.
    """
    records = read_records(file, read_mapping(mapping) if mapping else None, source=source)
    player = Player(product, ManualClock(start_of(product)), pace=pace, progress=progress)
    # A table of posts is stored and read side by side; a file that also tells how posts grew goes step by step, so that
    # no judgement sees a counter of its own future.
    if mapping is not None and pace.speed is None:
        return await player.play(records)
    return await player.play_steps(records)


class Player:
    """Drives intake, reading and ticking from records in time order."""

    def __init__(
        self,
        product: Product,
        clock: MovableClock,
        *,
        pace: Pace = AS_FAST_AS_POSSIBLE,
        progress: Progress = _silent,
    ) -> None:
        self._product = product
        self._clock = clock
        product.clock.follow(clock)
        self._pace = pace
        self._progress = progress
        self._known: set[str] = set()
        self.report = ReplayReport()

    async def play(self, records: Iterable[object]) -> ReplayReport:
        """As fast as possible: store, read and record at once, and let time pass behind what was recorded."""
        began, before = perf_counter(), await asyncio.to_thread(self._count)
        feeding_done = asyncio.Event()
        worker = self._product.worker(recorded=self._time_passes)
        await worker.drain_leftovers()
        async with asyncio.TaskGroup() as group:
            group.create_task(worker.drain(lambda: not feeding_done.is_set()))
            try:
                await self._feed(iter(records))
            finally:
                feeding_done.set()
        return await self._finished(began, before)

    async def play_steps(self, records: Iterable[object]) -> ReplayReport:
        """One stretch of event time after another: each is stored, read and lived through before the next."""
        began, before = perf_counter(), await asyncio.to_thread(self._count)
        worker = self._product.worker()
        await worker.drain_leftovers()
        told = 0.0
        for batch in self._stretches(iter(records)):
            previous = self.report.last_at
            events = self._events(batch)
            if previous is not None and self.report.last_at is not None:
                told += self._pace.pause(previous, self.report.last_at)
                # What the work itself took is part of the pause: a slow machine catches up where the story is quiet.
                await asyncio.sleep(max(0.0, began + told - perf_counter()))
            await self._take(events)
            await worker.drain()
            if self.report.last_at is not None:
                await self._time_passes(self.report.last_at)
            self._progress(self.report)
        return await self._finished(began, before)

    async def _feed(self, records: Iterator[object]) -> None:
        while batch := await asyncio.to_thread(lambda: list(islice(records, BATCH))):
            await self._take(self._events(batch))
            self._progress(self.report)

    async def _take(self, events: list[Event]) -> None:
        await asyncio.to_thread(self._register, events)
        intake = self._product.intake(clock=self._clock, as_live=True)
        self.report.add(await asyncio.to_thread(intake.take, events))

    def _stretches(self, records: Iterator[object]) -> Iterator[list[object]]:
        batch: list[object] = []
        ends: datetime | None = None
        for record in records:
            at = _time_of(record)
            is_over = len(batch) >= BATCH or (at is not None and ends is not None and at >= ends)
            # Posts are judged by the counters of their own time: a sample and the posts before it are two stretches.
            if batch and (
                is_over or isinstance(record, EngagementSample) is not isinstance(batch[-1], EngagementSample)
            ):
                yield batch
                batch, ends = [], None
            if ends is None and at is not None:
                ends = at + self._pace.stretch(at)
            batch.append(record)
        if batch:
            yield batch

    def _events(self, batch: list[object]) -> list[Event]:
        events: list[Event] = []
        for record in batch:
            self.report.read += 1
            if isinstance(record, MalformedLine):
                self.report.reject(record)
            elif isinstance(record, Post | EngagementSample | Tombstone):
                events.append(record)
        times = [at for at in map(_time_of, events) if at is not None]
        if times:
            self.report.first_at = self.report.first_at or min(times)
            self.report.last_at = max(*times, self.report.last_at or times[0])
        return events

    def _register(self, events: Iterable[Event]) -> None:
        names = {event.source for event in events if isinstance(event, Post)} - self._known
        if not names:
            return
        self._known |= names
        now = self._product.database.now()
        sources = [SourceConfig(name, "replay", ()) for name in sorted(names)]
        with self._product.database.write() as tx:
            configuration.add_sources(tx, sources, Capabilities(sees_replies=True), now)
        self._product.watching.forget()

    async def _finished(self, began: float, before: reports.Totals) -> ReplayReport:
        if self.report.last_at is not None:
            await self._time_passes(self.report.last_at)
            await asyncio.to_thread(clocks.keep_virtual_now, self._product.database, self._clock.now())
        elif before.posts == 0 and self._clock.now() == LONG_AGO:
            await asyncio.to_thread(clocks.forget_virtual_now, self._product.database)
        after = await asyncio.to_thread(self._count)
        self.report.complaints = after.complaints - before.complaints
        self.report.cases = after.cases - before.cases
        self.report.alerts = after.alerts - before.alerts
        self.report.seconds = perf_counter() - began
        self._progress(self.report)
        return self.report

    async def _time_passes(self, instant: datetime) -> None:
        self._clock.move_to(instant)
        await asyncio.to_thread(self._product.ticker.tick, self._clock.now(), at_due=True)

    def _count(self) -> reports.Totals:
        with self._product.database.read() as tx:
            return reports.totals(tx)


def start_of(product: Product) -> datetime:
    """Where the event clock of a replay begins. Raises `Conflict` in a database with live posts."""
    with product.database.read() as tx:
        virtual = installation.virtual_now(tx)
        has_live_posts = virtual is None and reports.totals(tx).mentions > 0
    if has_live_posts:
        message = (
            "This database holds live posts: replayed time would age them all at once. Replay into another one: "
            "FRETWATCH_DATABASE_URL=sqlite:///var/replay.db fretwatch replay …"
        )
        raise Conflict(message)
    if virtual is None:
        clocks.keep_virtual_now(product.database, LONG_AGO)
    return virtual or LONG_AGO


def _time_of(record: object) -> datetime | None:
    if isinstance(record, Post):
        return record.created_at
    if isinstance(record, EngagementSample | Tombstone):
        return record.at
    return None
