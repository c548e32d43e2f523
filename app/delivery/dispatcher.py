"""The loop that empties the outbox: claim in one transaction, send outside any, finish in another.

Any number of dispatchers may run on one database; leases keep them apart, and a crash costs one message sent twice
under the same webhook-id.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from app.delivery.retry import SCHEDULE, Verdict, judge
from app.domain.alerts import Delivery, Endpoint, Outcome, OutcomeKind, OutgoingMessage
from app.domain.errors import DatabaseUnavailable
from app.domain.ids import new_id
from app.domain.messages import endpoint_test_body
from app.domain.ports import Notifier
from app.storage import leases, outbox_claims
from app.storage.database import Database, Transaction, now_of

_log: Final = structlog.get_logger(__name__)

Endpoints = Callable[[], Mapping[str, Endpoint | None]]
"""By name; `None` for one that is there, and of which this process does not know the secrets."""
Observe = Callable[[Delivery, Outcome], None]
OnDisabled = Callable[[Transaction, str, str, datetime], None]
"""Called with the endpoint's name and why, in the transaction that disables it: where a health alert is raised."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How a dispatcher works: how much at once, for how long it holds a delivery, how often it looks.

    `lease` must be longer than a notifier's deadline, or what is still being sent is sent twice.
    """

    in_flight: int = 48
    """Below the 50 connections of the egress, so that none waits there with its deadline running."""
    per_endpoint: int = outbox_claims.PER_ENDPOINT
    lease: timedelta = outbox_claims.LEASE
    poll: timedelta = timedelta(seconds=1)
    grace: timedelta = timedelta(seconds=5)
    """How long `run` waits, once stopped, for what is being sent; the rest comes again after its lease."""
    schedule: tuple[timedelta, ...] = SCHEDULE


DEFAULT_PACE: Final = Pace()


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the runtime hangs on: `observe` counts attempts, `on_disabled` tells people by another way."""

    observe: Observe | None = None
    on_disabled: OnDisabled | None = None


NO_HOOKS: Final = Hooks()


