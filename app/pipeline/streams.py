"""The stream leg: every brand's complaint stream against its own baseline, at every five minutes that have passed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.escalation.burst import Burst, bursts, measuring
from app.pipeline.alerting import Alerting
from app.pipeline.watching import Watching
from app.storage import trends
from app.storage.database import Transaction
from app.storage.trends import ALL_COMPLAINTS, ALL_MENTIONS, RING, SLOT, StreamState

_LONGEST_CATCH_UP: Final = timedelta(days=2)
"""A stream that was not looked at for longer starts again here: an old burst is no news."""
_BEFORE: Final = timedelta(days=7)
"""What is usual for each failure is taken from the week before the burst, …"""
_GUARD: Final = timedelta(hours=6)
"""… but for its last hours, which may be the beginning of the burst."""
_STANDS_OUT: Final = 0.5
"""A failure names the burst when it makes up at least this share of what is above the usual."""


@dataclass(frozen=True, slots=True)
class Look:
    """A stretch of one stream: dense counts, and which of them are to be looked at now."""

    start_at: datetime
    counts: list[int]
    first: int
    stop: int
    age: int
    raised: int | None


class JudgeStreams:
    """Looks at all streams up to an instant; the last, unfinished five minutes wait."""

    def __init__(self, alerting: Alerting) -> None:
        self._alerting = alerting

    def run(self, tx: Transaction, watching: Watching, now: datetime) -> int:
        """How many bursts were raised."""
        until = trends.slot_of(now)
        states = trends.stream_states(tx)
        changed, raised = [], 0
        for brand in watching.brands:
            state = states.get(brand)
            if state is None:
                state = _begin(tx, brand, until)
                if state is None:
                    continue
            if state.evaluated_to < until:
                raised += self._look(tx, watching, state, until)
                changed.append(state)
        trends.save_stream_states(tx, changed)
        return raised

    def _look(self, tx: Transaction, watching: Watching, state: StreamState, until: datetime) -> int:
        """Every five minutes once, in order: what bursts is raised; an alert that is open is followed, hot or calm."""
        look = load(tx, state, max(state.evaluated_to, until - _LONGEST_CATCH_UP), until)
        found = bursts(look.counts, start=look.first, stop=look.stop, age=look.age, raised=look.raised)
        fired = {burst.index: burst for burst in found}
        is_open = self._alerting.has_stream_alert(tx, state.brand)
        measure = measuring(look.counts, age=look.age) if is_open or fired else None
        for index in range(look.first, look.stop):
            burst = fired.get(index)
            at = look.start_at + SLOT * (index + 1)
            if burst is not None:
                state.raised_at = at
            elif is_open and measure is not None:
                burst = measure(index)
            # A level is left after six hours: that a stream is calm need not be looked at more than once an hour.
            if burst is not None and (burst.is_hot or at.minute == 0):
                failure = _failure_of(tx, state.brand, burst, at) if burst.is_hot else None
                is_open = self._alerting.follow_stream(tx, watching, state.brand, burst, failure, at)
        state.evaluated_to = until
        return len(found)


def load(tx: Transaction, state: StreamState, first: datetime, until: datetime) -> Look:
    """The counts that the rule needs to look at the slots from `first` up to `until`."""
    start_at = max(state.started_at, first - RING)
    slots = trends.ring(tx, state.brand, ALL_COMPLAINTS, start=start_at, stop=until)
    size = (until - start_at) // SLOT
    counts = [0] * size
    for slot, n in slots.items():
        counts[(slot - start_at) // SLOT] = n
    raised = None if state.raised_at is None else (state.raised_at - start_at) // SLOT - 1
    age = (start_at - state.started_at) // SLOT
    return Look(start_at, counts, (first - start_at) // SLOT, size, age, raised)


def _begin(tx: Transaction, brand: str, until: datetime) -> StreamState | None:
    slots = trends.ring(tx, brand, ALL_MENTIONS, start=until - 10 * RING, stop=until + SLOT)
    if not slots:
        return None
    first = min(slots)
    return StreamState(brand, started_at=first, evaluated_to=first)


def _failure_of(tx: Transaction, brand: str, burst: Burst, at: datetime) -> str | None:
    """The failure that makes up most of what is above the usual, if one does."""
    window = trends.totals(tx, brand, start=at - timedelta(minutes=burst.window_minutes), stop=at)
    before = trends.totals(tx, brand, start=at - _BEFORE, stop=at - _GUARD)
    windows = (_BEFORE - _GUARD) / timedelta(minutes=burst.window_minutes)
    above = {
        name: n - before.get(name, 0) / windows
        for name, n in window.items()
        if name not in (ALL_COMPLAINTS, ALL_MENTIONS)
    }
    total = sum(max(0.0, value) for value in above.values())
    name = max(above, key=lambda key: above[key], default=None)
    return name if name is not None and total > 0 and above[name] / total >= _STANDS_OUT else None
