"""docs/webhooks.md says what the code does: schedule, types, the example body, and the verifying example runs."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from app.delivery.retry import DISABLE_AFTER, LONGEST_RETRY_AFTER, MAX_JITTER, SCHEDULE
from app.delivery.webhook import DEADLINE
from app.domain.alerts import Alert, AlertChange, AlertState, ChangeKind, Leg, Level, Reason
from app.domain.messages import MESSAGE_TYPES, Announcement, alert_body

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "webhooks.md").read_text("utf-8")
SECRET = "whsec_bWFkZSB1cCBmb3IgdGhlc2UgdGVzdHMsIDMyIGI="
UNITS = {"s": "seconds", "min": "minutes", "h": "hours"}


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found.group(1)


def test_the_schedule_is_the_one_that_runs() -> None:
    rows = re.findall(r"^\| (\d+) \| (\d+) (s|min|h) \|$", PAGE, re.MULTILINE)
    assert [int(number) for number, _, _ in rows] == list(range(1, 12))
    assert tuple(timedelta(**{UNITS[unit]: int(value)}) for _, value, unit in rows) == SCHEDULE
    assert f"up to {MAX_JITTER:.0%}".replace("%", " %") in PAGE
    assert f"{DISABLE_AFTER // timedelta(hours=1)} hours" in PAGE
    assert f"up to {LONGEST_RETRY_AFTER // timedelta(hours=1)} h" in PAGE
    assert f"You have {DEADLINE.seconds} seconds" in PAGE


def test_every_type_has_its_row() -> None:
    assert set(re.findall(r"^\| `([a-z]+\.[a-z]+)` \|", PAGE, re.MULTILINE)) == MESSAGE_TYPES


def test_the_example_body_is_what_is_sent() -> None:
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    alert = Alert(
        id="01KA000000000000000000000A",
        group="case:1",
        brand="northwind",
        leg=Leg.CASE,
        level=Level.PAGE,
        state=AlertState.OPEN,
        risk=0.97,
        title="A guitar was broken and nobody has answered",
        opened_at=at,
        level_since=at,
        version=3,
        owner="baggage-desk",
        acknowledge_by=at + timedelta(minutes=15),
        reasons=(Reason("unanswered", "ageing", "No reply seen for 281 days", 281.0, "d", 1.0),),
    )
    told = Announcement(AlertChange(alert, ChangeKind.ESCALATED, at, "rule"), 4711, ChangeKind.ESCALATED)
    assert json.loads(block("json")) == json.loads(alert_body(told, public_url="https://watch.example"))


def test_the_verifying_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    exec(compile(block("python"), "docs/webhooks.md", "exec"), names)
    body, now = b'{"type": "endpoint.test", "data": {}}', datetime.now(UTC)
    signature = Webhook(SECRET).sign("id", now, body.decode())
    headers = {
        "webhook-id": "id",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }
    seen: set[str] = set()
    answers = [names["receive"](body, headers, SECRET, seen) for _ in range(2)]
    forged = names["receive"](body + b" ", headers, SECRET, seen)
    broken = names["receive"](body, headers | {"webhook-signature": "nonsense"}, SECRET, seen)
    assert (answers, forged, broken) == ([204, 204], 401, 401)
    assert capsys.readouterr().out.count("endpoint.test") == 1
