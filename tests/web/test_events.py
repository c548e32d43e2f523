"""The live stream: changes after a sequence, no words of a post, and an end when the session ends."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.web.conftest import Product, csrf_of


@contextmanager
def listening(client: httpx.Client, path: str, **headers: str) -> Iterator[Iterator[str]]:
    with client.stream("GET", path, headers=headers, timeout=10) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield answer.iter_lines()


def first(lines: Iterator[str], start: str) -> str:
    return next(line for line in lines if line.startswith(start)).removeprefix(start).strip()


def test_a_change_is_told_at_once(product_server: Product, client: httpx.Client) -> None:
    alert, csrf = product_server.world.alerts["mother"], csrf_of(client)
    page = client.get("/").text
    path = page.split('hx-sse:connect="')[1].split('"')[0].replace("&amp;", "&")
    with listening(client, path) as lines, product_server.client() as other:
        assert first(lines, "retry:") == "2000"
        other.post(f"/alerts/{alert}/acknowledge", data={"csrf": csrf_of(other)})
        sequence = int(first(lines, "id:"))
        assert first(lines, "event:") == "changed"
        told = json.loads(first(lines, "data:"))
    assert told["alerts"] == [alert]
    assert set(told) == {"alerts", "level", "title"}
    assert sequence > 0
    assert csrf


def test_a_browser_that_comes_back_misses_nothing(product_server: Product, client: httpx.Client) -> None:
    with listening(client, "/events?after=999", **{"Last-Event-ID": "0"}) as lines:
        told = json.loads(first(lines, "data:"))
    assert set(told["alerts"]) == set(product_server.world.alerts.values())


def test_only_the_chosen_brand_is_told(product_server: Product, client: httpx.Client) -> None:
    with listening(client, "/events?after=0&brand=marlow") as lines:
        first(lines, "retry:")
        assert first(lines, ":") == "still here"
