"""The loop: claim, send outside any transaction, finish; one bad endpoint never stops the others."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from app.delivery.dispatcher import NO_HOOKS, Dispatcher, Hooks, Pace
from app.delivery.retry import SCHEDULE
from app.domain.alerts import Delivery, Endpoint, Outcome, OutcomeKind, OutgoingMessage
from app.domain.clock import ManualClock
from app.domain.errors import DatabaseUnavailable
from app.storage import outbox_replay
from app.storage.database import Database, Transaction
from app.storage.tables import attempt, delivery
from app.storage.tables import endpoint as endpoint_table

START = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
OK = Outcome(OutcomeKind.DELIVERED, status=204)
FAILED = Outcome(OutcomeKind.RETRY, status=500, error="answered 500")


@dataclass
class ScriptedNotifier:
    """Answers by endpoint: an outcome, an error to raise, or an event to wait for first."""

    answers: Mapping[str, Outcome | Exception | asyncio.Event] = field(default_factory=dict)
    sent: list[tuple[str, OutgoingMessage]] = field(default_factory=list)
    kind: str = "webhook"
    called: asyncio.Event | None = None

    async def send(self, endpoint: Endpoint, message: OutgoingMessage) -> Outcome:
        self.sent.append((endpoint.name, message))
        if self.called is not None:
            self.called.set()
        answer = self.answers.get(endpoint.name, OK)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, asyncio.Event):
            await answer.wait()
            return OK
        return answer


class Bench:
    """A dispatcher over a database with a clock that stands still."""

    def __init__(
        self,
        database: Database,
        notifier: ScriptedNotifier,
        hooks: Hooks = NO_HOOKS,
        *,
        now: Callable[[Transaction], datetime] | None = None,
        in_flight: int = 48,
    ) -> None:
        self.database = database
        self.notifier = notifier
        self.clock = ManualClock(START)
        self.endpoints: dict[str, Endpoint | None] = {
            name: Endpoint(name, f"https://{name}.example/") for name in ("oncall", "desk")
        }
        self.endpoints["fax"] = Endpoint("fax", "https://fax.example/", kind="fax")
        self.dispatcher = Dispatcher(
            database,
            {"webhook": notifier},
            lambda: self.endpoints,
            pace=Pace(in_flight=in_flight, poll=timedelta(seconds=0.02), grace=timedelta(seconds=0.05)),
            hooks=hooks,
            now=now or (lambda tx: self.clock.now()),
        )
        with database.write() as tx:
            row = {"kind": "webhook", "url": "https://x.example", "config": {}, "applied_at": START}
            tx.execute(insert(endpoint_table), [row | {"name": name} for name in self.endpoints])

    def seed(self, *ids: str, to: str = "oncall") -> None:
        with self.database.write() as tx:
            for id_ in ids:
                tx.execute(
                    insert(delivery).values(
                        id=id_,
                        change=sum(id_.encode()),
                        alert_id="alert",
                        endpoint=to,
                        level="page",
                        body=f'{{"id":"{id_}"}}'.encode(),
                        state="pending",
                        event_at=START,
                        created_at=START,
                        due_at=START,
                        attempts=0,
                    )
                )

    def state(self, id_: str) -> str:
        with self.database.read() as tx:
            return str(tx.execute(select(delivery.c.state).where(delivery.c.id == id_)).scalar_one())

    def tries(self, id_: str) -> list[Any]:
        with self.database.read() as tx:
            return list(tx.execute(select(attempt).where(attempt.c.delivery_id == id_).order_by(attempt.c.n)))

    def once(self) -> int:
        return asyncio.run(self.dispatcher.run_once())


def test_what_is_due_is_sent_and_stored(database: Database) -> None:
    bench = Bench(database, ScriptedNotifier())
    bench.seed("a", "b")
    assert bench.once() == 2
    assert bench.once() == 0
    assert sorted(message.body for _, message in bench.notifier.sent) == [b'{"id":"a"}', b'{"id":"b"}']
    assert {message.at for _, message in bench.notifier.sent} == {START}
    assert bench.state("a") == bench.state("b") == "delivered"
    assert [(row.n, row.outcome, row.status) for row in bench.tries("a")] == [(1, "delivered", 204)]


def test_failures_follow_the_schedule_to_the_dead_letters(sqlite_database: Database) -> None:
    bench = Bench(sqlite_database, ScriptedNotifier({"oncall": FAILED}))
    bench.seed("a")
    for number, wait in enumerate(SCHEDULE, 1):
        bench.clock.advance(wait - timedelta(microseconds=1) if wait else timedelta(0))
        assert bench.once() == (0 if wait else 1), "never early"
        bench.clock.advance(wait * 0.2 + timedelta(microseconds=1))
        assert bench.once() == (1 if wait else 0), f"attempt {number} is at most a fifth late"
    assert (bench.state("a"), len(bench.tries("a"))) == ("dead", 11)
    with sqlite_database.write() as tx:
        assert outbox_replay.replay_dead(tx, now=bench.clock.now()) == 1
    bench.notifier.answers = {}
    assert bench.once() == 1
    assert bench.state("a") == "delivered"
    assert {(message.id, message.body) for _, message in bench.notifier.sent} == {("a", b'{"id":"a"}')}


def test_a_notifier_that_raises_is_a_failed_attempt_and_the_others_go_on(sqlite_database: Database) -> None:
    bench = Bench(sqlite_database, ScriptedNotifier({"oncall": RuntimeError("secret detail")}))
    bench.seed("a")
    bench.seed("b", to="desk")
    assert bench.once() == 2
    assert (bench.state("a"), bench.state("b")) == ("pending", "delivered")
    (tried,) = bench.tries("a")
    assert (tried.outcome, tried.error) == ("retry", "an error in Fretwatch: RuntimeError")


def test_an_unknown_endpoint_or_kind_is_dead_lettered_with_what_to_do(sqlite_database: Database) -> None:
    bench = Bench(sqlite_database, ScriptedNotifier())
    bench.seed("a", to="forgotten")
    bench.seed("b", to="fax")
    assert bench.once() == 2
    assert (bench.state("a"), bench.state("b")) == ("dead", "dead")
    assert "no [[endpoint]] forgotten" in bench.tries("a")[0].error
    assert "use one of webhook" in bench.tries("b")[0].error
    assert bench.notifier.sent == []


def test_410_disables_the_endpoint_and_tells_once(sqlite_database: Database) -> None:
    told: list[tuple[str, str, datetime]] = []

    def on_disabled(tx: Transaction, name: str, why: str, now: datetime) -> None:
        told.append((name, why, now))

    gone = Outcome(OutcomeKind.GONE, status=410, error="answered 410 Gone")
    bench = Bench(sqlite_database, ScriptedNotifier({"oncall": gone}), Hooks(on_disabled=on_disabled))
    bench.seed("a", "b", "c")
    assert bench.once() == 3
    assert [(name, at) for name, _, at in told] == [("oncall", START)]
    with sqlite_database.read() as tx:
        row = tx.execute(select(endpoint_table).where(endpoint_table.c.name == "oncall")).one()
    assert row.disabled_at == START
    assert "410" in row.disabled_why
    bench.seed("d")
    assert bench.once() == 0
    assert {bench.state(id_) for id_ in "abcd"} == {"dead"}


def test_attempts_are_observed(sqlite_database: Database) -> None:
    seen: list[tuple[str, OutcomeKind]] = []

    def observe(one: Delivery, outcome: Outcome) -> None:
        seen.append((one.id, outcome.kind))

    bench = Bench(sqlite_database, ScriptedNotifier({"oncall": FAILED}), Hooks(observe=observe))
    bench.seed("a")
    bench.once()
    assert seen == [("a", OutcomeKind.RETRY)]


def test_a_result_that_cannot_be_stored_comes_again_after_its_lease(sqlite_database: Database) -> None:
    calls = iter(range(100))

    def observe(one: Delivery, outcome: Outcome) -> None:
        observed.append(one.attempts)

    def now(tx: Transaction) -> datetime:
        if next(calls) == 2:  # two to claim, the third to finish
            raise OSError
        return bench.clock.now()

    observed: list[int] = []
    bench = Bench(sqlite_database, ScriptedNotifier(), Hooks(observe=observe), now=now)
    bench.seed("a")
    assert bench.once() == 1
    assert observed == []
    assert (bench.state("a"), bench.tries("a")) == ("pending", [])
    bench.clock.advance(timedelta(seconds=60))
    assert bench.once() == 1
    assert bench.state("a") == "delivered"
    assert [message.id for _, message in bench.notifier.sent] == ["a", "a"]


class Watch:
    """Lets a test wait for what the loop does: woken after every attempt that was stored."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self.hooks = Hooks(observe=self._observe)

    def _observe(self, one: Delivery, outcome: Outcome) -> None:
        self._loop.call_soon_threadsafe(self._changed.set)

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not done():
                self._changed.clear()
                await self._changed.wait()


