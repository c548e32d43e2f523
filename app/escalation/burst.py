"""The burst rule on five-minute counts: the sliding hour, and a fast quarter of an hour beside it.

Parameters and their measures: ESCALATION section 1, `docs/escalation.md`. Every step is O(1) by prefix sums, and the
sums are whole numbers, so that nothing drifts however long the stream is.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import sqrt
from typing import Final

BIN_MINUTES: Final = 5
"""One count of a stream covers this long."""
DAY_BINS: Final = 288


@dataclass(frozen=True, slots=True)
class BurstRule:
    """When a stream of five-minute counts bursts. Lengths are in bins of five minutes.

    The defaults are those for a complaint stream; an all-mention stream fires at `threshold` 4.
    """

    threshold: float = 4.5
    """Standard deviations above the baseline at which the sliding window fires."""
    window_bins: int = 12
    """The sliding window: 60 minutes."""
    every: int = 1
    """The sliding window is looked at every so many bins; 1 has no grid to be lucky with."""
    fast_threshold: float | None = 8.0
    """The same for the fast window; `None` switches it off."""
    fast_bins: int = 3
    """The fast window: 15 minutes."""
    fast_every: int = 3
    """The fast window is looked at every 15 minutes."""
    baseline_bins: int = 14 * DAY_BINS
    """The baseline: 14 days; shorter while the stream is young."""
    guard_bins: int = 72
    """Six hours between the baseline and now, so that a rise does not raise its own baseline."""
    spread_floor: float = 0.3
    """Least standard deviation, per bin: 3.6 posts an hour. It decides for small brands."""
    zero_bins: int = 50
    """The score is zero this long after the stream began."""
    silent_bins: int = DAY_BINS
    """Nothing fires on the first day."""
    least: int = 5
    """Least posts in the window."""
    cooldown_bins: int = DAY_BINS
    """24 h from the last alert that was raised; a hot bin inside does not extend it."""


COMPLAINTS: Final = BurstRule()
"""The rule of a brand's complaint streams."""
MENTIONS: Final = BurstRule(threshold=4.0)
"""The rule of a stream of all mentions."""


@dataclass(frozen=True, slots=True)
class Burst:
    """What the rule saw at one bin. `usual` and `spread` are posts per window: the baseline's mean and deviation.

    `spread` is the deviation that was used, so never below the floor; `is_young` says that the baseline is shorter than
    the rule asks for, and that `z` must not be shown as firm.
    """

    index: int
    z: float
    count: int
    usual: float
    spread: float
    window_minutes: int
    is_young: bool
    threshold: float

    @property
    def is_hot(self) -> bool:
        """Whether the stream runs above its threshold, fired or not."""
        return self.z >= self.threshold


class _Window:
    """One window length over one stream: prefix sums of the window totals and of their squares."""

    def __init__(self, counts: Sequence[int], *, bins: int, age: int, rule: BurstRule) -> None:
        self.bins = bins
        self._age = age
        self._rule = rule
        # Where the stream is older than what we were given, the first totals lack bins that did exist.
        self._first = 0 if age == 0 else bins - 1
        sums = [0, *accumulate(counts)]
        self.totals = [sums[t + 1] - sums[max(0, t + 1 - bins)] for t in range(len(counts))]
        self._sum = [0, *accumulate(self.totals)]
        self._squares = [0, *accumulate(total * total for total in self.totals)]

    def at(self, index: int, threshold: float) -> Burst:
        """The score at one bin."""
        rule = self._rule
        stop = index - rule.guard_bins
        start = max(self._first, stop - rule.baseline_bins)
        n = stop - start
        count = self.totals[index]
        mean, spread = 0.0, rule.spread_floor * self.bins
        if n > 0:
            total = self._sum[stop] - self._sum[start]
            squares = self._squares[stop] - self._squares[start]
            mean = total / n
            spread = max(spread, sqrt(n * squares - total * total) / n)
        has_score = n > 0 and index + self._age >= rule.zero_bins
        return Burst(
            index=index,
            z=max(0.0, (count - mean) / spread) if has_score else 0.0,
            count=count,
            usual=mean,
            spread=spread,
            window_minutes=self.bins * BIN_MINUTES,
            is_young=n < rule.baseline_bins,
            threshold=threshold,
        )


def bursts(
    counts: Sequence[int],
    *,
    start: int,
    stop: int,
    age: int = 0,
    raised: int | None = None,
    rule: BurstRule = COMPLAINTS,
) -> list[Burst]:
    """The alerts that the rule raises at the bins `start` to `stop - 1`, oldest first.

    `counts` are dense five-minute counts, oldest first; give 4,116 bins before `start` where there are as many. `age`
    is how many bins the stream existed before `counts[0]`; `raised` the bin of the last raised alert (negative before
    `counts[0]`), or `None`.
    """
    found: list[Burst] = []
    for burst in _hot(counts, range(max(start, 0), min(stop, len(counts))), age=age, rule=rule):
        if raised is None or burst.index - raised >= rule.cooldown_bins:
            raised = burst.index
            found.append(burst)
    return found


def measuring(counts: Sequence[int], *, age: int = 0, rule: BurstRule = COMPLAINTS) -> Callable[[int], Burst]:
    """The sliding window's score at any bin, fired or not: what an open stream alert is judged by."""
    window = _Window(counts, bins=rule.window_bins, age=age, rule=rule)
    return lambda index: window.at(index, rule.threshold)


def _hot(counts: Sequence[int], bins: range, *, age: int, rule: BurstRule) -> Iterator[Burst]:
    sliding = _Window(counts, bins=rule.window_bins, age=age, rule=rule)
    fast = None if rule.fast_threshold is None else _Window(counts, bins=rule.fast_bins, age=age, rule=rule)
    for index in bins:
        row = index + age
        if row < rule.silent_bins:
            continue
        if row % rule.every == rule.every - 1 and sliding.totals[index] >= rule.least:
            burst = sliding.at(index, rule.threshold)
            if burst.z >= rule.threshold:
                yield burst
                continue
        if fast is not None and row % rule.fast_every == rule.fast_every - 1 and fast.totals[index] >= rule.least:
            burst = fast.at(index, rule.fast_threshold or 0.0)
            if burst.z >= burst.threshold:
                yield burst
