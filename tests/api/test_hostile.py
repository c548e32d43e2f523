"""Hostile input: whatever is sent, the answer is a problem in words or a success, never a 5xx (RELIABILITY P6)."""

import base64
import itertools
import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import create_engine, text

from app.api.application import build_api, openapi_document
from app.storage import schema
from app.storage.database import Database
from tests.api.builders import House, build_house
from tests.api.conftest import context_for

VALUES: Final = [
    "",
    " ",
    "0",
    "-1",
    "1000000000",
    str(2**63),
    "1e400",
    "NaN",
    "null",
    "true",
    "a\x00b",
    "\x00",
    "%00",
    "\u202e\u200b",
    "😀" * 500,
    "x" * 5_000,
    "' OR 1=1 --",
    "'; DROP TABLE post; --",
    "../../etc/passwd",
    "{{7*7}}",
    "<script>alert(1)</script>",
    "[]",
    "{}",
    "2026-03-02",
    "2026-03-02T12:00:00",
    "2026-03-02T12:00:00+99:99",
    "0000-00-00T00:00:00Z",
    "9999-12-31T23:59:59.999999-23:59",
    "-1e308",
    base64.urlsafe_b64encode(b'["alerts-recent",0,99999999999999999999999]').decode(),
    base64.urlsafe_b64encode(b'["posts","0001-01-01T00:00:00+23:59","x"]').decode(),
    base64.urlsafe_b64encode(b'["posts",null,{}]').decode(),
    base64.urlsafe_b64encode(b"[" * 5_000).decode(),
    "é",
]
_POST: Final = '{"id":"h","author":{"id":"a"},"brands":["northwind"],'
BODIES: Final = {
    "nothing": b"",
    "no json": b"{",
    "not utf-8": b'{"id": "\xff\xfe"}',
    "utf-16": json.dumps({"id": "x"}).encode("utf-16"),
    "null": b"null",
    "number": b"1",
    "list": b"[]",
    "string": b'"x"',
    "deep list": b"[" * 100_000,
    "deep object": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "hundred deep": (_POST + '"text":' + "[" * 100 + "]" * 100 + "}").encode(),
    "duplicate keys": (_POST + '"text":"one","text":"two","id":"h2"}').encode(),
    "infinite": (_POST + '"text":"x","rating":1e400}').encode(),
    "nan": (_POST + '"text":"x","rating":NaN}').encode(),
    "huge int": (_POST + f'"text":"x","engagement":{{"at":"2026-03-02T00:00:00Z","views":{2**63}}}}}').encode(),
    "endless int": (_POST + '"text":"x","rating":' + "9" * 10_000 + "}").encode(),
    "surrogate": (_POST + '"text":"\\ud800 half"}').encode(),
    "surrogate id": b'{"id":"\\udfff","text":"x","author":{"id":"\\ud800"},"brands":["northwind"]}',
    "surrogate key": (_POST + '"text":"x","\\ud800":1}').encode(),
    "surrogate brand": b'{"id":"s","text":"x","author":{"id":"a"},"brands":["\\ud800"]}',
    "surrogate source": (_POST + '"text":"x","source":"\\ud800"}').encode(),
    "nul": (_POST + '"text":"\\u0000","title":"\\u0000"}').encode(),
    "nul id": b'{"id":"\\u0000","text":"x","author":{"id":"\\u0000"},"brands":["northwind"]}',
    "nul url": (_POST + '"text":"x","url":"\\u0000","thread_id":"\\u0000","parent_id":"a\\u0000"}').encode(),
    "naive": (_POST + '"text":"x","created_at":"2026-03-02T12:00:00"}').encode(),
    "year one": (_POST + '"text":"x","created_at":"0001-01-01T00:00:00+14:00"}').encode(),
    "far future": (_POST + '"text":"x","created_at":"9999-12-31T23:59:59-14:00"}').encode(),
    "unix time": (_POST + '"text":"x","created_at":1e18}').encode(),
    "wrong types": b'{"id":1,"text":[],"author":"kim","brands":{}}',
    "emoji": (_POST + '"text":"' + "😀" * 100_000 + '"}').encode(),
    "one word": (_POST + '"text":"' + "a" * 900_000 + '"}').encode(),
    "zalgo": (_POST + '"text":"' + "a" + "\u0300" * 20_000 + '"}').encode(),
    "bidi": (_POST + '"text":"\u202e\u2066 txt","language":"xx-\u202e"}').encode(),
    "unknown key": (_POST + '"text":"x","admin":true}').encode(),
    "long lists": b'{"id":"l","text":"x","author":{"id":"a"},"brands":[' + b'"northwind",' * 500 + b'"x"]}',
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, TestClient]]:
    """One house that survives it all."""
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('hostile')}/fretwatch.db")
    schema.upgrade(database)
    yield from _world(database)


