"""The real pipeline over a test database: only the readers are scripted, and the clock stands still until moved."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from app.domain.alerts import Alert, Endpoint
from app.domain.brands import Brand, SourceConfig
from app.domain.cases import Case
from app.domain.clock import EventClock, ManualClock
from app.domain.policies import Policy, PolicyRow
from app.domain.ports import Capabilities, Event
from app.domain.posts import Author, EngagementSample, Post, Tombstone
from app.pipeline.alerting import Alerting
from app.pipeline.build import after_queue, before_queue
from app.pipeline.intake import Intake, IntakeReport, Run
from app.pipeline.judging import JudgeCases
from app.pipeline.side_by_side import SideBySide
from app.pipeline.usual import UsualCache
from app.queue.database import DatabaseQueue
from app.runtime.reading import ReadingWorker
from app.runtime.ticking import Ticker
from app.runtime.watching import WatchingCache
from app.storage import audit, configuration, tables
from app.storage.configuration import Watch
from app.storage.database import Database
from app.storage.reads_rows import alert_of, case_of
from tests.pipeline.scripted import ScriptedClassifier, ScriptedReplies

T0 = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
GOOD = "acts=apologise,remedy"
EMPTY = "acts=thank"
NORTHWIND = Brand("northwind", "Northwind", handles={"mastodon": ("@care@social.example",)}, policy="airline")
SOUTHWIND = Brand("southwind", "Southwind", handles={"mastodon": ("@help@social.example",)}, policy="airline")
POLICY = Policy(
    name="airline",
    version=1,
    rows=(PolicyRow(failure="lost_or_damaged", owner="baggage-desk"), PolicyRow(owner="front-desk")),
)
ONCALL = Endpoint("oncall", "https://example.org/hook", levels=frozenset({"watch", "warn", "page"}))
WATCH = Watch(brands=(NORTHWIND, SOUTHWIND), policies=(POLICY,), endpoints=(ONCALL,))


def post(
    external_id: str,
    text: str = "",
    *,
    at: datetime = T0,
    author: str = "ann",
    handle: str | None = None,
    followers: int | None = None,
    **more: Any,
) -> Post:
    """A post about Northwind by Ann, unless it says otherwise."""
    source = more.pop("source", "mastodon")
    words = f"northwind {text}".strip() if not more.get("brands") else text
    return Post(source, external_id, words, Author(author, handle, followers=followers), at, **more)


def complaint(external_id: str, marks: str = "failure=delay", **more: Any) -> Post:
    """A post that is read as a complaint."""
    return post(external_id, f"complaint=0.9 {marks}", **more)


def reply(external_id: str, marks: str = GOOD, *, to: str | None = None, brand: str = "northwind", **more: Any) -> Post:
    """A public reply by the brand's handle."""
    handle = {"northwind": "care@social.example", "southwind": "help@social.example"}[brand]
    return post(external_id, marks, author=f"{brand}-desk", handle=handle, parent_id=to, **more)


def sample(external_id: str, at: datetime, **counters: int) -> EngagementSample:
    """How a post stands at one moment."""
    return EngagementSample("mastodon", external_id, at, **counters)


def gone(external_id: str, at: datetime = T0 + DAY) -> Tombstone:
    """The source says that the post was deleted."""
    return Tombstone("mastodon", external_id, "deleted by its author", at)


@dataclass
class Told:
    """One alert change as the history has it."""

    alert: str
    kind: str
    at: datetime
    note: str


