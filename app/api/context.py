"""What the API is given by the runtime: databases, clocks, the intake, the key of keys. It reads no settings itself."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import anyio

from app.actions.alerts import Acting
from app.actions.push import Pushing, Taker
from app.domain.clock import Clock
from app.storage.database import Database

MAX_BODY_BYTES = 1_000_000
"""RELIABILITY P7: a larger body is answered 413 without being read."""


@dataclass(frozen=True, slots=True)
class ApiContext:
    """Everything the API uses; composed by `app/runtime/server.py`.

    `pepper` is the master key, under which API keys are hashed. `rate` is what one key may ask, in the words of the
    library `limits`. `wake_delivery` is called after a commit. `wait_for_change` pauses the live stream for at
    most so many seconds; it may return sooner, when something has changed. `pause` is the same for a request that
    waits for its twin under one Idempotency-Key. `stream_life` is how long one live stream goes on.
    """

    database: Database
    clock: Clock
    intake: Taker
    pepper: bytes
    public_url: str = ""
    wake_delivery: Callable[[], None] = lambda: None
    rate: str = "600/minute"
    max_body_bytes: int = MAX_BODY_BYTES
    stream_poll: timedelta = timedelta(seconds=1)
    stream_life: timedelta = timedelta(hours=1)
    wait_for_change: Callable[[float], Awaitable[None]] = anyio.sleep
    pause: Callable[[float], None] = time.sleep

    @property
    def acting(self) -> Acting:
        """What actions on alerts and deliveries need."""
        return Acting(self.database, self.clock, self.public_url, self.wake_delivery)

    @property
    def pushing(self) -> Pushing:
        """What pushing posts needs."""
        return Pushing(self.database, self.intake)
