"""Drawings made of numbers: the unanswered clock as a string that tightens and snaps, sparklines, bars. Pure.

They come out as SVG path data and plain numbers; the templates write the elements, so nothing here is trusted markup.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log10, pi, sin
from typing import Final

from app.web.words import span

WIDTH: Final = 210
MIDDLE: Final = 17
SLACK: Final = 8.0
"""Amplitude of a string nobody pulls at, in pixels; it falls to nothing as the clock runs out."""
PIECES: Final = 72


@dataclass(frozen=True, slots=True)
class ClockString:
    """The clock of one case: what to draw, and the same in words."""

    kind: str
    """`tight`, `snapped`, `paused`, `answered` or `none`."""
    headline: str
    detail: str
    label: str
    used: str
    rest: str
    mark: float | None


@dataclass(frozen=True, slots=True)
class Clock:
    """What a clock stands at; `paused` waits for the next contact, `answered` was stopped by a reply."""

    state: str
    clock_from: datetime | None
    due_at: datetime | None
    answered_at: datetime | None = None


def clock_string(clock: Clock, now: datetime) -> ClockString:
    """The string for a clock: slack when young, straight when nearly due, snapped when overdue."""
    if clock.state in ("answered", "closed"):
        return _still("answered", "Answered", clock.answered_at, now)
    if clock.clock_from is None or clock.due_at is None:
        return ClockString("none", "No clock", "the brand cannot answer there", "No clock", "", "", None)
    length = max(clock.due_at - clock.clock_from, timedelta(seconds=1))
    share = (now - clock.clock_from) / length
    if clock.state == "paused" and share < 1:
        return _paused(clock.due_at, now)
    if share >= 1:
        return _snapped(clock.due_at, length, now)
    return _tight(share, length, clock.due_at - now)


def _tight(share: float, length: timedelta, left: timedelta) -> ClockString:
    share = max(share, 0.0)
    mark = round(4 + share * (WIDTH - 8), 1)
    words = f"{span(length * share)} of {span(length)} used"
    return ClockString(
        kind="tight",
        headline=f"{span(left)} left",
        detail=f"on the clock of {span(length)}",
        label=f"Clock: {words}",
        used=_wave(2, mark, share),
        rest=_wave(mark, WIDTH - 2, share),
        mark=mark,
    )


def _wave(start: float, end: float, share: float) -> str:
    # A tighter string swings less and faster.
    amplitude, waves = SLACK * (1 - share) ** 1.2, 2.5 + 2.5 * share
    count = max(2, round(PIECES * (end - start) / WIDTH))
    points = (start + (end - start) * n / count for n in range(count + 1))
    return "M" + "L".join(f"{x:.1f} {MIDDLE + amplitude * sin(2 * pi * waves * x / WIDTH):.1f}" for x in points)


def _snapped(due_at: datetime, length: timedelta, now: datetime) -> ClockString:
    over = now - due_at
    # The ends spring further apart with every power of ten of the time past the deadline.
    gap = 12 + 12 * min(log10(1 + over / length), 3.0)
    left, right = WIDTH / 2 - 16 - gap, WIDTH / 2 + 16 + gap
    return ClockString(
        kind="snapped",
        headline="Snapped",
        detail=f"clock passed {span(over)} ago",
        label=f"Clock: snapped, {span(length + over)} of {span(length)} used",
        used=f"M2 {MIDDLE}H{left:.1f}c6 0 8-3 12 4 4 8 10-14 16-10",
        rest=f"M{WIDTH - 2} {MIDDLE}H{right:.1f}c-8 0-12 9-20 3",
        mark=None,
    )


def _paused(due_at: datetime, now: datetime) -> ClockString:
    headline = f"Paused, {span(due_at - now)} left"
    detail = "a reply was seen that does not meet the policy"
    return ClockString("paused", headline, detail, f"Clock: {headline}; {detail}", f"M2 {MIDDLE}H208", "", None)


def _still(kind: str, word: str, at: datetime | None, now: datetime) -> ClockString:
    detail = f"{span(now - at)} ago" if at is not None else ""
    return ClockString(kind, word, detail, f"Clock: {word.lower()} {detail}".strip(), f"M2 {MIDDLE}H208", "", None)


@dataclass(frozen=True, slots=True)
class Sparkline:
    """Counts as a line over `WIDTH` x 34, and the same in words."""

    path: str
    label: str


def sparkline(counts: Sequence[int], what: str) -> Sparkline | None:
    """A line of counts; nothing to draw with fewer than two."""
    if len(counts) < 2:
        return None
    top = max(max(counts), 1)
    step = WIDTH / (len(counts) - 1)
    points = (f"{n * step:.1f} {30 - 26 * count / top:.1f}" for n, count in enumerate(counts))
    label = f"{what}, from {counts[0]} to {counts[-1]}, at most {max(counts)}"
    return Sparkline("M" + "L".join(points), label)


def bar_width(value: float, largest: float, *, full: int = 84) -> int:
    """Pixels of a bar against the largest of its kind; something that is not nothing is seen."""
    if largest <= 0 or value <= 0:
        return 0
    return max(2, round(full * min(value / largest, 1.0)))


@dataclass(frozen=True, slots=True)
class Spread:
    """Views of a case's posts over time: a path in 600 x 160, and its scale."""

    path: str
    area: str
    top: int
    first_at: datetime
    last_at: datetime
    label: str
    ticks: tuple[tuple[float, int], ...]


def spread(samples: Sequence[tuple[datetime, int]], what: str) -> Spread | None:
    """The curve of counters over time, on a linear scale from zero; nothing with fewer than two samples."""
    if len(samples) < 2:
        return None
    (first_at, first), (last_at, last) = samples[0], samples[-1]
    length = max((last_at - first_at).total_seconds(), 1.0)
    top = _round_up(max(value for _, value in samples))
    points = [
        f"{600 * (at - first_at).total_seconds() / length:.1f} {160 - 150 * value / top:.1f}" for at, value in samples
    ]
    line = "M" + "L".join(points)
    label = f"{what} went from {first:,} to {last:,} in {span(last_at - first_at)}"
    ticks = tuple((160 - 150 * part, round(top * part)) for part in (0.5, 1.0))
    return Spread(line, f"{line}L600 160L0 160Z", top, first_at, last_at, label, ticks)


def _round_up(value: int) -> int:
    size: int = 10 ** max(len(str(max(value, 1))) - 1, 0)
    return next(round(step * size) for step in (1, 1.5, 2, 3, 5, 7.5, 10) if step * size >= max(value, 1))
