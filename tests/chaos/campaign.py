"""A replay that is killed again and again, with its sender of deliveries; real processes, real signals, real sockets.

One round is one database: the replay is started and killed until it comes to its end, then the deliveries are sent to
theirs. `judge` says in words what does not hold; `benchmarks/kill.py` and the tests beside this file run it.
"""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from sqlalchemy import func, select, update
from standardwebhooks.webhooks import Webhook

from app.storage import reports, schema
from app.storage.audit import audit
from app.storage.database import Database
from app.storage.tables import alert, delivery, work_chunk
from tests.chaos.made_up import write_house

ROOT: Final = Path(__file__).resolve().parents[2]
SECRET: Final = "whsec_bWFkZSB1cCBmb3IgdGhlc2UgdGVzdHMsIDMyIGI="
OPEN: Final = ("pending", "held")
MOST_SENDER_KILLS: Final = 6
"""A round."""
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


_POSTS_A_SECOND = 2000.0
"""More than any machine reads."""


@dataclass
class Receiver:
    """Keeps what came: by webhook-id every body (as its hash), and how often; one answer in `fails` is a 500."""

    fails: int = 10
    bodies: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    accepted: set[str] = field(default_factory=set)
    unverified: int = 0
    doubles: int = 0
    """Requests that came although the same webhook-id had been accepted before."""
    url: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _draw: random.Random = field(default_factory=lambda: random.Random(11))

    @contextmanager
    def listening(self) -> Iterator["Receiver"]:
        """Answer on a free port, in a thread of its own."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver, webhook = self, Webhook(SECRET)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                try:
                    webhook.verify(body, dict(self.headers))
                except Exception:  # noqa: BLE001 - whatever the library raises, the message was not ours
                    receiver.unverified += 1
                status = receiver.note(self.headers["webhook-id"], body)
                try:
                    self.send_response(status)
                    self.send_header("content-length", "0")
                    self.end_headers()
                except ConnectionError:
                    pass  # the sender was killed while it waited

            def log_message(self, format: str, *args: object) -> None:
                """Keep quiet."""

        return Handler

    def note(self, webhook_id: str, body: bytes) -> int:
        """Keep one request; the status to answer."""
        with self._lock:
            self.bodies[webhook_id].append(hashlib.sha256(body).hexdigest())
            self.doubles += webhook_id in self.accepted
            if self._draw.randrange(self.fails) == 0:
                return 500
            self.accepted.add(webhook_id)
            return 204

    def forget(self) -> None:
        """Begin another round."""
        with self._lock:
            self.bodies.clear()
            self.accepted.clear()
            self.doubles = 0


@dataclass(frozen=True, slots=True)
class Counts:
    """What is compared with an undisturbed run."""

    posts: int
    read: int
    complaints: int
    cases: int
    alerts: int
    alerts_by_level: dict[str, int]


@dataclass(slots=True)
class Round:
    """How one database fared."""

    kills: int = 0
    sender_kills: int = 0
    lives: list[int] = field(default_factory=list)
    """Mentions that were read when each life of the replay ended."""
    requests: int = 0
    repeated: int = 0
    doubles: int = 0
    deliveries: int = 0
    counts: Counts | None = None
    findings: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Arena:
    """A folder with a house in it, a receiver, and how the processes are started there."""

    folder: Path
    receiver: Receiver
    posts: int
    seed: int = 7
    distinct: int = 0
    chance: random.Random = field(default_factory=lambda: random.Random(3))

    def prepare(self) -> None:
        """Write the file, the mapping and the configuration."""
        self.distinct = write_house(self.folder, url=self.receiver.url, posts=self.posts, seed=self.seed)

    def start(self, url: str, *arguments: str) -> subprocess.Popen[bytes]:
        """A process of the program, as an operator starts it."""
        environ = {key: value for key, value in os.environ.items() if not key.startswith("FRETWATCH")}
        environ |= {"FRETWATCH_DATABASE_URL": url, "CHAOS_SECRET": SECRET, "PYTHONPATH": str(ROOT)}
        with (self.folder / "processes.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "app", *arguments], cwd=self.folder, env=environ, stdout=log, stderr=log
            )

    def replay(self, url: str) -> subprocess.Popen[bytes]:
        """The replay, from its start or from where it was killed."""
        return self.start(url, "replay", "posts.jsonl", "--mapping", "mapping.toml", "--json")

    def sender(self, url: str) -> subprocess.Popen[bytes]:
        """The process that only delivers."""
        return self.start(url, "serve", "--roles", "deliver")


def undisturbed(arena: Arena, url: str) -> tuple[Counts, float]:
    """The counts of a replay that nobody kills, and its seconds."""
    began = time.perf_counter()
    process = arena.replay(url)
    if process.wait(timeout=300) != 0:
        raise RuntimeError(f"the undisturbed replay failed; see {arena.folder}/processes.log")
    took = time.perf_counter() - began
    database = Database(url)
    found = counts_of(database)
    database.close()
    return found, took


def kill_round(arena: Arena, url: str, *, kills: int, longest: float) -> Round:
    """Replay into an empty database with at most `kills` kills at random moments; no life lasts over `longest` s."""
    arena.receiver.forget()
    database = Database(url)
    schema.upgrade(database)
    found = Round()
    sending = _Sending(arena, url)
    try:
        _replay_under_fire(arena, database, url, found, sending, kills=kills, longest=longest)
        expire_leases(database)
        _send_the_rest(database, sending)
    finally:
        found.sender_kills = sending.kills
        sending.end()
    judge(database, arena, found)
    database.close()
    return found


def _replay_under_fire(
    arena: Arena, database: Database, url: str, found: Round, sending: "_Sending", *, kills: int, longest: float
) -> None:
    while True:
        process = arena.replay(url)
        if found.kills < kills:
            soon = min(1.0, arena.posts / _POSTS_A_SECOND)
            _until_a_random_moment(arena.chance, database, process, longest, soon=soon)
            process.send_signal(signal.SIGKILL)
        code = process.wait(timeout=300)
        found.lives.append(_read_so_far(database))
        if code != -signal.SIGKILL:
            if code != 0:
                found.findings.append(f"a replay ended by itself with {code}")
            return
        found.kills += 1
        if arena.chance.random() < 0.5:
            sending.kill()
        # Some restarts come at once, while the dead worker still holds its chunks; most after their leases.
        if arena.chance.random() < 0.7 or found.kills == kills:
            expire_leases(database)


def _until_a_random_moment(
    chance: random.Random, database: Database, process: subprocess.Popen[bytes], longest: float, *, soon: float
) -> None:
    """One in five anywhere, the start of the program included; the others soon after its first row.

    "Soon" is a part of what the rows take, so that a fast machine does not finish a short file before the second kill.
    """
    until = time.monotonic() + chance.uniform(0.2, longest)
    if chance.random() < 0.8:
        before = _progress(database)
        until = time.monotonic() + longest
        while process.poll() is None and time.monotonic() < until and _progress(database) == before:
            time.sleep(0.02)
        until = time.monotonic() + chance.uniform(0.0, soon)
    while process.poll() is None and time.monotonic() < until:
        time.sleep(0.005)


def _send_the_rest(database: Database, sending: "_Sending", patience: float = 120.0) -> None:
    until = time.monotonic() + patience
    while _unsent(database) and time.monotonic() < until:
        sending.look_after()
        time.sleep(0.2)
        make_due(database)
        if sending.chance.random() < 0.05 and sending.kills < MOST_SENDER_KILLS:
            sending.kill()
            expire_leases(database)


class _Sending:
    """The sender's process: started when it is not there, killed when the campaign says so."""

    def __init__(self, arena: Arena, url: str) -> None:
        self._arena = arena
        self._url = url
        self.chance = arena.chance
        self.kills = 0
        self._process = arena.sender(url)

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self.kills += 1
        self._process = self._arena.sender(self._url)

    def look_after(self) -> None:
        if self._process.poll() is not None:
            self._process = self._arena.sender(self._url)

    def end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def expire_leases(database: Database) -> None:
    """What the two minutes of a lease would do: nobody waits for them here."""
    with database.write() as tx:
        held = work_chunk.c.lease_until.is_not(None)
        tx.execute(update(work_chunk).where(held).values(lease_until=_LONG_AGO))
        tx.execute(update(delivery).where(delivery.c.lease_until.is_not(None)).values(lease_until=_LONG_AGO))