def test_an_endpoint_that_hangs_delays_nobody_else(sqlite_database: Database) -> None:
    async def run() -> None:
        release, watch = asyncio.Event(), Watch()
        bench = Bench(sqlite_database, ScriptedNotifier({"desk": release}), watch.hooks)
        bench.seed(*"abcdef", to="desk")
        bench.seed("u", "v")
        stop = asyncio.Event()
        loop = asyncio.create_task(bench.dispatcher.run(stop))
        await watch.until(lambda: bench.state("u") == bench.state("v") == "delivered")
        assert [name for name, _ in bench.notifier.sent].count("desk") == 4, "no more than its places"
        bench.seed("w")
        bench.dispatcher.wake.set()
        await watch.until(lambda: bench.state("w") == "delivered")
        release.set()
        await watch.until(lambda: all(bench.state(id_) == "delivered" for id_ in "abcdef"))
        stop.set()
        await loop

    asyncio.run(run())


def test_stopping_does_not_wait_for_a_receiver_that_hangs(sqlite_database: Database) -> None:
    async def run() -> Bench:
        bench = Bench(sqlite_database, ScriptedNotifier({"oncall": asyncio.Event()}))
        bench.notifier.called = asyncio.Event()
        bench.seed("a")
        stop = asyncio.Event()
        loop = asyncio.create_task(bench.dispatcher.run(stop))
        await asyncio.wait_for(bench.notifier.called.wait(), 10)
        stop.set()
        await asyncio.wait_for(loop, 5)
        return bench

    bench = asyncio.run(run())
    assert bench.state("a") == "pending"
    bench.notifier.answers = {}
    bench.clock.advance(timedelta(seconds=60))
    assert bench.once() == 1
    assert bench.state("a") == "delivered"


