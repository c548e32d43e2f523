"""Every operation x every kind of key. An operation that is not in the matrix fails the test."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.api.application import build_api, openapi_document
from app.domain.access import Sight
from app.storage import keys, schema
from app.storage.database import Database
from app.storage.reads_feed import DeliveryFilters, list_deliveries
from app.storage.tables import metadata
from tests.api.builders import House, build_house
from tests.api.conftest import context_for


@dataclass(frozen=True)
class Operation:
    """How an operation is called on something of northwind, and what it needs."""

    method: str
    path: str
    scope: str
    body: dict[str, Any] | None = None
    params: dict[str, str] = field(default_factory=dict)
    ok: int = 200
    foreign: int = 404
    """What a key of the other brand gets; 200 where it gets a list without the thing."""


_POST: Final = {"id": "m", "text": "x", "author": {"id": "kim"}, "brands": ["northwind"]}
_NORTH: Final = {"brand": "northwind"}
_LATER: Final = {"reason": "known", "until": "2026-03-03T00:00:00Z"}
MATRIX: Final = {
    "push_post": Operation("POST", "/posts", "write", _POST, foreign=200),
    "push_posts": Operation("POST", "/posts/batch", "write", {"posts": [_POST]}, foreign=200),
    "list_posts": Operation("GET", "/posts", "read", params=_NORTH),
    "get_post": Operation("GET", "/posts/{post}", "read"),
    "list_brands": Operation("GET", "/brands", "read", foreign=200),
    "list_sources": Operation("GET", "/sources", "read", params=_NORTH),
    "get_trends": Operation("GET", "/trends", "read", params=_NORTH),
    "list_alerts": Operation("GET", "/alerts", "read", params=_NORTH),
    "get_alert": Operation("GET", "/alerts/{alert}", "read"),
    "acknowledge_alert": Operation("POST", "/alerts/{alert}/acknowledge", "write", {}),
    "assign_alert": Operation("POST", "/alerts/{alert}/assign", "write", {"assignee": "Alex"}),
    "note_alert": Operation("POST", "/alerts/{alert}/note", "write", {"note": "x"}),
    "resolve_alert": Operation("POST", "/alerts/{alert}/resolve", "write", {}),
    "suppress_alert": Operation("POST", "/alerts/{alert}/suppress", "write", _LATER),
    "reopen_alert": Operation("POST", "/alerts/{alert}/reopen", "write", {}, ok=409),
    "label_alert": Operation("POST", "/alerts/{alert}/label", "write", {"feedback": "useful"}),
    "list_cases": Operation("GET", "/cases", "read", params=_NORTH),
    "list_unanswered_cases": Operation("GET", "/cases/unanswered", "read", params=_NORTH),
    "get_case": Operation("GET", "/cases/{case}", "read"),
    "list_deliveries": Operation("GET", "/deliveries", "read", params=_NORTH),
    "redeliver": Operation("POST", "/deliveries/{delivery}/redeliver", "write", ok=409),
}
STREAMS: Final = {"stream_alerts": Operation("GET", "/alerts/stream", "read")}
"""They never end; what a key may see in them is tested in test_stream, refusals here."""
OPERATIONS: Final = sorted(MATRIX.items())


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, TestClient]]:
    """One house for the whole matrix: what succeeds is asked on a fresh alert."""
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('matrix')}/fretwatch.db")
    schema.upgrade(database)
    house = build_house(database)
    with TestClient(build_api(context_for(house))) as client:
        yield house, client
    database.close()


def call(world: tuple[House, TestClient], operation: Operation, key: str | None, *, alert: str = "guitar") -> Any:
    house, client = world
    token = house.keys.get(key, key) if key else None
    with house.database.read() as tx:
        (delivery, *_) = list_deliveries(tx, DeliveryFilters(alert=house.alerts[alert]), sight=Sight(private=True))
    path = operation.path.format(
        post=house.posts["first"], alert=house.alerts[alert], case=house.cases["guitar"], delivery=delivery.id
    )
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return client.request(operation.method, path, params=operation.params, json=operation.body, headers=headers)


def test_every_operation_is_in_the_matrix() -> None:
    document = openapi_document()
    declared = {operation["operationId"] for item in document["paths"].values() for operation in item.values()}
    assert declared == set(MATRIX) | set(STREAMS)


@pytest.mark.parametrize(("name", "operation"), sorted((MATRIX | STREAMS).items()))
@pytest.mark.parametrize("key", ["none", "wrong", "mistyped", "expired", "revoked", "basic"])
def test_without_a_key_that_holds(world: tuple[House, TestClient], name: str, operation: Operation, key: str) -> None:
    house, client = world
    good = house.keys["full"]
    forged = f"{good[:-72]}{'0' * 72}"
    tokens = {"none": None, "wrong": forged, "mistyped": good[:-1] + ("0" if good[-1] != "0" else "1")}
    answer = call(world, operation, tokens.get(key, key))
    if key == "basic":
        answer = client.request(operation.method, operation.path, headers={"Authorization": f"Basic {good}"})
    assert answer.status_code == 401, f"{name}: {answer.text}"
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("name", "operation"), sorted((MATRIX | STREAMS).items()))
def test_with_the_other_scope(world: tuple[House, TestClient], name: str, operation: Operation) -> None:
    other = {"read": "write", "write": "read"}[operation.scope]
    answer = call(world, operation, other)
    assert answer.status_code == 403, f"{name}: {answer.text}"
    assert operation.scope in answer.json()["detail"]


@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
def test_with_a_key_of_another_brand(world: tuple[House, TestClient], name: str, operation: Operation) -> None:
    answer = call(world, operation, "southwind")
    assert answer.status_code == operation.foreign, f"{name}: {answer.text}"
    secret = (world[0].posts["first"], "guitar", "Two weeks", "Kim")
    asked = answer.request.url.path
    assert not any(word in answer.text for word in secret if word not in asked), answer.text
    if name.startswith("push"):
        assert '"outcome":"refused"' in answer.text


@pytest.mark.parametrize(("name", "operation"), OPERATIONS)
@pytest.mark.parametrize("key", ["own", "admin", "northwind"])
def test_with_a_key_that_may(world: tuple[House, TestClient], name: str, operation: Operation, key: str) -> None:
    world[0].alert(f"{name}-{key}")
    answer = call(world, operation, operation.scope if key == "own" else key, alert=f"{name}-{key}")
    assert answer.status_code == operation.ok, f"{name}: {answer.text}"


def test_ids_of_another_brand_under_any_noun_leak_nothing(world: tuple[House, TestClient]) -> None:
    house, client = world
    headers = {"Authorization": f"Bearer {house.keys['southwind']}"}
    foreign = [house.alerts["guitar"], house.cases["guitar"], house.posts["first"], house.posts["second"]]
    foreign += [house.posts["ticket"], house.posts["staff"], house.alerts["private"], house.cases["private"]]
    answers = [
        client.get(f"/{noun}/{one}", headers=headers) for noun in ("alerts", "cases", "posts") for one in foreign
    ]
    assert {answer.status_code for answer in answers} == {404}


def test_the_last_use_is_recorded_at_most_once_a_minute(world: tuple[House, TestClient]) -> None:
    house, client = world
    house.key("watched", "read")

    def used() -> Any:
        with house.database.read() as tx:
            return next(view.last_used_at for view in keys.list_keys(tx) if view.name == "watched")

    assert used() is None
    headers = {"Authorization": f"Bearer {house.keys['watched']}"}
    assert client.get("/brands", headers=headers).status_code == 200
    first = used()
    client.get("/brands", headers=headers)
    assert first is not None
    assert used() == first


def test_no_table_holds_a_key(world: tuple[House, TestClient]) -> None:
    house, _ = world
    secrets = {token.rsplit("_", 1)[1] for token in house.keys.values()}
    with house.database.read() as tx:
        dump = "".join(str(row) for table in metadata.sorted_tables for row in tx.execute(select(table)))
    assert not [secret for secret in secrets if secret in dump]
