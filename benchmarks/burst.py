"""The burst rule on the Numenta Anomaly Benchmark: score, false alerts, windows.

    python -m benchmarks.burst [folder with the five series and windows.json]

The scorer is written from the published steps (docs/escalation.md); it scores alerts, so every threshold is fixed.
"""

import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import exp, floor
from pathlib import Path
from time import perf_counter
from typing import Final

from app.escalation.burst import MENTIONS, BurstRule, bursts

DEFAULT_FOLDER: Final = Path(__file__).resolve().parents[2] / "shared" / "data" / "nab_realtweets"
WEEK_ROWS: Final = 7 * 288


@dataclass(frozen=True, slots=True)
class Profile:
    """What a hit earns, and what a false alert and a missed window cost."""

    hit: float
    false: float
    miss: float


STANDARD: Final = Profile(1.0, 0.11, 1.0)
LOW_FALSE: Final = Profile(1.0, 0.22, 1.0)
LOW_MISS: Final = Profile(1.0, 0.11, 2.0)


@dataclass(frozen=True, slots=True)
class Series:
    """One file: counts in time order, and its labelled windows as first and last row."""

    name: str
    counts: tuple[int, ...]
    windows: tuple[tuple[int, int], ...]

    @property
    def probation(self) -> int:
        """Rows at the start that are not scored at all."""
        return min(floor(0.15 * len(self.counts)), 750)


@dataclass(frozen=True, slots=True)
class Tally:
    """How alerts fared over several series."""

    windows: int
    hit: int
    false_alerts: int
    weeks: float


def load(folder: Path) -> list[Series]:
    """The series of a folder, by name."""
    labelled: Mapping[str, list[list[str]]] = json.loads((folder / "windows.json").read_text())
    return [_series(folder / name, spans) for name, spans in sorted(labelled.items())]


def score(series: Sequence[Series], alerts: Mapping[str, Iterable[int]], profile: Profile) -> float:
    """The normalised score of alert rows by series name: 0 = never fires, 100 = the first row of every window."""
    raw = sum(raw_score(one, alerts[one.name], profile) for one in series)
    count = sum(len(one.windows) for one in series)
    nothing = -count * profile.miss
    return 100.0 * (raw - nothing) / (count * profile.hit - nothing)


def raw_score(series: Series, alerts: Iterable[int], profile: Profile) -> float:
    """The sum over windows and stray alerts of one series."""
    best: dict[int, float] = {}
    total = 0.0
    for row in alerts:
        if row < series.probation:
            continue
        place = next((n for n, (left, right) in enumerate(series.windows) if left <= row <= right), None)
        if place is None:
            total += profile.false * _stray(series.windows, row)
            continue
        left, right = series.windows[place]
        worth = _sigmoid(-(right - row + 1) / (right - left + 1)) / _sigmoid(-1.0)
        best[place] = max(best.get(place, worth), worth)
    return total + profile.hit * sum(best.values()) - profile.miss * (len(series.windows) - len(best))


def tally(series: Sequence[Series], alerts: Mapping[str, Iterable[int]]) -> Tally:
    """Windows hit, and alerts outside windows."""
    hit = false = 0
    for one in series:
        rows = [row for row in alerts[one.name] if row >= one.probation]
        hit += sum(any(left <= row <= right for row in rows) for left, right in one.windows)
        false += sum(not any(left <= row <= right for left, right in one.windows) for row in rows)
    weeks = sum(len(one.counts) - one.probation for one in series) / WEEK_ROWS
    return Tally(sum(len(one.windows) for one in series), hit, false, weeks)


def alert_rows(series: Sequence[Series], rule: BurstRule) -> dict[str, list[int]]:
    """The rows on which a rule raises an alert."""
    return {
        one.name: [burst.index for burst in bursts(one.counts, start=0, stop=len(one.counts), rule=rule)]
        for one in series
    }


def sliding(threshold: float, *, every: int = 1) -> BurstRule:
    """The sliding hour alone, without the fast leg."""
    return replace(MENTIONS, threshold=threshold, every=every, fast_threshold=None)


RULES: Final[Mapping[str, BurstRule]] = {
    "sliding, z 4": sliding(4.0),
    "sliding, z 4.5": sliding(4.5),
    "sliding, z 5": sliding(5.0),
    "sliding every 15 min, z 4": sliding(4.0, every=3),
    "hourly grid, z 4": sliding(4.0, every=12),
    "as shipped for mentions (z 4, fast 8)": MENTIONS,
    "as shipped for complaints (z 4.5, fast 8)": BurstRule(),
}


def _series(path: Path, spans: Sequence[Sequence[str]]) -> Series:
    with path.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    at = {datetime.fromisoformat(row["timestamp"]): place for place, row in enumerate(rows)}
    windows = tuple((at[datetime.fromisoformat(start)], at[datetime.fromisoformat(end)]) for start, end in spans)
    return Series(path.name, tuple(int(row["value"]) for row in rows), windows)


def _stray(windows: Sequence[tuple[int, int]], row: int) -> float:
    before = [window for window in windows if window[1] < row]
    if not before:
        return -1.0
    left, right = before[-1]
    return _sigmoid((row - right) / (right - left))


def _sigmoid(position: float) -> float:
    return -1.0 if position > 3.0 else 2.0 / (1.0 + exp(5.0 * position)) - 1.0


def main() -> None:
    """Print one line a rule."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_FOLDER
    if not (folder / "windows.json").is_file():
        sys.exit(f"There is no windows.json in {folder}: name the folder that holds the series.")
    series = load(folder)
    steps = sum(len(one.counts) for one in series)
    print(f"{'rule':42} {'std':>6} {'low-FP':>7} {'windows':>8} {'FP/brand-week':>14} {'steps/s':>9}")
    for name, rule in RULES.items():
        began = perf_counter()
        alerts = alert_rows(series, rule)
        pace = steps / (perf_counter() - began)
        counted = tally(series, alerts)
        print(
            f"{name:42} {score(series, alerts, STANDARD):6.1f} {score(series, alerts, LOW_FALSE):7.1f}"
            f" {counted.hit:>5}/{counted.windows} {counted.false_alerts / counted.weeks:14.2f} {pace:9,.0f}"
        )


if __name__ == "__main__":
    main()
