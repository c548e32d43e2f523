"""Nothing is lost, and nothing differs, while the sender is killed again and again and the receiver fails 30 %.

Real processes, real kills, real sockets; only the schedule is faster.
"""

import asyncio
import random
import socket
import struct
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import func, select
from standardwebhooks.webhooks import Webhook

from app.domain.alerts import Alert, AlertChange, AlertState, ChangeKind, Endpoint, Leg, Level
from app.domain.ids import new_id
from app.domain.policies import Policy
from app.storage import outbox
from app.storage.database import Database, now_of
from app.storage.tables import attempt, delivery

SENDER: Final = Path(__file__).with_name("chaos_sender.py")
ROOT: Final = Path(__file__).resolve().parents[2]
SECRET: Final = "whsec_bWFkZSB1cCBmb3IgdGhlc2UgdGVzdHMsIDMyIGI="
ALERTS: Final = 120
KILL_AFTER: Final = (30, 70, 110, 150, 190)
"""Requests received when the sender is killed; there are at least 240."""
IN_FLIGHT: Final = 2 * 4
FAULTS: Final = ("500", "throttled", "reset", "hang", "truncated")


@dataclass
class FailingReceiver:
    """Keeps every request; answers three in ten with a fault, drawn from a fixed seed."""

    verifier: Webhook = field(default_factory=lambda: Webhook(SECRET))
    bodies: dict[str, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    accepted: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    count: int = 0
    progress: asyncio.Event = field(default_factory=asyncio.Event)
    draw: random.Random = field(default_factory=lambda: random.Random(7))

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._exchange(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the sender was killed in the middle of a request
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = (line.split(":", 1) for line in head.strip().split("\r\n")[1:])
        headers = {name.lower(): value.strip() for name, value in lines}
        body = await reader.readexactly(int(headers["content-length"]))
        self.verifier.verify(body, headers)
        self.bodies[headers["webhook-id"]].add(body)
        self.count += 1
        self.progress.set()
        if self.draw.random() < 0.3:
            await self._fail(self.draw.choice(FAULTS), reader, writer)
            return
        self.accepted[headers["webhook-id"]] += 1
        writer.write(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
        await writer.drain()

    async def _fail(self, fault: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.faults[fault] += 1
        if fault == "500":
            writer.write(b"HTTP/1.1 500 Oops\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        elif fault == "throttled":
            writer.write(b"HTTP/1.1 429 Slow\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        elif fault == "truncated":
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
        elif fault == "reset":
            raw = writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            await reader.read()  # until the sender hangs up

    async def received(self, count: int) -> None:
        while self.count < count:
            self.progress.clear()
            await self.progress.wait()


@asynccontextmanager
async def receiving() -> AsyncIterator[tuple[FailingReceiver, int]]:
    receiver = FailingReceiver()
    server = await asyncio.start_server(receiver.answer, "127.0.0.1", 0)
    async with server:
        yield receiver, server.sockets[0].getsockname()[1]


def write_alerts(database: Database) -> None:
    """`ALERTS` changes that are committed, and a few that are rolled back."""
    endpoints = [Endpoint(name, "http://unused.example/", max_per_hour=10_000) for name in ("oncall", "desk")]
    policy = Policy(group_wait={})
    with database.write() as tx:
        now = now_of(tx)
    raised = Alert(
        id="",
        group="case",
        brand="northwind",
        leg=Leg.CASE,
        level=Level.WARN,
        state=AlertState.OPEN,
        risk=0.6,
        title="A bag is lost: Koffer fehlt, übel",
        opened_at=now,
        level_since=now,
    )

    def write(sequence: int, *, fails: bool = False) -> None:
        level = Level.PAGE if sequence % 10 == 0 else Level.WARN
        about = replace(raised, id=new_id(), level=level, title="ROLLED BACK" if fails else raised.title)
        change = AlertChange(about, ChangeKind.OPENED, now, "rule")
        with database.write() as tx:
            outbox.enqueue(
                tx,
                sequence=sequence,
                change=change,
                endpoints=endpoints,
                policy=policy,
                public_url="http://127.0.0.1:8000",
                now=now,
            )
            if fails:
                raise ZeroDivisionError

    for sequence in range(1, ALERTS + 1):
        write(sequence)
        if sequence % 20 == 0:
            with pytest.raises(ZeroDivisionError):
                write(10_000 + sequence, fails=True)


async def start(database: Database, port: int) -> asyncio.subprocess.Process:
    command = (str(SENDER), database.url, str(port), SECRET)
    return await asyncio.create_subprocess_exec(
        sys.executable, *command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, stdout=asyncio.subprocess.DEVNULL
    )


async def deliver_under_fire(database: Database) -> FailingReceiver:
    async with asyncio.timeout(60), receiving() as (receiver, port):
        for count in KILL_AFTER:
            sender = await start(database, port)
            await receiver.received(count)
            sender.kill()
            assert await sender.wait() == -9
        last = await start(database, port)
        assert await last.wait() == 0
    return receiver


@pytest.mark.slow
def test_killed_senders_and_failing_receivers_lose_nothing(database: Database) -> None:
    write_alerts(database)
    receiver = asyncio.run(deliver_under_fire(database))

    with database.read() as tx:
        rows = tx.execute(select(delivery.c.id, delivery.c.body, delivery.c.state)).all()
        tries = tx.execute(select(func.count()).select_from(attempt)).scalar_one()
        ok = tx.execute(select(func.count()).select_from(attempt).where(attempt.c.outcome == "delivered")).scalar_one()
    assert len(rows) == 2 * ALERTS
    assert {row.state for row in rows} == {"delivered"}
    assert set(receiver.accepted) == {row.id for row in rows}, "0 lost, 0 of what was rolled back"
    assert {id_: {body} for id_, body in ((row.id, row.body) for row in rows)} == receiver.bodies, "bodies identical"
    assert set(receiver.faults) == set(FAULTS), "every kind of failure was met"
    doubles = sum(receiver.accepted.values()) - len(rows)
    assert doubles <= len(KILL_AFTER) * IN_FLIGHT
    assert ok == len(rows)
    assert tries >= receiver.count - len(KILL_AFTER) * IN_FLIGHT, "every attempt but the killed ones is stored"
