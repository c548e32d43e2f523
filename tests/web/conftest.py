"""A server of the pages on a free port over the seeded world, and a signed-in client."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from app.domain.clock import ManualClock
from app.storage import schema, sessions
from app.storage.database import Database
from app.web.application import Banner, WebContext, mount_web
from tests.web import seed
from tests.web.rows import NOW, World

FACTS = """# About this demo

Everything here is **invented**. The facts it is sized after:

- A letter in March, and nine months of *no*.
- A song in July.

| What | Fact | Here |
|---|---|---|
| Views on the first day | 150,000 | 162,000 |

## What a monitor could not see

The months ran through desks and e-mail.
"""


@dataclass
class Product:
    """A running server: where it is, what it holds, and how to sign in."""

    url: str
    context: WebContext
    world: World
    woken: list[int]

    def token(self) -> str:
        """A fresh one-time link's token."""
        with self.context.database.write() as tx:
            return sessions.create_link(tx, person="Ada", now=self.context.database.now())

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        """A signed-in client that sends a browser's Origin."""
        with httpx.Client(base_url=self.url, headers={"Origin": self.url}) as client:
            page = client.get("/sign-in", params={"token": self.token()})
            token, proof = (page.text.split(f'name="{name}" value="')[1].split('"')[0] for name in ("token", "proof"))
            answer = client.post("/sign-in", data={"token": token, "proof": proof})
            assert answer.status_code == 303, answer.text
            yield client


def csrf_of(client: httpx.Client) -> str:
    """The token that every form of this client's session carries."""
    return client.get("/sources").text.split('name="csrf" value="')[1].split('"')[0]


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Run an application on a free port, in a thread, and stop it in order."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    for _ in range(100):
        if server.started:
            break
        thread.join(0.05)
    assert server.started
    yield address
    server.should_exit = True
    thread.join(10)
    listener.close()


@contextmanager
def product(folder: Path, *, seeded: bool = True, is_demo: bool = True) -> Iterator[Product]:
    """A server over a database of its own."""
    database = Database(f"sqlite:///{folder}/fretwatch.db")
    schema.upgrade(database)
    world = World()
    if seeded:
        world = seed.seed(database)
    woken: list[int] = []
    facts, log = folder / "facts.md", folder / "received.jsonl"
    facts.write_text(FACTS, "utf-8")
    line = {
        "received_at": "2026-03-02T11:31:07+00:00",
        "webhook_id": "01TDELIVERY",
        "type": "alert.opened",
        "level": "page",
        "title": "A musician <b>",
        "verified": True,
        "duplicate": False,
    }
    log.write_text(json.dumps(line) + "\n" + json.dumps(line | {"duplicate": True}) + "\n{half a li", "utf-8")
    app = FastAPI(openapi_url=None)
    context = WebContext(
        database=database,
        event_clock=ManualClock(NOW),
        public_url="http://127.0.0.1:1",
        pepper=b"a pepper of the tests",
        policies=lambda: {"halcyon": seed.AIRLINE, "marlow": seed.TELECOM},
        wake=lambda: woken.append(1),
        banner=lambda: Banner("A re-enactment: brand, people and words are invented.", NOW) if is_demo else None,
        facts=facts if is_demo else None,
        receiver_log=log if is_demo else None,
        stream_poll=timedelta(milliseconds=50),
    )
    mount_web(app, context)
    with serving(app) as url:
        yield Product(url, context, world, woken)
    database.close()


@pytest.fixture
def product_server(tmp_path: Path) -> Iterator[Product]:
    """The seeded product."""
    with product(tmp_path) as running:
        yield running


@pytest.fixture
def empty_server(tmp_path: Path) -> Iterator[Product]:
    """A product in which nothing is watched yet."""
    with product(tmp_path, seeded=False, is_demo=False) as running:
        yield running


@pytest.fixture
def client(product_server: Product) -> Iterator[httpx.Client]:
    """Signed in to the seeded product."""
    with product_server.client() as signed_in:
        yield signed_in
