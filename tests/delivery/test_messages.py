"""What endpoints are sent: the shape of SCHEMAS section 5, under 20 kB, and which news outlives which."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.domain.alerts import Alert, AlertChange, AlertState, ChangeKind, Leg, Level, Reason
from app.domain.messages import (
    MAX_BODY,
    MESSAGE_TYPES,
    Announcement,
    alert_body,
    digest_body,
    endpoint_test_body,
    is_announced,
    kind_after,
    kind_of,
    loudest,
)

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ALERT = Alert(
    id="01KA000000000000000000000A",
    group="case:1",
    brand="northwind",
    leg=Leg.CASE,
    level=Level.PAGE,
    state=AlertState.OPEN,
    risk=0.97,
    title="A guitar was broken and nobody has answered",
    opened_at=AT,
    level_since=AT,
    version=3,
    owner="baggage-desk",
    acknowledge_by=AT + timedelta(minutes=15),
    reasons=(Reason("unanswered", "ageing", "No reply seen for 281 days", 281.0, "d", 1.0, 2.1),),
)


def change(kind: ChangeKind = ChangeKind.ESCALATED, **fields: Any) -> AlertChange:
    return AlertChange(replace(ALERT, **fields), kind, AT, "rule")


def body(made: AlertChange, sequence: int = 4711) -> dict[str, Any]:
    told = Announcement(made, sequence, made.kind)
    read: dict[str, Any] = json.loads(alert_body(told, public_url="https://watch.example/"))
    return read


def test_the_body_has_the_documented_shape() -> None:
    assert body(change()) == {
        "type": "alert.escalated",
        "timestamp": "2026-03-02T12:00:00Z",
        "data": {
            "alert": {
                "id": "01KA000000000000000000000A",
                "version": 3,
                "sequence": 4711,
                "level": "page",
                "state": "open",
                "brand": "northwind",
                "leg": "case",
                "title": "A guitar was broken and nobody has answered",
                "reasons": [{"code": "unanswered", "text": "No reply seen for 281 days", "value": 281.0, "limit": 1.0}],
                "owner": "baggage-desk",
                "acknowledge_by": "2026-03-02T12:15:00Z",
                "url": "https://watch.example/alerts/01KA000000000000000000000A",
            }
        },
    }


def test_many_long_reasons_are_cut_from_the_end_and_counted() -> None:
    reasons = tuple(Reason(f"r{n}", "case", "ß" * 900, float(n)) for n in range(60))
    made = change(reasons=reasons, title="t" * 5000)
    raw = alert_body(Announcement(made, 1, made.kind), public_url="https://watch.example")
    alert = json.loads(raw)["data"]["alert"]
    assert len(raw) < MAX_BODY
    assert [reason["code"] for reason in alert["reasons"]] == [f"r{n}" for n in range(len(alert["reasons"]))]
    assert len(alert["reasons"]) + alert["reasons_left_out"] == 60
    assert len(alert["reasons"]) >= 10


def test_a_lone_surrogate_in_a_name_does_not_stop_an_alert() -> None:
    assert body(change(owner="desk \ud800"))["data"]["alert"]["owner"] == "desk ?"


def test_a_health_alert_is_a_silent_source_when_it_opens() -> None:
    assert body(change(ChangeKind.OPENED, leg=Leg.HEALTH))["type"] == "source.silent"
    disabled = change(ChangeKind.OPENED, leg=Leg.HEALTH, group="health:endpoint:oncall")
    assert body(disabled)["type"] == "endpoint.disabled"
    assert body(change(ChangeKind.RESOLVED, leg=Leg.HEALTH))["type"] == "alert.resolved"


@pytest.mark.parametrize(
    ("made", "announced"),
    [
        (change(ChangeKind.OPENED), True),
        (change(ChangeKind.NOTED), False),
        (change(ChangeKind.FOLDED), False),
        (change(ChangeKind.OPENED, folded_into="01KA000000000000000000000B"), False),
        (change(ChangeKind.SUPPRESSED, state=AlertState.SUPPRESSED), True),
        (change(ChangeKind.UPDATED, state=AlertState.SUPPRESSED), False),
        (change(ChangeKind.ESCALATED, state=AlertState.SUPPRESSED), False),
    ],
)
def test_muted_and_folded_alerts_are_not_announced(made: AlertChange, announced: bool) -> None:
    assert is_announced(made) is announced


@pytest.mark.parametrize(
    ("kind", "unsent", "told"),
    [
        (ChangeKind.UPDATED, [], ChangeKind.UPDATED),
        (ChangeKind.UPDATED, [ChangeKind.OPENED], ChangeKind.OPENED),
        (ChangeKind.ESCALATED, [ChangeKind.OPENED], ChangeKind.OPENED),
        (ChangeKind.UPDATED, [ChangeKind.ESCALATED], ChangeKind.ESCALATED),
        (ChangeKind.LOWERED, [ChangeKind.ESCALATED], ChangeKind.LOWERED),
        (ChangeKind.RESOLVED, [ChangeKind.OPENED], ChangeKind.RESOLVED),
        (ChangeKind.UPDATED, [ChangeKind.REOPENED, ChangeKind.ESCALATED], ChangeKind.REOPENED),
    ],
)
def test_the_news_that_was_never_sent_outlives_a_mere_update(
    kind: ChangeKind, unsent: list[ChangeKind], told: ChangeKind
) -> None:
    assert kind_after(kind, unsent) is told


def test_a_stored_body_tells_its_kind() -> None:
    for made in (change(ChangeKind.ESCALATED), change(ChangeKind.OPENED, leg=Leg.HEALTH)):
        assert kind_of(alert_body(Announcement(made, 1, made.kind), public_url="http://x.example")) is made.kind


def held(count: int) -> list[bytes]:
    bodies = []
    for number in range(count):
        level = Level.PAGE if number == 3 else Level.WARN
        made = change(ChangeKind.OPENED, id=f"alert-{number % 40}", level=level, title=f"Alert {number} " + "x" * 280)
        bodies.append(alert_body(Announcement(made, number + 1, made.kind), public_url="http://x.example"))
    return bodies


def test_a_digest_shows_the_loudest_and_counts_the_rest() -> None:
    bodies = held(200)
    raw = digest_body(bodies)
    message = json.loads(raw)
    assert len(raw) < MAX_BODY
    assert message["type"] == "alert.updated"
    assert message["data"]["alert"]["id"] == "alert-3"
    assert loudest(bodies) == 3
    digest = message["data"]["digest"]
    assert (digest["messages"], digest["alerts"]) == (200, 40)
    assert digest["lines"][0]["level"] == "page"
    assert digest["from"] == digest["until"] == "2026-03-02T12:00:00Z"


def test_the_test_message_and_every_type_are_documented_ones() -> None:
    message = json.loads(endpoint_test_body("oncall", AT))
    assert message["type"] == "endpoint.test"
    assert message["data"]["endpoint"] == "oncall"
    assert set(MESSAGE_TYPES) == {
        "alert.opened",
        "alert.escalated",
        "alert.lowered",
        "alert.acknowledged",
        "alert.updated",
        "alert.repeated",
        "alert.resolved",
        "alert.reopened",
        "alert.suppressed",
        "source.silent",
        "endpoint.disabled",
        "endpoint.test",
    }
