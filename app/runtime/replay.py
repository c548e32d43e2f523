"""Plays a file through the whole pipeline in its own time: the event clock follows the posts, nothing else is virtual.

A replay stopped at any moment is taken up by running it again: what is stored is not stored twice.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Final

from app.domain.brands import SourceConfig
from app.domain.clock import ManualClock
from app.domain.errors import Conflict
from app.domain.ports import Capabilities, Event
from app.domain.posts import EngagementSample, Post, Tombstone
from app.pipeline.intake import DUPLICATE, EDITED, QUARANTINED, UNMATCHED, CREATED, IntakeReport
from app.runtime import clocks
from app.runtime.wiring import Product
from app.storage import configuration, installation, reports
from collectors.mapping import read_mapping
from collectors.records import MalformedLine, read_records

BATCH: Final = 256
"""Records a transaction."""
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
    """How fast events pass: `speed` event seconds a second, or as fast as possible for `None`."""

    speed: float | None = None

    def pause(self, span: timedelta) -> float:
        """Seconds to wait for `span` of event time."""
        return 0.0 if self.speed is None else max(0.0, span.total_seconds() / self.speed)


Progress = Callable[[ReplayReport], None]


async def replay(
    product: Product,
    file: Path,
    mapping: Path | None = None,
    *,
    source: str = "replay",
    pace: Pace = Pace(),  # noqa: B008 - frozen
    progress: Progress = lambda _: None,
) -> ReplayReport:
    """Play a file. Raises `ConfigurationError` for a wrong mapping before anything is stored, `Conflict` in a live database."""
    records = read_records(file, read_mapping(mapping) if mapping else None, source=source)
    return await Player(product, pace=pace, progress=progress).play(records)


class Player:
    """Drives intake, reading and ticking from a stream of records in time order."""

    def __init__(
        self,
        product: Product,
        *,
        pace: Pace = Pace(),
        progress: Progress = lambda _: None,  # noqa: B008 - frozen
    ) -> None:
        self._product = product
        self._pace = pace
        self._progress = progress
        self._clock = ManualClock(_start(product))
        self.report = ReplayReport()

    async def play(self, records: Iterable[object]) -> ReplayReport:
        """Take everything in, read it, and let time pass up to the last event."""
        began = perf_counter()
        before = await asyncio.to_thread(self._count)
        feeding_done = asyncio.Event()
        worker = self._product.worker(recorded=self._time_passes)
        async with asyncio.TaskGroup() as group:
            group.create_task(worker.drain(lambda: not feeding_done.is_set()))
            try:
                await self._feed(iter(records))
            finally:
                feeding_done.set()
        await self.pass_time(self.report.last_at)
        after = await asyncio.to_thread(self._count)
        self.report.complaints = after.complaints - before.complaints
        self.report.cases = after.cases - before.cases
        self.report.alerts = after.alerts - before.alerts
        self.report.seconds = perf_counter() - began
        self._progress(self.report)
        return self.report

    async def pass_time(self, instant: datetime | None) -> None:
        """Move the event clock and let everything that is due by then happen."""
        if instant is not None:
            await self._time_passes(instant)
            await asyncio.to_thread(clocks.remember, self._product.database, self._clock.now())

    async def _feed(self, records: Iterator[object]) -> None:
        intake = self._product.intake(clock=self._clock, as_live=True)
        known: set[str] = set()
        while batch := await asyncio.to_thread(lambda: list(islice(records, BATCH))):
            events = self._events(batch)
            await asyncio.to_thread(self._register, events, known)
            previous = self.report.last_at
            self._note_times(events)
            if previous is not None and self.report.last_at is not None:
                await asyncio.sleep(self._pace.pause(self.report.last_at - previous))
            self.report.add(await asyncio.to_thread(intake.take, events))
            self._progress(self.report)

    def _events(self, batch: list[object]) -> list[Event]:
        events: list[Event] = []
        for record in batch:
            self.report.read += 1
            if isinstance(record, MalformedLine):
                self.report.reject(record)
            elif isinstance(record, Post | EngagementSample | Tombstone):
                events.append(record)
        return events

    def _note_times(self, events: Iterable[Event]) -> None:
        times = [at for at in map(_time_of, events) if at is not None]
        if times:
            self.report.first_at = min(times) if self.report.first_at is None else self.report.first_at
            self.report.last_at = max(*times, self.report.last_at or times[0])

    def _register(self, events: Iterable[Event], known: set[str]) -> None:
        names = {event.source for event in events if isinstance(event, Post)} - known
        if not names:
            return
        known |= names
        now = self._product.database.now()
        sees = Capabilities(sees_replies=True)
        with self._product.database.write() as tx:
            sources = [SourceConfig(name, "replay", ()) for name in sorted(names)]
            configuration.add_sources(tx, sources, sees, now)
        self._product.watching.forget()

    async def _time_passes(self, instant: datetime) -> None:
        self._clock.move_to(instant)
        await asyncio.to_thread(self._product.ticker.tick, self._clock.now(), at_due=True)

    def _count(self) -> reports.Totals:
        with self._product.database.read() as tx:
            return reports.totals(tx)


def _start(product: Product) -> datetime:
    with product.database.read() as tx:
        virtual = installation.virtual_now(tx)
        if virtual is None and reports.totals(tx).mentions:
            message = (
                "This database holds live posts: replayed time would age them all at once. "
                "Replay into another one: FRETWATCH_DATABASE_URL=sqlite:///var/replay.db fretwatch replay …"
            )
            raise Conflict(message)
    if virtual is None:
        clocks.remember(product.database, datetime.fromisoformat("1970-01-01T00:00:00+00:00"))
    return virtual or datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def _time_of(event: Event) -> datetime | None:
    if isinstance(event, Post):
        return event.created_at
    if isinstance(event, EngagementSample | Tombstone):
        return event.at
    return None