class Monitor:
    """Intake, queue, reading worker, recording and ticker over one database."""

    def __init__(
        self, database: Database, *, watch: Watch = WATCH, start: datetime = T0, as_live: bool = False
    ) -> None:
        self.database = database
        self.as_live = as_live
        self.clock = ManualClock(start)
        self.event_clock = EventClock(self.clock)
        self.reader = ScriptedClassifier()
        self.readers = SideBySide((self.reader,))
        self.queue = DatabaseQueue(database)
        self.watching = WatchingCache(public_url="https://fretwatch.test", classifier=self.reader.version)
        self.apply(watch)
        alerting = Alerting()
        judging = JudgeCases(UsualCache(), alerting)
        self.pipeline = after_queue(self.readers, ScriptedReplies(), self.watching, judging, self.event_clock)
        self.ticker = Ticker(database, self.watching, judging, alerting)

    def apply(self, watch: Watch, *, sources: Sequence[str] = ("mastodon", "reviews"), answerable: bool = True) -> None:
        """Make the database agree with a configuration; the sources are pushed to, not polled."""
        now = self.database.now()
        pushed = [SourceConfig(name, "push", ()) for name in sources]
        with self.database.write() as tx:
            configuration.apply(tx, watch, now)
            configuration.add_sources(tx, pushed, Capabilities(sees_replies=True, answerable=answerable), now)
        self.watching.forget()

    def intake(self) -> Intake:
        """An intake for what is watched now; no guessing of languages."""
        with self.database.read() as tx:
            brands = list(self.watching(tx).brands.values())
        return Intake(self.database, before_queue(brands, lambda _: None), clock=self.clock, as_live=self.as_live)

    def take(self, *events: Event, run: Run | None = None) -> IntakeReport:
        """Take a batch in, at the time of its newest post."""
        times = [event.created_at for event in events if isinstance(event, Post) and event.created_at is not None]
        if times:
            self.clock.move_to(max(times))
        return self.intake().take(events, run=run)

    def read(self) -> int:
        """Read and record all that waits; how many mentions."""
        return asyncio.run(ReadingWorker(self.database, self.queue, self.pipeline).drain())

    def live(self, *events: Event) -> IntakeReport:
        """Take a batch in and read it."""
        report = self.take(*events)
        self.read()
        return report

    def tick(self, at: datetime, *, at_due: bool = True) -> None:
        """Let time pass up to an instant."""
        self.clock.move_to(at)
        self.ticker.tick(at, at_due=at_due)

    def rows(self, table: Any, *conditions: Any) -> list[Any]:
        """The rows of a table."""
        with self.database.read() as tx:
            return list(tx.execute(select(table).where(*conditions)).all())

    def cases(self) -> list[Case]:
        """All cases, the oldest first."""
        with self.database.read() as tx:
            found = tx.execute(select(tables.complaint_case).order_by(tables.complaint_case.c.opened_at)).mappings()
            return [case_of(row) for row in found]

    def case(self, author: str = "ann", brand: str = "northwind") -> Case:
        """The one case of an author."""
        (found,) = [case for case in self.cases() if case.author == author and case.brand == brand]
        return found

    def members(self) -> dict[str, set[str]]:
        """The external ids of the posts in each case."""
        member, mention, stored = tables.case_member, tables.mention, tables.post
        statement = (
            select(member.c.case_id, stored.c.external_id)
            .join(mention, mention.c.id == member.c.mention_id)
            .join(stored, stored.c.id == mention.c.post_id)
        )
        found: dict[str, set[str]] = {}
        with self.database.read() as tx:
            for case_id, external_id in tx.execute(statement):
                found.setdefault(case_id, set()).add(external_id)
        return found

    def alerts(self, leg: str | None = None) -> list[Alert]:
        """All alerts, the oldest first."""
        with self.database.read() as tx:
            rows = tx.execute(select(tables.alert).order_by(tables.alert.c.opened_at, tables.alert.c.id)).mappings()
            return [found for found in map(alert_of, rows) if leg is None or found.leg == leg]

    def told(self, alert: str | None = None) -> list[Told]:
        """The history of alerts, in order."""
        table = tables.alert_change
        with self.database.read() as tx:
            rows = tx.execute(select(table).order_by(table.c.sequence)).all()
        return [Told(row.alert_id, row.kind, row.at, row.note) for row in rows if alert in (None, row.alert_id)]

    def buckets(self, dimension: str | None = None) -> Counter[tuple[str, ...]]:
        """The trend buckets that are not zero, by brand, source, hour, dimension, value and visibility."""
        rows = self.rows(tables.trend_bucket)
        return Counter(
            {
                (row.brand, row.source, row.hour.isoformat(), row.dimension, row.value, row.visibility): row.n
                for row in rows
                if row.n and dimension in (None, row.dimension)
            }
        )

    def counts(self, dimension: str) -> dict[str, int]:
        """One dimension over everything."""
        found: Counter[str] = Counter()
        for row in self.rows(tables.trend_bucket, tables.trend_bucket.c.dimension == dimension):
            found[row.value] += row.n
        return {value: n for value, n in found.items() if n}

    def rings(self) -> dict[str, int]:
        """The five-minute rings, summed over time, by stream."""
        found: Counter[str] = Counter()
        for row in self.rows(tables.stream_count):
            found[row.stream] += row.n
        return dict(found)

    def findings(self) -> list[str]:
        """What the audit finds wrong."""
        with self.database.read() as tx:
            return audit.audit(tx, self.database.now()).findings

    def snapshot(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of what recording writes, without the revisions that it counts up."""
        skipped = {"revision", "at"}
        found: dict[str, list[tuple[Any, ...]]] = {}
        for table in (
            tables.post,
            tables.mention,
            tables.reading,
            tables.trend_bucket,
            tables.stream_count,
            tables.complaint_case,
            tables.case_member,
            tables.reply,
            tables.alert,
            tables.alert_change,
            tables.delivery,
        ):
            columns = [column for column in table.columns if column.name not in skipped]
            with self.database.read() as tx:
                found[table.name] = sorted((tuple(row) for row in tx.execute(select(*columns))), key=repr)
        return found