class Dispatcher:
    """Sends what is due to the endpoints of its notifiers. `endpoints` is asked anew for every message."""

    def __init__(
        self,
        database: Database,
        notifiers: Mapping[str, Notifier],
        endpoints: Endpoints,
        *,
        pace: Pace = DEFAULT_PACE,
        hooks: Hooks = NO_HOOKS,
        now: Callable[[Transaction], datetime] = now_of,
    ) -> None:
        self._database = database
        self._notifiers = notifiers
        self._endpoints = endpoints
        self._pace = pace
        self._hooks = hooks
        self._now = now
        self._sending: set[asyncio.Task[None]] = set()
        self.wake = asyncio.Event()
        """Set it after a commit that wrote deliveries: it only shortens the wait, polling is the truth."""

    async def run_once(self) -> int:
        """Claim once, send all of it, and return how many attempts were made."""
        started = await self._start_due()
        await asyncio.gather(*started)
        return len(started)

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop` is set. An endpoint that hangs holds its own places only."""
        while not stop.is_set():
            self.wake.clear()
            try:
                await self._start_due()
            except DatabaseUnavailable as error:
                _log.warning("outbox not readable", error=error.message)
            except Exception:  # noqa: BLE001 - the delivery edge: what was claimed comes again after its lease
                _log.exception("claiming failed")
            await self._until_there_may_be_more(stop)
        await self._settle()

    async def send_test(self, name: str) -> Outcome:
        """Send `endpoint.test` now, outside the outbox, and say how it went; nothing is stored."""
        at = await asyncio.to_thread(self._database.now)
        return await self._send(name, OutgoingMessage(new_id(), endpoint_test_body(name, at), at))

    async def _start_due(self) -> list[asyncio.Task[None]]:
        room = self._pace.in_flight - len(self._sending)
        if room <= 0:
            return []
        claimed, at = await asyncio.to_thread(self._claim, room)
        started = [asyncio.create_task(self._deliver(delivery, at)) for delivery in claimed]
        self._sending.update(started)
        for task in started:
            task.add_done_callback(self._sending.discard)
        return started

    def _claim(self, room: int) -> tuple[list[Delivery], datetime]:
        with self._database.read() as tx:
            now = self._now(tx)
            if not outbox_claims.is_anything_due(tx, now):
                return [], now
        pace = self._pace
        with self._database.write() as tx:
            now = self._now(tx)
            claimed = outbox_claims.claim_due(tx, now=now, limit=room, per_endpoint=pace.per_endpoint, lease=pace.lease)
        return claimed, now

    async def _deliver(self, delivery: Delivery, at: datetime) -> None:
        """The delivery edge: whatever goes wrong with one message is logged, and the others go on."""
        try:
            outcome = await self._send(delivery.endpoint, OutgoingMessage(delivery.id, delivery.body, at))
        except Exception as error:  # noqa: BLE001 - the delivery edge
            _log.exception("notifier failed", delivery=delivery.id, endpoint=delivery.endpoint)
            outcome = Outcome(OutcomeKind.RETRY, error=f"an error in Fretwatch: {type(error).__name__}")
        try:
            await asyncio.to_thread(self._finish, delivery, outcome)
        except Exception:  # noqa: BLE001 - the delivery edge
            # The lease runs out and the message comes again, under the same webhook-id.
            _log.exception("attempt not stored", delivery=delivery.id, endpoint=delivery.endpoint)

    async def _send(self, name: str, message: OutgoingMessage) -> Outcome:
        endpoints = await asyncio.to_thread(self._endpoints)
        endpoint = endpoints.get(name)
        if endpoint is None and name in endpoints:
            why = f"This process was started before the endpoint {name} was added, and has no secret of it: restart it."
            return Outcome(OutcomeKind.RETRY, error=why)
        if endpoint is None:
            again = f"fretwatch deliveries replay --dead --endpoint {name}"
            why = f"There is no [[endpoint]] {name} in fretwatch.toml: add it again, then: {again}"
            return Outcome(OutcomeKind.REFUSED, error=why)
        notifier = self._notifiers.get(endpoint.kind)
        if notifier is None:
            known = ", ".join(sorted(self._notifiers))
            why = f"The endpoint {name} has the unknown kind {endpoint.kind!r}: use one of {known}."
            return Outcome(OutcomeKind.REFUSED, error=why)
        return await notifier.send(endpoint, message)

    def _finish(self, delivery: Delivery, outcome: Outcome) -> None:
        with self._database.write() as tx:
            now = self._now(tx)
            verdict = judge(
                delivery,
                outcome,
                now=now,
                failing_since=outbox_claims.failing_since(tx, delivery.endpoint),
                schedule=self._pace.schedule,
            )
            if verdict.disables is not None:
                # An alert is raised on it below: its lock comes before those of rows, as everywhere, or two would
                # wait for each other.
                leases.one_at_a_time(tx)
            outbox_claims.finish(tx, delivery, outcome, now=now, next_at=verdict.next_at)
            if verdict.disables is not None:
                self._disable(tx, delivery.endpoint, verdict.disables, now)
        self._tell(delivery, outcome, verdict)

    def _disable(self, tx: Transaction, name: str, why: str, now: datetime) -> None:
        is_news = outbox_claims.disable_endpoint(tx, name, why=why, now=now)
        if is_news and self._hooks.on_disabled is not None:
            self._hooks.on_disabled(tx, name, why, now)

    def _tell(self, delivery: Delivery, outcome: Outcome, verdict: Verdict) -> None:
        if self._hooks.observe is not None:
            self._hooks.observe(delivery, outcome)
        facts = {"delivery": delivery.id, "endpoint": delivery.endpoint, "attempt": delivery.attempts + 1}
        if outcome.kind is OutcomeKind.DELIVERED:
            _log.info("delivered", status=outcome.status, **facts)
        elif verdict.next_at is not None:
            _log.info("delivery failed", error=outcome.error, next_at=verdict.next_at.isoformat(), **facts)
        else:
            _log.warning("delivery dead-lettered", error=outcome.error, disables=verdict.disables, **facts)

    async def _until_there_may_be_more(self, stop: asyncio.Event) -> None:
        """Wait for the poll, a wake, the end of a sending (a place is free), or the stop."""
        signals = [asyncio.create_task(self.wake.wait()), asyncio.create_task(stop.wait())]
        timeout = self._pace.poll.total_seconds()
        try:
            await asyncio.wait([*signals, *self._sending], timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for signal in signals:
                signal.cancel()
            await asyncio.gather(*signals, return_exceptions=True)

    async def _settle(self) -> None:
        if not self._sending:
            return
        _, late = await asyncio.wait(self._sending, timeout=self._pace.grace.total_seconds())
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
