"""The example receiver, as a person starts it: what the outbox sends is verified, logged once, and told apart."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.delivery.dispatcher import Dispatcher
from app.delivery.webhook import WebhookNotifier
from app.domain.alerts import Alert, AlertChange, AlertState, ChangeKind, Endpoint, Leg, Level, Outcome, OutcomeKind
from app.domain.ids import new_id
from app.egress.client import Egress
from app.storage import outbox, outbox_replay
from app.storage.database import Database, now_of

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "receiver" / "receiver.py"
SECRET = "whsec_bWFkZSB1cCBmb3IgdGhlc2UgdGVzdHMsIDMyIGI="
AT = datetime(2009, 7, 6, 12, tzinfo=UTC)


@contextmanager
def receiving(log: Path) -> Iterator[str]:
    """Start the script on a free port and give its address."""
    command = [sys.executable, str(SCRIPT), "--port", "0", "--log", str(log), "--secret-env", "HOOK"]
    with subprocess.Popen(command, env={"HOOK": SECRET}, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = re.fullmatch(r"ready (\S+) log \S+\n", process.stdout.readline())
        assert ready is not None
        try:
            yield ready.group(1)
        finally:
            process.terminate()


def lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()]


def write_alert(database: Database, endpoint: Endpoint) -> None:
    alert = Alert(
        id=new_id(),
        group="case",
        brand="northwind",
        leg=Leg.CASE,
        level=Level.PAGE,
        state=AlertState.OPEN,
        risk=0.9,
        title="Eine Gitarre wurde zerstört",
        opened_at=AT,
        level_since=AT,
    )
    change = AlertChange(alert, ChangeKind.OPENED, AT, "rule")
    with database.write() as tx:
        given: dict[str, Any] = {"policy": None, "public_url": "http://127.0.0.1:8000", "now": now_of(tx)}
        outbox.enqueue(tx, sequence=1, change=change, endpoints=[endpoint], **given)


def test_an_alert_reaches_the_receiver_and_a_replay_is_seen_as_a_duplicate(
    sqlite_database: Database, tmp_path: Path
) -> None:
    log = tmp_path / "new" / "received.jsonl"
    endpoint = Endpoint("oncall", "", secrets=(SECRET,), allow_private=True)
    write_alert(sqlite_database, endpoint)

    async def send(url: str) -> Outcome:
        egress = Egress()
        try:
            told = replace(endpoint, url=url)
            dispatcher = Dispatcher(sqlite_database, {"webhook": WebhookNotifier(egress)}, lambda: {"oncall": told})
            assert await dispatcher.run_once() == 1
            return await dispatcher.send_test("oncall")
        finally:
            await egress.close()

    with receiving(log) as url:
        assert asyncio.run(send(url)).kind is OutcomeKind.DELIVERED
    with sqlite_database.write() as tx:
        ids = [lines(log)[0]["webhook_id"]]
        assert outbox_replay.replay(tx, ids, now=now_of(tx)) == 1
    with receiving(log) as url:
        asyncio.run(send(url))

    first, test, again, _ = lines(log)
    assert (first["type"], first["level"], first["title"]) == ("alert.opened", "page", "Eine Gitarre wurde zerstört")
    assert (first["verified"], first["duplicate"], first["at"]) == (True, False, "2009-07-06T12:00:00Z")
    assert (test["type"], test["duplicate"]) == ("endpoint.test", False)
    assert (again["webhook_id"], again["duplicate"]) == (first["webhook_id"], True)


def test_a_forged_message_is_logged_as_such_and_refused(sqlite_database: Database, tmp_path: Path) -> None:
    log = tmp_path / "received.jsonl"
    forged = Endpoint("oncall", "", secrets=("whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldCwgMzIgYnl0ZXM=",), allow_private=True)

    async def send(url: str) -> Outcome:
        egress = Egress()
        try:
            told = {"oncall": replace(forged, url=url)}
            dispatcher = Dispatcher(sqlite_database, {"webhook": WebhookNotifier(egress)}, lambda: told)
            return await dispatcher.send_test("oncall")
        finally:
            await egress.close()

    with receiving(log) as url:
        outcome = asyncio.run(send(url))
    assert (outcome.kind, outcome.status) == (OutcomeKind.RETRY, 401)
    (line,) = lines(log)
    assert (line["verified"], line["duplicate"], line["type"]) == (False, False, None)


def test_without_a_secret_it_says_what_to_set() -> None:
    done = subprocess.run([sys.executable, str(SCRIPT)], env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "FRETWATCH_RECEIVER_SECRET" in done.stderr
    assert "Traceback" not in done.stderr
