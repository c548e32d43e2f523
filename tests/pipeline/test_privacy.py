"""What is private stays apart, what is removed stays removed, and what came late is never shouted."""

from dataclasses import replace

from app.domain.alerts import Endpoint
from app.domain.posts import PostKind
from app.storage import posts, tables
from app.storage.database import Database
from tests.pipeline.monitor import DAY, HOUR, MINUTE, ONCALL, T0, WATCH, Monitor, complaint, gone

HARM = "failure=safety severity=blame signals=vulnerable"
DESK = Endpoint("desk", "https://example.org/desk", levels=frozenset({"watch", "warn", "page"}), hears_private=True)


def test_a_private_ticket_never_joins_a_public_case(monitor: Monitor) -> None:
    monitor.live(complaint("1"))
    monitor.live(replace(complaint("2", HARM, at=T0 + MINUTE), kind=PostKind.TICKET))
    public, private = monitor.cases()
    assert (public.gravity, private.gravity) == (2, 4)
    (alert,) = monitor.alerts()
    assert (alert.case, alert.visibility) == (private.id, "private")
    assert monitor.findings() == []


def test_only_an_endpoint_that_asks_for_it_hears_of_a_ticket(database: Database) -> None:
    monitor = Monitor(database, watch=replace(WATCH, endpoints=(ONCALL, DESK)))
    monitor.live(replace(complaint("1", HARM), kind=PostKind.TICKET))
    assert {row.endpoint for row in monitor.rows(tables.delivery)} == {"desk"}


def test_what_was_removed_while_it_was_read_leaves_no_author(monitor: Monitor) -> None:
    monitor.take(complaint("1"), complaint("2", author="bo"))
    ids = [row.id for row in monitor.rows(tables.mention)]
    with monitor.database.read() as tx:
        batch = monitor.pipeline.classify.run(posts.unread(tx, ids))
    monitor.take(gone("1"))
    with monitor.database.write() as tx:
        for stage in monitor.pipeline.record:
            stage.run(tx, batch)
    assert "ann" not in {case.author for case in monitor.cases()}
    assert {case.author for case in monitor.cases()} > {"bo"}


def test_what_was_removed_before_it_was_read_is_not_counted(monitor: Monitor) -> None:
    monitor.take(complaint("1"))
    monitor.take(gone("1"))
    monitor.read()
    assert monitor.rows(tables.reading) == []
    (held,) = monitor.rows(tables.quarantine)
    assert held.reason == "removed before it was read"
    assert monitor.findings() == []


def test_an_old_post_never_speaks_for_itself(monitor: Monitor) -> None:
    monitor.clock.move_to(T0 + 30 * DAY)
    monitor.live(complaint("1", HARM, at=T0), complaint("2", HARM, author="bo", at=T0 + HOUR))
    monitor.tick(T0 + 31 * DAY)
    assert [alert.leg for alert in monitor.alerts()] == ["digest"]
    monitor.live(complaint("3", HARM, at=T0 + 32 * DAY))
    assert [alert.level for alert in monitor.alerts("case")] == ["page"] or monitor.alerts("ageing")
