"""The outside misbehaves: a feed that is none, a feed of 20 MB, an endpoint that never answers. The others go on."""

import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import select

from app.queries.health import sources_health
from app.storage.database import Database
from app.storage.tables import delivery
from tests.bad_input.conftest import HOUSE, Run, said_clearly
from tests.chaos.campaign import Arena, Receiver

FEED = (
    b'<?xml version="1.0"?><rss version="2.0"><channel><title>Forum</title><item><guid>1</guid>'
    b"<title>Northwind lost my bag</title><description>and nobody answers</description></item></channel></rss>"
)
PAGES = {
    "/good": FEED,
    "/page": b"<!doctype html><html><body>Welcome</body></html>",
    "/big": b"<rss>" + b"x" * 20_000_000,
    "/noise": bytes(range(256)) * 40,
    "/empty": b"",
}


@contextmanager
def pages() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = PAGES[self.path]
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):  # the reader hangs up at its cap
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def source(name: str, url: str) -> str:
    return f'[[source]]\nname = "{name}"\nkind = "rss"\nbrands = ["northwind"]\nurl = "{url}"\nallow_private = true\n'


def test_a_source_that_fails_says_why_and_the_others_are_read(folder: Path, run: Run) -> None:
    with pages() as url:
        sources = "".join(source(path[1:], url + path) for path in PAGES)
        (folder / "fretwatch.toml").write_text(HOUSE + sources, encoding="utf-8")
        said_clearly(run("collect", "--once"), "more than 10,000,000 bytes", "a web page, not a feed", "is empty")
    with sqlite3.connect(folder / "var" / "fretwatch.db") as connection:
        kept = connection.execute("SELECT source, text FROM post").fetchall()
    connection.close()
    assert [name for name, _ in kept] == ["good"]
    assert "nobody answers" in kept[0][1]
    said_clearly(run("doctor"), "source big", "failing: big:", "not a feed")
    database = Database(f"sqlite:///{folder}/var/fretwatch.db")
    with database.read() as tx:
        health = {one.name: one for one in sources_health(tx, now=database.now())}
    database.close()
    assert {name: one.state for name, one in health.items()} == {
        "good": "ok",
        "page": "failing",
        "big": "failing",
        "noise": "failing",
        "empty": "failing",
    }
    assert all(one.last_error for name, one in health.items() if name != "good")


def test_a_private_address_is_refused_without_a_word_of_permission(folder: Path, run: Run) -> None:
    with pages() as url:
        closed = source("inside", f"{url}/good").replace("allow_private = true\n", "")
        (folder / "fretwatch.toml").write_text(HOUSE + closed, encoding="utf-8")
        said_clearly(run("collect", "--once"), "is refused", "set allow_private = true")


@contextmanager
def deaf() -> Iterator[str]:
    """Takes every connection, and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.slow
def test_an_endpoint_that_never_answers_delays_no_other(tmp_path: Path) -> None:
    with Receiver(fails=1_000_000).listening() as receiver, deaf() as silence:
        arena = Arena(tmp_path, receiver, 300)
        arena.prepare()
        toml = tmp_path / "fretwatch.toml"
        written = toml.read_text(encoding="utf-8").replace(f"{receiver.url}/oncall", f"{silence}/oncall")
        toml.write_text(written, encoding="utf-8")
        url = f"sqlite:///{tmp_path}/house.db"
        assert arena.replay(url).wait(timeout=60) == 0
        database = Database(url)
        desk, oncall = due(database, "desk"), due(database, "oncall")
        assert len(desk) > 20
        assert oncall
        sender = arena.sender(url)
        try:
            until = time.monotonic() + 18  # a request to the deaf endpoint hangs for 20 s
            while receiver.accepted < desk and time.monotonic() < until:
                time.sleep(0.1)
            assert receiver.accepted == desk
            sender.send_signal(signal.SIGTERM)
            assert sender.wait(timeout=20) == 0, "a hanging request does not hold up a stop"
        finally:
            sender.kill()
            sender.wait()
        assert due(database, "oncall") == oncall, "what was not answered is still to be sent"
        database.close()


def due(database: Database, endpoint: str) -> set[str]:
    with database.read() as tx:
        found = select(delivery.c.id).where(delivery.c.endpoint == endpoint, delivery.c.state == "pending")
        return set(tx.execute(found).scalars())
