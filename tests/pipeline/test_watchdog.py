"""The watchdog: silent sources speak up, first imports end in one card, and only when all of it has been read."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from app.domain.alerts import AlertState, Level
from app.domain.brands import SourceConfig, silent_after
from app.domain.ports import Capabilities
from app.pipeline.alerting import Alerting
from app.pipeline.watchdog import IMPORTED, Watchdog
from app.queries.health import sources_health
from app.storage import checkpoints, configuration, installation, outbox_claims
from app.storage.checkpoints import Ending
from tests.pipeline.monitor import DAY, HOUR, MINUTE, T0, WATCH, Monitor, complaint, reply

FEED = SourceConfig("feed", "rss", ("northwind",), interval=timedelta(minutes=10))
WITH_FEED = replace(WATCH, sources=(FEED,), capabilities={"rss": Capabilities(sees_replies=False, answerable=False)})


@pytest.fixture
def applied_at(monitor: Monitor) -> datetime:
    """A source that is polled, named for the first time at this moment."""
    now = monitor.database.now()
    with monitor.database.write() as tx:
        configuration.apply(tx, WITH_FEED, now)
    monitor.watching.forget()
    return now


def watch(monitor: Monitor, now: datetime) -> None:
    with monitor.database.write() as tx:
        Watchdog(Alerting()).run(tx, monitor.watching(tx), now)


def run_source(monitor: Monitor, now: datetime, *, error: str | None = None, paused: str | None = None) -> None:
    with monitor.database.write() as tx:
        (due,) = checkpoints.claim_due(tx, now=now, limit=1, names=["feed"])
        run = checkpoints.start_run(tx, "feed", now)
        fails = due.fails + 1 if error else 0
        ending = Ending("failed" if error else "ok", now + FEED.interval, fails, error, paused)
        checkpoints.finish_run(tx, run, due, ending, now)


def test_a_source_that_stays_silent_raises_an_alert_and_ends_it(monitor: Monitor, applied_at: datetime) -> None:
    watch(monitor, applied_at + 30 * MINUTE)
    assert monitor.alerts("health") == []
    run_source(monitor, applied_at + 31 * MINUTE, error="no answer within 20 s")
    watch(monitor, applied_at + 32 * MINUTE)
    (alert,) = monitor.alerts("health")
    assert (alert.level, alert.brand) == (Level.WARN, "northwind")
    assert "feed is silent" in alert.title
    assert "no answer within 20 s" in [reason.text for reason in alert.reasons]
    run_source(monitor, applied_at + 40 * MINUTE)
    watch(monitor, applied_at + 41 * MINUTE)
    (alert,) = monitor.alerts("health")
    assert alert.state is AlertState.RESOLVED


@pytest.mark.parametrize("interval", [timedelta(minutes=1), timedelta(minutes=5), timedelta(hours=1)])
def test_the_page_and_the_alert_mean_the_same_silence(monitor: Monitor, interval: timedelta) -> None:
    now = monitor.database.now()
    source = replace(FEED, interval=interval)
    with monitor.database.write() as tx:
        configuration.apply(tx, replace(WITH_FEED, sources=(source,)), now)
    monitor.watching.forget()
    run_source(monitor, now)
    for beyond, state in ((timedelta(0), "ok"), (timedelta(seconds=1), "silent")):
        at = now + silent_after(interval) + beyond
        watch(monitor, at)
        with monitor.database.read() as tx:
            shown = {one.name: one.state for one in sources_health(tx, now=at)}
        assert (shown["feed"], len(monitor.alerts("health"))) == (state, int(state == "silent"))


def test_an_alert_on_what_no_file_names_any_more_ends(monitor: Monitor, applied_at: datetime) -> None:
    with monitor.database.write() as tx:
        outbox_claims.disable_endpoint(tx, "oncall", why="410 Gone", now=applied_at)
    watch(monitor, applied_at + DAY)
    groups = {alert.group for alert in monitor.alerts("health") if alert.state is AlertState.OPEN}
    assert groups == {"health:feed", "health:endpoint:oncall"}
    with monitor.database.write() as tx:
        configuration.apply(tx, replace(WITH_FEED, sources=(), endpoints=()), applied_at + DAY)
    watch(monitor, applied_at + DAY + MINUTE)
    assert {alert.state for alert in monitor.alerts("health")} == {AlertState.RESOLVED}


def test_a_paused_source_speaks_at_once(monitor: Monitor, applied_at: datetime) -> None:
    run_source(monitor, applied_at, error="401", paused="the token is refused: set FEED_TOKEN")
    watch(monitor, applied_at + MINUTE)
    (alert,) = monitor.alerts("health")
    assert "is paused" in alert.title
    assert any("FEED_TOKEN" in reason.text for reason in alert.reasons)


def test_the_tick_looks_after_the_sources(monitor: Monitor, applied_at: datetime) -> None:
    with monitor.database.write() as tx:
        configuration.apply(tx, replace(WITH_FEED, sources=()), applied_at)
        configuration.apply(tx, WITH_FEED, applied_at - DAY)
    monitor.tick(T0, at_due=False)
    assert len(monitor.alerts("health")) == 1


def first_import(monitor: Monitor) -> None:
    monitor.clock.advance(90 * DAY)
    late = [complaint(f"{n}", author=f"a{n}", at=T0 + n * HOUR) for n in range(5)]
    monitor.intake().take([*late, reply("r", to="0", at=T0 + DAY)])
    with monitor.database.write() as tx:
        installation.put(tx, f"{IMPORTED}mastodon", {"run": "r1"})


def test_a_first_import_ends_in_one_card(monitor: Monitor) -> None:
    first_import(monitor)
    monitor.read()
    watch(monitor, monitor.clock.now())
    watch(monitor, monitor.clock.now() + HOUR)
    (card,) = [alert for alert in monitor.alerts("digest") if alert.group.startswith("import:")]
    assert card.title == "Import done: 5 posts, 5 complaints, 4 with no reply seen"
    assert [told.kind for told in monitor.told(card.id)] == ["opened"]
    assert {alert.leg for alert in monitor.alerts()} == {"digest"}


def test_the_card_waits_until_everything_is_read(monitor: Monitor) -> None:
    first_import(monitor)
    watch(monitor, monitor.clock.now())
    assert monitor.alerts() == []
    monitor.queue.claim(10)
    watch(monitor, monitor.database.now())
    assert monitor.alerts() == []