@pytest.fixture(scope="module")
def postgres_world(postgres_server: str) -> Iterator[tuple[House, TestClient]]:
    """The same on PostgreSQL, which refuses what SQLite swallows."""
    name = f"fretwatch_hostile_{uuid.uuid4().hex[:12]}"
    engine = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    database = Database(postgres_server.rsplit("/", 1)[0] + f"/{name}")
    schema.upgrade(database)
    yield from _world(database)
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    engine.dispose()


def _world(database: Database) -> Iterator[tuple[House, TestClient]]:
    house = build_house(database)
    context = replace(context_for(house), rate="1000000/minute")
    key = house.key("hostile", "read", "write", "private")
    with TestClient(build_api(context), headers={"Authorization": f"Bearer {key}"}) as client:
        yield house, client
    database.close()


def _parameters() -> list[tuple[str, str, str]]:
    """(path, where, name) of every parameter of every operation that ends."""
    found = []
    for path, item in openapi_document()["paths"].items():
        for method, operation in item.items():
            if method == "get" and operation["operationId"] != "stream_alerts":
                found += [(path, one["in"], one["name"]) for one in operation.get("parameters", [])]
    return found


def _check(answer: Any, began: float) -> None:
    assert answer.status_code < 500, answer.text
    assert time.monotonic() - began < 5
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        body = answer.json()
        assert body["status"] == answer.status_code
        assert body["detail"]
        assert "Traceback" not in answer.text


@pytest.mark.parametrize(("path", "where", "name"), _parameters())
@pytest.mark.parametrize("kind", ["world", "postgres_world"])
def test_every_parameter_with_every_value(
    request: pytest.FixtureRequest, kind: str, path: str, where: str, name: str
) -> None:
    _, client = request.getfixturevalue(kind)
    needed = {"brand": "northwind"} if path == "/trends" else {}
    for value in VALUES:
        began = time.monotonic()
        if where == "path":
            answer = client.get(path.replace(f"{{{name}}}", quote(value, safe="")))
        elif where == "header":
            if not value.isascii() or not value.isprintable():
                continue
            answer = client.get(path, params=needed, headers={name: value})
        else:
            answer = client.get(path, params=needed | {name: value})
        _check(answer, began)


@pytest.mark.parametrize("name", sorted(BODIES))
@pytest.mark.parametrize("kind", ["world", "postgres_world"])
def test_every_body(request: pytest.FixtureRequest, kind: str, name: str) -> None:
    house, client = request.getfixturevalue(kind)
    paths = ["/posts", "/posts/batch"]
    paths += [f"/alerts/{house.alerts['guitar']}/{action}" for action in ("note", "suppress", "label", "assign")]
    for path, wrap in itertools.product(paths, (False, True)):
        body = b'{"posts":[' + BODIES[name] + b"]}" if wrap else BODIES[name]
        began = time.monotonic()
        _check(client.post(path, content=body, headers={"Content-Type": "application/json"}), began)


def test_what_is_accepted_can_be_read_back(world: tuple[House, TestClient]) -> None:
    _, client = world
    for name, body in BODIES.items():
        client.post("/posts", content=body, headers={"Content-Type": "application/json", "Idempotency-Key": name[0]})
    for path in ("/posts?limit=500", "/alerts", "/cases", "/sources", "/trends?brand=northwind"):
        assert client.get(path).status_code == 200


@pytest.mark.parametrize("limit", ["0", "-1", "501", "1000000000", "1e3", "0x10", "\u0661"])
def test_a_limit_is_between_one_and_five_hundred(world: tuple[House, TestClient], limit: str) -> None:
    for path in ("/posts", "/alerts", "/cases", "/cases/unanswered", "/deliveries"):
        answer = world[1].get(path, params={"limit": limit})
        assert answer.status_code == 422, answer.text


@pytest.mark.parametrize("cursor", ["x", "====", "W10", "bnVsbA", "WyJwb3N0cyJd", "\x00", "ü", "A" * 400])
def test_a_cursor_that_is_not_ours_is_a_400(world: tuple[House, TestClient], cursor: str) -> None:
    for path in ("/posts", "/alerts", "/cases", "/cases/unanswered", "/deliveries"):
        answer = world[1].get(path, params={"cursor": cursor})
        assert answer.status_code == 400, answer.text
        assert answer.json()["errors"][0]["pointer"] == "cursor"


def test_a_cursor_of_another_list_is_a_400(world: tuple[House, TestClient]) -> None:
    cursor = world[1].get("/posts", params={"limit": 1}).json()["next_cursor"]
    assert world[1].get("/cases", params={"cursor": cursor}).status_code == 400
    assert world[1].get("/alerts", params={"cursor": cursor, "order": "gravest"}).status_code == 400