def make_due(database: Database) -> None:
    """Retries come at once instead of after the minutes of the schedule."""
    with database.write() as tx:
        waiting = (delivery.c.state == "pending") & delivery.c.lease_until.is_(None)
        late = delivery.c.due_at > database.now() + timedelta(seconds=1)
        tx.execute(update(delivery).where(waiting, late).values(due_at=_LONG_AGO))


def judge(database: Database, arena: Arena, found: Round) -> None:
    """Everything that must hold at the end; what does not is a finding."""
    receiver = arena.receiver
    with database.read() as tx:
        found.findings += audit(tx, database.now()).findings
        waiting = tx.execute(select(func.count()).select_from(work_chunk)).scalar_one()
        rows = tx.execute(select(delivery.c.id, delivery.c.state, delivery.c.body)).all()
    found.counts = counts_of(database)
    found.deliveries = sum(row.state == "delivered" for row in rows)
    found.requests = sum(len(bodies) for bodies in receiver.bodies.values())
    found.repeated = found.requests - len(receiver.bodies)
    found.doubles = receiver.doubles
    if found.counts.posts != arena.distinct:
        found.findings.append(f"{arena.distinct} distinct ids in the file, {found.counts.posts} posts stored")
    if waiting:
        found.findings.append(f"{waiting} chunks were never read")
    told = {row.id: hashlib.sha256(row.body).hexdigest() for row in rows if row.state == "delivered"}
    unsent = [row.id for row in rows if row.state not in ("delivered", "cancelled")]
    _say(found, unsent, "deliveries were not made")
    _say(found, sorted(told.keys() - receiver.accepted), "deliveries count as made, and never arrived")
    _say(found, sorted(receiver.bodies.keys() - told.keys()), "messages arrived that no delivery stands for")
    differing = [one for one, bodies in receiver.bodies.items() if set(bodies) != {told.get(one)}]
    _say(found, differing, "messages came again with another body")
    if receiver.unverified:
        found.findings.append(f"{receiver.unverified} messages had no valid signature")


def counts_of(database: Database) -> Counts:
    """The counts that no kill may change."""
    with database.read() as tx:
        totals = reports.totals(tx)
        by_level = tx.execute(select(alert.c.level, func.count()).group_by(alert.c.level)).all()
    levels = {str(level): int(n) for level, n in by_level}
    return Counts(totals.posts, totals.read, totals.complaints, totals.cases, totals.alerts, levels)


def _read_so_far(database: Database) -> int:
    with database.read() as tx:
        return reports.totals(tx).read


def _progress(database: Database) -> tuple[int, int]:
    with database.read() as tx:
        totals = reports.totals(tx)
    return totals.posts, totals.read


def _unsent(database: Database) -> int:
    with database.read() as tx:
        return tx.execute(select(func.count()).select_from(delivery).where(delivery.c.state.in_(OPEN))).scalar_one()


def _say(found: Round, ids: list[str], what: str) -> None:
    if ids:
        found.findings.append(f"{len(ids)} {what}: {json.dumps(ids[:3])}")
