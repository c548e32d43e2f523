"""The outbox on both databases: who is told, when, what is replaced or held back."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.domain.alerts import Alert, AlertChange, AlertState, ChangeKind, Endpoint, Leg, Level
from app.domain.ids import new_id
from app.domain.policies import Policy, QuietHours
from app.storage import outbox, outbox_claims
from app.storage.database import Database
from app.storage.tables import delivery

EVENT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
ONCALL = Endpoint("oncall", "https://example.org/hook")
PAGER = Endpoint("pager", "https://example.org/pager", levels=frozenset({"page"}))
SECOND = timedelta(seconds=1)


def alert(**fields: Any) -> Alert:
    made = Alert(
        id=new_id(),
        group="case:1",
        brand="northwind",
        leg=Leg.CASE,
        level=Level.WARN,
        state=AlertState.OPEN,
        risk=0.6,
        title="A bag is lost",
        opened_at=EVENT,
        level_since=EVENT,
    )
    return replace(made, **fields)


class Writer:
    """Writes changes one after the other, as the alert writer does."""

    def __init__(self, database: Database, endpoints: Sequence[Endpoint], policy: Policy | None = None) -> None:
        self.database = database
        self.endpoints = endpoints
        self.policy = policy
        self.sequence = 0

    def write(
        self,
        about: Alert,
        kind: ChangeKind = ChangeKind.OPENED,
        *,
        at: datetime = EVENT,
        now: datetime = NOW,
        only: tuple[str, ...] | None = None,
    ) -> int:
        self.sequence += 1
        change = AlertChange(about, kind, at, "rule", endpoints=only)
        with self.database.write() as tx:
            return outbox.enqueue(
                tx,
                sequence=self.sequence,
                change=change,
                endpoints=self.endpoints,
                policy=self.policy,
                public_url="http://127.0.0.1:8000",
                now=now,
            )

    def rows(self, state: str | None = None) -> list[Any]:
        query = select(delivery).order_by(delivery.c.change, delivery.c.endpoint)
        if state is not None:
            query = query.where(delivery.c.state == state)
        with self.database.read() as tx:
            return list(tx.execute(query).all())


def type_of(row: Any) -> str:
    return str(json.loads(row.body)["type"])


def test_endpoints_are_told_by_level_and_brand(database: Database) -> None:
    rival = Endpoint("rival", "https://example.org/r", brands=frozenset({"southwind"}))
    writer = Writer(database, [ONCALL, PAGER, rival])
    assert writer.write(alert()) == 1
    assert writer.write(alert(level=Level.PAGE)) == 2
    assert [(row.change, row.endpoint) for row in writer.rows()] == [(1, "oncall"), (2, "oncall"), (2, "pager")]


def test_a_change_that_names_its_endpoints_tells_only_these(database: Database) -> None:
    writer = Writer(database, [ONCALL, PAGER])
    assert writer.write(alert(), only=("pager",)) == 1
    assert writer.rows()[0].endpoint == "pager"


def test_who_was_told_hears_the_last_words_at_a_lower_level_too(database: Database) -> None:
    writer = Writer(database, [PAGER])
    loud = alert(level=Level.PAGE)
    writer.write(loud)
    quiet = replace(loud, level=Level.WARN)
    assert writer.write(quiet, ChangeKind.UPDATED) == 0
    assert writer.write(quiet, ChangeKind.LOWERED) == 1
    assert writer.write(replace(quiet, state=AlertState.RESOLVED), ChangeKind.RESOLVED) == 1
    assert writer.write(alert(), ChangeKind.RESOLVED) == 0


def test_muted_and_folded_alerts_give_no_deliveries(database: Database) -> None:
    writer = Writer(database, [ONCALL])
    assert writer.write(alert(state=AlertState.SUPPRESSED), ChangeKind.UPDATED) == 0
    assert writer.write(alert(folded_into=new_id())) == 0
    assert writer.write(alert(), ChangeKind.NOTED) == 0
    assert writer.rows() == []


def test_nothing_of_a_rolled_back_change_remains(database: Database) -> None:
    change = AlertChange(alert(), ChangeKind.OPENED, EVENT, "rule")
    given: dict[str, Any] = {"endpoints": [ONCALL], "policy": None, "public_url": "http://x.example", "now": NOW}
    with pytest.raises(ZeroDivisionError), database.write() as tx:  # noqa: PT012
        assert outbox.enqueue(tx, sequence=1, change=change, **given) == 1
        raise ZeroDivisionError
    assert Writer(database, []).rows() == []


def test_a_page_waits_for_nothing_and_a_warning_for_its_group(database: Database) -> None:
    writer = Writer(database, [ONCALL])
    writer.write(alert(level=Level.PAGE))
    writer.write(alert())
    assert [row.due_at - NOW for row in writer.rows()] == [timedelta(0), timedelta(seconds=30)]


def test_quiet_hours_of_event_time_delay_what_is_below_page(database: Database) -> None:
    quiet = Policy(timezone="America/Denver", quiet_hours=QuietHours(time(22), time(7)))
    writer = Writer(database, [ONCALL], quiet)
    night = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # 05:00 in Denver, two hours before the end
    writer.write(alert(), at=night)
    writer.write(alert(level=Level.PAGE), at=night)
    assert [row.due_at - NOW for row in writer.rows()] == [timedelta(hours=2), timedelta(0)]


def test_a_newer_message_replaces_one_that_still_waits(database: Database) -> None:
    writer = Writer(database, [ONCALL])
    about = alert()
    writer.write(about)
    writer.write(about, ChangeKind.UPDATED, now=NOW + 20 * SECOND)
    (pending,) = writer.rows("pending")
    (cancelled,) = writer.rows("cancelled")
    assert type_of(pending) == "alert.opened"
    assert (pending.change, cancelled.change) == (2, 1)
    assert pending.due_at == NOW + 30 * SECOND, "updates must not push the first news back"


def test_a_rise_to_page_is_due_at_once_and_is_the_first_news(database: Database) -> None:
    writer = Writer(database, [ONCALL, PAGER])
    about = alert()
    writer.write(about)
    writer.write(replace(about, level=Level.PAGE), ChangeKind.ESCALATED, now=NOW + SECOND)
    told = {row.endpoint: (type_of(row), row.due_at - NOW) for row in writer.rows("pending")}
    assert told == {"oncall": ("alert.opened", SECOND), "pager": ("alert.escalated", SECOND)}


def test_what_was_sent_or_is_being_sent_is_not_replaced(database: Database) -> None:
    writer = Writer(database, [ONCALL])
    about = alert()
    writer.write(about)
    with database.write() as tx:
        assert len(outbox_claims.claim_due(tx, now=NOW + 30 * SECOND, limit=10)) == 1
    writer.write(about, ChangeKind.UPDATED, now=NOW + 31 * SECOND)
    assert [type_of(row) for row in writer.rows("pending")] == ["alert.opened", "alert.updated"]


def test_beyond_the_cap_the_rest_of_the_hour_goes_into_one_digest(database: Database) -> None:
    endpoint = replace(ONCALL, max_per_hour=3)
    writer = Writer(database, [endpoint])
    minute = timedelta(minutes=1)
    for number in range(8):
        writer.write(alert(title=f"Alert {number}"), at=EVENT + number * minute, now=NOW + number * minute)
    assert len(writer.rows("pending")) == 3
    assert len(writer.rows("held")) == 5
    writer.write(alert(), at=EVENT + 61 * minute, now=NOW + 10 * minute)
    assert len(writer.rows("held")) == 5, "another hour of event time has its own cap"

    sent = []
    for late in (11 * minute, 59 * minute, 60 * minute, 61 * minute):
        with database.write() as tx:
            sent += outbox_claims.claim_due(tx, now=NOW + late, limit=50, per_endpoint=50, lease=timedelta(days=1))
    digests = [json.loads(one.body)["data"] for one in sent if b'"digest":' in one.body]
    assert len(sent) == 5
    assert [digest["digest"]["messages"] for digest in digests] == [5]
    assert [line["title"] for line in digests[0]["digest"]["lines"]] == [f"Alert {n}" for n in (7, 6, 5, 4, 3)]
    assert all(row.finished_at is not None for row in writer.rows("held"))
    with database.read() as tx:
        assert not outbox_claims.is_anything_due(tx, NOW + 61 * minute)


def test_a_digest_of_one_is_the_message_itself(database: Database) -> None:
    writer = Writer(database, [replace(ONCALL, max_per_hour=0)])
    writer.write(alert())
    with database.write() as tx:
        (only,) = outbox_claims.claim_due(tx, now=NOW + timedelta(hours=1), limit=5)
    assert json.loads(only.body)["type"] == "alert.opened"
    assert b'"digest":' not in only.body


def test_lower_levels_never_hold_a_page_back(database: Database) -> None:
    writer = Writer(database, [replace(ONCALL, max_per_hour=2)])
    for _ in range(5):
        writer.write(alert())
    for _ in range(3):
        writer.write(alert(level=Level.PAGE))
    pages = [row for row in writer.rows() if row.level == "page"]
    assert [row.state for row in pages] == ["pending", "pending", "held"]
    assert pages[2].due_at - NOW == outbox.HELD_PAGE_WAIT
    writer.write(alert())
    assert writer.rows()[-1].state == "held", "pages count against what is lower"
