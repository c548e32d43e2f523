"""Posts that no reader should choke on, by file and by API, on both databases: cleaned or quarantined, never lost."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.storage.audit import audit
from app.storage.database import Database
from app.storage.tables import post, quarantine
from tests.api.builders import House
from tests.api.conftest import Asking, asking, house  # noqa: F401 - fixtures
from tests.bad_input.conftest import Run, said_clearly

LONG = "Northwind lost my bag. " * 45_000
"""About a megabyte."""
JSON = {"Content-Type": "application/json"}
GOOD = "Northwind lost my bag"


def line(identity: str, text: str, **given: Any) -> dict[str, Any]:
    when = "2026-03-02T12:00:00Z"
    return {"id": identity, "text": text, "author": {"id": "a"}, "created_at": when, "brands": ["northwind"]} | given


LINES = [
    line("first", GOOD),
    line("nul", "Northwind\x00 lost my bag"),
    line("surrogate", "half a \ud800 pair Northwind"),
    line("megabyte", LONG),
    line("invisible", "\u200b\u200d\ufeff"),
    line("empty", ""),
    line("author", GOOD, author={"id": "\x00\ud800", "handle": "\x00", "name": "\udfff"}),
    line("around", GOOD, title="\x00", url="\ud800", parent_id="a\x00", thread_id="\udfff", language="\x00"),
    line("\x00", GOOD),
    line("\x01", GOOD),
    {"kind": "engagement", "post": "first", "at": "2026-03-02T13:00:00Z", "views": 9},
    {"kind": "engagement", "post": "\x00\ud800", "at": "2026-03-02T13:00:00Z", "views": 9},
    {"kind": "tombstone", "post": "\udfff", "at": "2026-03-02T13:00:00Z", "reason": "\x00"},
    line("source", GOOD, source="\ud800"),
    line("long-source", GOOD, source="s" * 65),
    line("last", GOOD),
]
STORED = {"first", "nul", "surrogate", "megabyte", "invisible", "author", "around", "last"}


def texts(database: Database) -> dict[str, str]:
    with database.read() as tx:
        return {row.external_id: row.text for row in tx.execute(select(post.c.external_id, post.c.text))}


def refused(database: Database) -> list[tuple[str, str]]:
    with database.read() as tx:
        return [(row.external_id, row.reason) for row in tx.execute(select(quarantine).order_by(quarantine.c.id))]


def test_a_replay_cleans_or_quarantines_and_goes_on(
    folder: Path, run: Run, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRETWATCH_DATABASE_URL", database.url)
    (folder / "posts.jsonl").write_text("".join(json.dumps(one) + "\n" for one in LINES), encoding="utf-8")
    result = run("replay", "posts.jsonl", "--json")
    said_clearly(result, "line 14 has the source", "line 15 has the source")
    counts = json.loads(result.stdout)
    assert (counts["stored"], counts["quarantined"], counts["malformed_count"]) == (len(STORED), 3, 2)
    kept = texts(database)
    assert kept.keys() == STORED
    assert kept["nul"] == "Northwind lost my bag"
    assert kept["surrogate"] == "half a  pair Northwind"
    assert len(kept["megabyte"]) == 20_000
    reasons = refused(database)
    assert sorted(external_id for external_id, _ in reasons) == ["", "", "empty", "invisible"]
    assert {reason for external_id, reason in reasons if external_id == "invisible"} == {"no readable text"}
    with database.read() as tx:
        report = audit(tx, database.now())
    assert (report.findings, report.read, report.quarantined) == ([], len(STORED) - 1, 1)

    again = json.loads(run("replay", "posts.jsonl", "--json").stdout)
    assert (again["stored"], again["duplicates"]) == (0, len(STORED))
    assert sorted(refused(database)) == sorted(reasons), "a second run adds nothing"


def test_the_api_cleans_or_quarantines_and_says_which(house: House, asking: Asking) -> None:  # noqa: F811
    pushed = [one for one in LINES if one.get("id") in STORED - {"around"} | {"empty"}]
    pushed = [one if one["id"] != "megabyte" else {**one, "text": LONG[:900_000]} for one in pushed]
    client = asking("write")
    taken = [client.post("/posts", content=json.dumps(one), headers=JSON) for one in pushed]
    assert {answer.status_code for answer in taken} == {200}
    outcomes = {answer.json()["id"]: answer.json()["outcome"] for answer in taken}
    assert {name for name, outcome in outcomes.items() if outcome == "created"} == STORED - {"around"}
    assert outcomes["empty"] == "quarantined"
    kept = texts(house.database)
    assert len(kept["megabyte"]) == 20_000
    assert "\x00" not in kept["nul"]
    small = [one for one in pushed if one["id"] != "megabyte"]
    batch = client.post("/posts/batch", content=json.dumps({"posts": small}), headers=JSON).json()
    assert batch["counts"] == {"duplicate": len(small) - 1, "quarantined": 1}


def test_an_id_of_which_nothing_is_left_is_refused_with_its_place(house: House, asking: Asking) -> None:  # noqa: F811
    answer = asking("write").post("/posts", content=json.dumps(line("\x00", GOOD)), headers=JSON)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#/id"


def test_a_body_beyond_the_cap_is_refused_with_the_cap(house: House, asking: Asking) -> None:  # noqa: F811
    answer = asking("write").post("/posts", json=line("huge", "x" * 1_100_000))
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert "1,000,000" in answer.json()["detail"] or "1000000" in answer.json()["detail"]
    assert "huge" not in texts(house.database)