def test_a_full_dispatcher_claims_nothing_more(sqlite_database: Database) -> None:
    async def run() -> None:
        release = asyncio.Event()
        bench = Bench(sqlite_database, ScriptedNotifier({"desk": release}), in_flight=1)
        bench.seed("a", "b", to="desk")
        first = asyncio.create_task(bench.dispatcher.run_once())
        bench.notifier.called = asyncio.Event()
        await asyncio.wait_for(bench.notifier.called.wait(), 10)
        assert await bench.dispatcher.run_once() == 0
        release.set()
        assert await first == 1
        assert await bench.dispatcher.run_once() == 1

    asyncio.run(run())


def test_a_database_that_is_away_for_a_while_stops_nothing(sqlite_database: Database) -> None:
    async def run() -> None:
        calls, watch = iter(range(1000)), Watch()

        def now(tx: Transaction) -> datetime:
            if next(calls) == 0:
                raise DatabaseUnavailable("the database does not answer")
            return bench.clock.now()

        bench = Bench(sqlite_database, ScriptedNotifier(), watch.hooks, now=now)
        bench.seed("a")
        stop = asyncio.Event()
        loop = asyncio.create_task(bench.dispatcher.run(stop))
        await watch.until(lambda: bench.state("a") == "delivered")
        stop.set()
        await loop

    asyncio.run(run())


def test_an_endpoint_that_was_added_after_the_start_waits_for_a_process_that_knows_its_secret(
    sqlite_database: Database,
) -> None:
    bench = Bench(sqlite_database, ScriptedNotifier())
    known = bench.endpoints["oncall"]
    bench.endpoints["oncall"] = None
    bench.seed("a")
    assert bench.once() == 1
    assert (bench.state("a"), bench.notifier.sent) == ("pending", [])
    (tried,) = bench.tries("a")
    assert tried.outcome == "retry"
    assert "restart it" in tried.error
    bench.endpoints["oncall"] = known
    bench.clock.advance(timedelta(hours=1))
    assert bench.once() == 1
    assert bench.state("a") == "delivered"


def test_a_test_message_is_sent_at_once_and_not_stored(sqlite_database: Database) -> None:
    bench = Bench(sqlite_database, ScriptedNotifier())
    assert asyncio.run(bench.dispatcher.send_test("oncall")) == OK
    ((name, message),) = bench.notifier.sent
    assert name == "oncall"
    assert b"endpoint.test" in message.body
    assert asyncio.run(bench.dispatcher.send_test("nobody")).kind is OutcomeKind.REFUSED
