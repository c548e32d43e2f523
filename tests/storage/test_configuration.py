"""Configuration: what is applied is what is watched; what is no longer named is retired and comes back unharmed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from app.domain.alerts import Endpoint
from app.domain.brands import Brand, SourceConfig
from app.domain.policies import Policy, PolicyRow
from app.domain.ports import Capabilities
from app.storage import configuration, outbox_claims, tables
from app.storage.configuration import Difference, EndpointState, Watch
from app.storage.database import Database

T0 = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
NORTHWIND = Brand("northwind", "Northwind Air", query='"northwind air"', rivals=("southwind",), policy="airline")
AIRLINE = Policy(name="airline", version=4, rows=(PolicyRow(owner="desk"),))
FEED = SourceConfig("feed", "rss", ("northwind",), options={"languages": ["en", "vi"]})
ONCALL = Endpoint("oncall", "https://example.org/hook", secrets=("whsec_made-up",))
SEES = {"rss": Capabilities(sees_replies=False, answerable=False), "mastodon": Capabilities(sees_replies=True)}
WATCH = Watch((NORTHWIND,), (AIRLINE,), (ONCALL,), (FEED,), SEES)


def apply(database: Database, watch: Watch, now: datetime = T0) -> list[Difference]:
    with database.write() as tx:
        return configuration.apply(tx, watch, now)


def shown(found: list[Difference]) -> set[tuple[str, str, str]]:
    return {(one.kind, one.name, one.change) for one in found}


def test_what_is_applied_is_loaded(database: Database) -> None:
    apply(database, WATCH)
    with database.read() as tx:
        assert configuration.load_brands(tx) == {"northwind": NORTHWIND}
        assert configuration.load_policies(tx) == {"airline": AIRLINE}
        assert configuration.load_sources(tx) == [FEED]
        assert configuration.load_endpoints(tx) == [replace(ONCALL, secrets=())]
        assert configuration.load_sights(tx)["feed"] == configuration.SourceSight(False, False)


def test_secrets_are_never_stored(database: Database) -> None:
    apply(database, WATCH)
    with database.read() as tx:
        assert "whsec" not in repr(tx.execute(tables.endpoint.select()).all())


def test_the_differences_are_told_before_and_after(database: Database) -> None:
    everything = {
        ("brand", "northwind", "added"),
        ("policy", "airline@4", "added"),
        ("endpoint", "oncall", "added"),
        ("source", "feed", "added"),
    }
    with database.read() as tx:
        assert shown(configuration.differences(tx, WATCH)) == everything
    assert shown(apply(database, WATCH)) == everything
    assert apply(database, WATCH) == []
    changed = Watch(
        (replace(NORTHWIND, timezone="America/Denver"),), (AIRLINE,), (), (replace(FEED, interval=HOUR),), SEES
    )
    assert shown(apply(database, changed)) == {
        ("brand", "northwind", "changed"),
        ("endpoint", "oncall", "retired"),
        ("source", "feed", "changed"),
    }


def test_what_is_no_longer_named_is_retired_and_comes_back(database: Database) -> None:
    apply(database, WATCH)
    found = apply(database, Watch(capabilities=SEES), T0 + HOUR)
    assert ("brand", "northwind", "retired") in shown(found)
    assert ("source", "feed", "retired") in shown(found)
    with database.read() as tx:
        assert configuration.load_brands(tx) == {}
        assert configuration.load_sources(tx) == []
        (row,) = tx.execute(tables.brand.select())
        assert row.retired_at == T0 + HOUR
    apply(database, WATCH, T0 + 2 * HOUR)
    with database.read() as tx:
        assert set(configuration.load_brands(tx)) == {"northwind"}
        assert configuration.load_sources(tx) == [FEED]


def test_an_old_version_of_a_policy_stays_and_the_newest_counts(database: Database) -> None:
    apply(database, WATCH)
    newer = replace(AIRLINE, version=10, rows=(PolicyRow(owner="another"),))
    assert shown(apply(database, replace(WATCH, policies=(newer,)))) == {("policy", "airline@10", "added")}
    with database.read() as tx:
        assert configuration.load_policies(tx) == {"airline": newer}
        assert len(tx.execute(tables.policy.select()).all()) == 2


def test_applying_again_keeps_the_schedule_and_lifts_a_pause(database: Database) -> None:
    apply(database, WATCH)
    with database.write() as tx:
        tx.execute(tables.source.update().values(next_poll_at=T0 + 5 * HOUR, paused_why="401", fails=3))
    apply(database, WATCH, T0 + HOUR)
    with database.read() as tx:
        (row,) = tx.execute(tables.source.select())
        assert (row.next_poll_at, row.paused_why, row.fails) == (T0 + 5 * HOUR, None, 0)


def test_sources_that_no_file_names_are_registered_once_and_never_polled(database: Database) -> None:
    apply(database, WATCH)
    pushed = SourceConfig("helpdesk", "push", ())
    with database.write() as tx:
        configuration.add_sources(tx, [pushed], SEES["mastodon"], T0)
        configuration.add_sources(tx, [pushed, FEED], SEES["mastodon"], T0)
        assert configuration.load_sources(tx) == [FEED]
        assert configuration.load_sights(tx)["helpdesk"].sees_replies
        assert not configuration.load_sights(tx)["feed"].sees_replies
    assert apply(database, WATCH) == []


def test_a_disabled_endpoint_stays_disabled_until_its_url_changes(database: Database) -> None:
    apply(database, WATCH)
    with database.write() as tx:
        outbox_claims.disable_endpoint(tx, "oncall", why="410 Gone", now=T0)
        assert configuration.differences(tx, WATCH) == []
    assert apply(database, WATCH, T0 + HOUR) == []
    with database.read() as tx:
        stored = replace(ONCALL, secrets=())
        assert configuration.endpoint_states(tx) == [EndpointState(stored, T0, "410 Gone")]
        assert configuration.load_endpoints(tx) == []
    wordier = replace(WATCH, endpoints=(replace(ONCALL, levels=frozenset({"page"})),))
    assert shown(apply(database, wordier)) == {("endpoint", "oncall", "changed")}
    with database.read() as tx:
        assert configuration.load_endpoints(tx) == []
    moved = replace(WATCH, endpoints=(replace(ONCALL, url="https://example.org/new"),))
    assert shown(apply(database, moved)) == {("endpoint", "oncall", "changed")}
    with database.read() as tx:
        (row,) = tx.execute(tables.endpoint.select())
    assert (row.disabled_at, row.disabled_why, row.failing_since) == (None, None, None)
