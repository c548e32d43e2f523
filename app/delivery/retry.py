"""When a delivery is tried again, and when it is given up. Pure: times in, a verdict out."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.domain.alerts import Delivery, Outcome, OutcomeKind

SCHEDULE: Final = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""The wait before each attempt, counted from the one before: 11 attempts over about 76 h. The example schedule of
Standard Webhooks with one step more, at a minute, where a restarting receiver comes back."""

MAX_JITTER: Final = 0.2
"""How much longer a wait may get, so that a receiver which comes back is not met by everything at once."""

LONGEST_RETRY_AFTER: Final = timedelta(hours=24)
DISABLE_AFTER: Final = timedelta(hours=120)
"""An endpoint that failed this long without one success is disabled; the figure is Svix's."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a delivery after an attempt: tried again at `next_at`, else finished (delivered or dead)."""

    next_at: datetime | None = None
    disables: str | None = None
    """Why the endpoint is to be disabled; `None` = it is not."""


def judge(
    delivery: Delivery,
    outcome: Outcome,
    *,
    now: datetime,
    failing_since: datetime | None,
    schedule: Sequence[timedelta] = SCHEDULE,
) -> Verdict:
    """Decide after one attempt. `delivery.attempts` counts those before it; `failing_since` is the endpoint's."""
    if outcome.kind in (OutcomeKind.DELIVERED, OutcomeKind.REFUSED):
        return Verdict()
    if outcome.kind is OutcomeKind.GONE:
        return Verdict(disables="the endpoint answered 410 Gone: it asks never to be called again")
    if failing_since is not None and now - failing_since >= DISABLE_AFTER:
        hours = DISABLE_AFTER // timedelta(hours=1)
        return Verdict(disables=f"no delivery has succeeded for {hours} h; the last error: {outcome.error}")
    done = delivery.attempts + 1
    if done >= len(schedule):
        return Verdict()
    wait = schedule[done] * (1 + jitter(delivery.id, done))
    asked = min(outcome.retry_after or timedelta(0), LONGEST_RETRY_AFTER)
    return Verdict(next_at=now + max(wait, asked))


def jitter(delivery_id: str, attempt: int) -> float:
    """0 to `MAX_JITTER`, the same for the same delivery and attempt in every process."""
    digest = hashlib.sha256(f"{delivery_id}:{attempt}".encode()).digest()
    return MAX_JITTER * int.from_bytes(digest[:8], "big") / 2**64
