"""Live sources and replayed posts are never mixed in one database."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from app.domain.brands import SourceConfig
from app.domain.errors import Conflict
from app.domain.ports import Capabilities, Checkpoint, CollectRequest, Event
from app.domain.posts import Post
from app.runtime import clocks, jobs
from app.runtime.collecting import REPLAYED, Collecting, collect_once
from app.runtime.wiring import Product
from app.storage import checkpoints, configuration, tables
from app.storage.database import now_of
from tests.pipeline.monitor import MINUTE, T0, WATCH, complaint

FEED = SourceConfig("feed", "no collector", ("northwind",), interval=timedelta(minutes=10))
WITH_FEED = replace(WATCH, sources=(FEED,), capabilities={"no collector": Capabilities(sees_replies=False)})


@pytest.fixture
def with_feed(product: Product) -> Product:
    """A source that is due at once, and fails as soon as anybody polls it."""
    with product.database.write() as tx:
        configuration.apply(tx, WITH_FEED, product.database.now())
    product.watching.forget()
    return product


def test_a_replayed_database_takes_no_live_sources(with_feed: Product) -> None:
    clocks.keep_virtual_now(with_feed.database, T0)
    with pytest.raises(Conflict, match="holds a replay; live sources are not mixed in"):
        asyncio.run(collect_once(with_feed))
    collecting = Collecting(with_feed)
    with capture_logs() as lines:
        assert asyncio.run(collecting.poll_live()) == []
        assert asyncio.run(collecting.poll_live()) == []
    assert [line["event"] for line in lines] == [REPLAYED]
    with with_feed.database.read() as tx:
        (watched,) = checkpoints.watched_sources(tx)
    assert watched.fails == 0


def test_a_live_database_polls_what_is_due(with_feed: Product) -> None:
    (job,) = [job for job in jobs.table(with_feed) if job.role == jobs.COLLECT]
    (report,) = asyncio.run(_reports(job))
    assert report == "feed"
    (again,) = asyncio.run(collect_once(with_feed, ["feed"]))
    assert "no collector" in (again.error or "")


async def _reports(job: jobs.Job) -> list[str]:
    started = await job.run()
    assert isinstance(started, list)
    return [report.source for report in await asyncio.gather(*started)]


class Told:
    """A collector that does what the test says: one step a source, each ended by a checkpoint."""

    kind = "told"
    capabilities = Capabilities(sees_replies=False)

    def __init__(self, steps: Mapping[str, Sequence[Callable[[], Awaitable[None]] | Post]]) -> None:
        self._steps = steps

    async def collect(self, request: CollectRequest, since: Checkpoint | None) -> AsyncIterator[Event]:
        for number, step in enumerate(self._steps[request.source.name]):
            if isinstance(step, Post):
                yield step
                yield Checkpoint({"step": number})
            else:
                await step()


def with_sources(product: Product, *names: str) -> None:
    sources = tuple(SourceConfig(name, "no collector", ("northwind",), interval=10 * MINUTE) for name in names)
    with product.database.write() as tx:
        configuration.apply(tx, replace(WITH_FEED, sources=sources), now_of(tx))
    product.watching.forget()


def steal(product: Product, name: str) -> None:
    """The lease ran out, and another worker took it."""
    with product.database.write() as tx:
        tx.execute(tables.source.update().where(tables.source.c.name == name).values(lease_token="another"))


async def test_a_slow_source_does_not_stop_the_others(product: Product) -> None:
    with_sources(product, "slow", "quick")
    go_on = asyncio.Event()

    async def hang() -> None:
        await go_on.wait()

    told = Told({"slow": [hang], "quick": [complaint("1", source="quick")]})
    collecting = Collecting(product, build=lambda *_: told)
    started = await collecting.poll_live()
    done, waiting = await asyncio.wait(started, timeout=20, return_when=asyncio.FIRST_COMPLETED)
    (first,) = [task.result() for task in done]
    assert first is not None
    assert (first.source, first.outcome, first.stored) == ("quick", "ok", 1)
    with product.database.write() as tx:
        tx.execute(tables.source.update().where(tables.source.c.name == "quick").values(next_poll_at=T0))
    (again,) = await collecting.poll_live()
    await again
    go_on.set()
    (slow,) = waiting
    report = await slow
    assert report is not None
    assert (report.source, report.outcome) == ("slow", "ok")


async def test_a_run_that_lost_its_source_stores_nothing_more(product: Product) -> None:
    with_sources(product, "feed")

    async def lose() -> None:
        await asyncio.to_thread(steal, product, "feed")

    told = Told({"feed": [complaint("1", source="feed"), lose, complaint("2", source="feed")]})
    (report,) = await Collecting(product, build=lambda *_: told).poll(["feed"])
    assert (report.outcome, report.stored) == ("failed", 1)
    assert "Another worker reads feed by now" in (report.error or "")
    with product.database.read() as tx:
        assert list(tx.execute(select(tables.post.c.external_id)).scalars()) == ["1"]
        assert tx.execute(select(tables.checkpoint.c.value)).scalar_one() == {"step": 0}
        source = tx.execute(select(tables.source).where(tables.source.c.name == "feed")).one()
    assert (source.lease_token, source.fails) == ("another", 0)


async def test_a_long_run_keeps_its_source(product: Product) -> None:
    with_sources(product, "feed")

    def held_until() -> datetime:
        with product.database.read() as tx:
            statement = select(tables.source.c.lease_until).where(tables.source.c.name == "feed")
            found = tx.execute(statement).scalar_one()
        assert isinstance(found, datetime)
        return found

    def look() -> None:
        first, until = held_until(), monotonic() + 20
        while held_until() <= first:
            assert monotonic() < until

    async def until_renewed() -> None:
        await asyncio.to_thread(look)

    told = Told({"feed": [until_renewed, complaint("1", source="feed")]})
    (report,) = await Collecting(product, build=lambda *_: told, keep_every=0.01).poll(["feed"])
    assert (report.outcome, report.stored) == ("ok", 1)


def test_every_process_hears_of_another_configuration(product: Product) -> None:
    for role in jobs.ROLES:
        assert jobs.schedule(product, frozenset({role})).get_job("refresh configuration") is not None
    assert jobs.schedule(product, frozenset({jobs.READ})).get_job("poll sources") is None
