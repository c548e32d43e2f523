"""The live stream, driven as a server drives it: nothing is lost between two connections."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from app.api.application import build_api
from app.api.context import ApiContext
from app.domain.alerts import Level
from app.storage import keys
from tests.api.builders import House
from tests.api.conftest import context_for


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Listener:
    """Reads events until it has enough, then hangs up."""

    def __init__(self, enough: int) -> None:
        self.enough = enough
        self.status = 0
        self.events: list[dict[str, str]] = []
        self.rest = ""
        self.begun = anyio.Event()
        self._done = anyio.Event()

    async def receive(self) -> dict[str, Any]:
        if not self.begun.is_set():
            self.begun.set()
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._done.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        self.rest += message.get("body", b"").decode()
        *whole, self.rest = self.rest.split("\n\n")
        for block in whole:
            lines = (line.partition(": ") for line in block.splitlines())
            self.events.append({name: value for name, _, value in lines if name})
        if len([event for event in self.events if "id" in event]) >= self.enough:
            self._done.set()


async def listen(
    house: House, key: str, *, enough: int, last: str | None = None, context: ApiContext | None = None
) -> list[dict[str, str]]:
    api = build_api(context or context_for(house))
    headers = [(b"authorization", f"Bearer {house.keys[key]}".encode())]
    if last is not None:
        headers.append((b"last-event-id", last.encode()))
    listener = Listener(enough)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "path": "/alerts/stream",
        "raw_path": b"/alerts/stream",
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "headers": headers,
        "server": ("test", 80),
        "client": ("test", 1),
    }
    with anyio.fail_after(20):
        await api(scope, listener.receive, listener.send)
    assert listener.status == 200
    return listener.events


@pytest.mark.anyio
async def test_everything_since_the_last_event_comes_first(house: House) -> None:
    sequence = house.escalate("guitar")
    house.escalate("theirs")
    first, *events = await listen(house, "full", enough=4, last="0")
    assert first["retry"] == "2000"
    told = [(event["event"], json.loads(event["data"])["alert"]["id"]) for event in events]
    guitar, theirs = house.alerts["guitar"], house.alerts["theirs"]
    assert told == [
        ("alert.opened", guitar),
        ("alert.opened", theirs),
        ("alert.escalated", guitar),
        ("alert.escalated", theirs),
    ]
    _, only = await listen(house, "full", enough=1, last=str(sequence))
    assert json.loads(only["data"])["sequence"] == int(only["id"]) == sequence + 1


@pytest.mark.anyio
async def test_a_listener_sees_only_its_brand_and_what_is_public(house: House) -> None:
    _, *events = await listen(house, "southwind", enough=1, last="0")
    assert {json.loads(event["data"])["alert"]["brand"] for event in events} == {"southwind"}
    _, *events = await listen(house, "private", enough=3, last="0")
    assert house.alerts["private"] in {json.loads(event["data"])["alert"]["id"] for event in events}


@pytest.mark.anyio
async def test_a_change_during_the_connection_is_sent(small_house: House) -> None:
    async with anyio.create_task_group() as group:

        async def change() -> None:
            await anyio.to_thread.run_sync(small_house.escalate, "guitar", Level.PAGE)

        group.start_soon(change)
        _, event = await listen(small_house, "northwind", enough=1, last="3")
    assert event["event"] == "alert.escalated"


@pytest.mark.anyio
async def test_a_stream_ends_soon_after_its_key_was_revoked(small_house: House) -> None:
    token = small_house.key("leaver", "read")
    looks = 0

    async def wait(_: float) -> None:
        nonlocal looks
        looks += 1
        if looks == 10:
            await anyio.to_thread.run_sync(revoke)
        await anyio.lowlevel.checkpoint()

    def revoke() -> None:
        with small_house.database.write() as tx:
            keys.revoke(tx, token.split("_")[2], now=small_house.database.now())

    context = replace(context_for(small_house), wait_for_change=wait)
    await listen(small_house, "leaver", enough=99, context=context)
    assert 10 <= looks < 60


@pytest.mark.anyio
async def test_a_stream_goes_on_while_its_key_holds_and_ends_after_its_life(small_house: House) -> None:
    looks = 0

    async def wait(_: float) -> None:
        nonlocal looks
        looks += 1
        await anyio.lowlevel.checkpoint()

    context = replace(context_for(small_house), wait_for_change=wait, stream_life=timedelta(seconds=1))
    await listen(small_house, "full", enough=99, context=context)
    assert looks > 60
