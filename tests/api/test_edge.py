"""What every answer has in common: problems, body size, limits, headers, and the fault that nobody foresaw."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from app.api.application import build_api
from app.api.csv_tables import cell
from app.domain.errors import DatabaseUnavailable
from tests.api.builders import House
from tests.api.conftest import Asking, context_for

PROBLEM = "application/problem+json"


class Broken:
    """An intake that fails in a way that nobody foresaw, or says that the database is away."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def take(self, events: object) -> None:
        raise self._error


def _post() -> dict[str, object]:
    return {"id": "1", "text": "x", "author": {"id": "a"}, "brands": ["northwind"]}


def test_no_such_path_and_no_such_method(small_house: House, asking_small: Asking) -> None:
    client = asking_small("full")
    for answer, status in (
        (client.get("/nothing"), 404),
        (client.delete("/alerts"), 405),
        (client.get("/alerts/"), 404),
    ):
        assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
        assert set(answer.json()) >= {"type", "title", "status", "detail", "instance"}
    assert client.delete("/alerts").headers["allow"] == "GET"


def test_every_answer_is_inert_and_counted(small_house: House, asking_small: Asking) -> None:
    answer = asking_small("full").get("/alerts")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["ratelimit-policy"] == '"default";q=600;w=60'
    assert answer.headers["ratelimit"].startswith('"default";r=599;t=')


def test_who_asks_too_often_waits(small_house: House) -> None:
    api = build_api(replace(context_for(small_house), rate="3/minute"))
    with TestClient(api, headers={"Authorization": f"Bearer {small_house.keys['full']}"}) as client:
        statuses = [client.get("/brands").status_code for _ in range(4)]
        answer = client.get("/brands")
    assert statuses == [200, 200, 200, 429]
    assert answer.headers["content-type"] == PROBLEM
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert answer.headers["ratelimit"].startswith('"default";r=0;')
    with TestClient(api, headers={"Authorization": f"Bearer {small_house.keys['read']}"}) as other:
        assert other.get("/brands").status_code == 200


def test_a_body_that_is_too_large_is_not_read(small_house: House, asking_small: Asking) -> None:
    client = asking_small("full")
    declared = client.post("/posts", content=b"x" * 1_000_001)

    def drip() -> Iterator[bytes]:
        for _ in range(20):
            yield b" " * 100_000

    streamed = client.post("/posts", content=drip(), headers={"Content-Type": "application/json"})
    for answer in (declared, streamed):
        assert (answer.status_code, answer.headers["content-type"]) == (413, PROBLEM)
    just_fits = b'{"id":"1"}' + b" " * 999_990
    assert client.post("/posts", content=just_fits, headers={"Content-Type": "application/json"}).status_code == 422


def test_a_fault_of_ours_says_nothing_of_the_inside(small_house: House) -> None:
    broken = replace(context_for(small_house), intake=Broken(RuntimeError("secret detail")))  # type: ignore[arg-type]
    with TestClient(build_api(broken), headers={"Authorization": f"Bearer {small_house.keys['full']}"}) as client:
        with capture_logs() as logged:
            answer = client.post("/posts", json=_post())
        assert (answer.status_code, answer.headers["content-type"]) == (500, PROBLEM)
        assert "secret" not in answer.text
        assert logged[0]["event"] == "request failed"
        retried = client.post("/posts", json=_post(), headers={"Idempotency-Key": "k"})
        assert retried.status_code == 500


def test_a_failed_request_gives_its_idempotency_key_back(small_house: House) -> None:
    context = context_for(small_house)
    headers = {"Authorization": f"Bearer {small_house.keys['full']}", "Idempotency-Key": "k"}
    away = replace(context, intake=Broken(DatabaseUnavailable("The database does not answer.")))  # type: ignore[arg-type]
    with TestClient(build_api(away), headers=headers) as client:
        answer = client.post("/posts", json=_post())
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    with TestClient(build_api(context), headers=headers) as client:
        assert client.post("/posts", json=_post()).json()["outcome"] == "created"


def test_values_that_cannot_be_used_are_pointed_at(small_house: House, asking_small: Asking) -> None:
    bad = {"posts": [_post(), _post() | {"created_at": "2026-03-02T12:00:00", "a/b": 1}]}
    body = asking_small("full").post("/posts/batch", json=bad).json()
    assert {error["pointer"] for error in body["errors"]} == {"#/posts/1/created_at", "#/posts/1/a~1b"}
    plain = asking_small("full").post("/posts", content=b"id=1", headers={"Content-Type": "text/plain"})
    assert "application/json" in plain.json()["detail"]


@pytest.mark.parametrize(
    "text",
    [
        *(f"{start}1+1" for start in "=+-@\t\r|%"),
        *(f" {start}1+1" for start in "=+-@"),
        *(f"\u00a0{start}1+1" for start in "=+-@"),
        *("\uff1d1", "\uff0b1", "\uff0d1", "\uff201"),
        *("\u200b=1", "\ufeff=1", "x\n=1", "x\r\n@1", "x\r=1", "\n=1"),
        *("=cmd|' /C calc'!A0", '=HYPERLINK("http://x.example")', "@SUM(1)", "-2+3", "+1-1"),
    ],
)
def test_no_cell_starts_a_formula(text: str) -> None:
    lines = cell(text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    dangerous = ("=", "+", "-", "@", "\t", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20")
    assert not [line for line in lines if line.lstrip(" \u00a0\u200b\ufeff").startswith(dangerous)]


def test_numbers_and_words_stay_as_they_are() -> None:
    assert [cell(value) for value in (-1.5, 3, True, None, "plain", "a=b")] == ["-1.5", "3", "True", "", "plain", "a=b"]
