"""The burst rule: against a plain restatement of its definition, on made-up streams, and on the public benchmark."""

import itertools
from dataclasses import replace
from math import sqrt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.escalation.burst import COMPLAINTS, MENTIONS, BurstRule, bursts, measuring
from app.escalation.risk import stream_risk
from benchmarks.burst import (
    LOW_FALSE,
    LOW_MISS,
    STANDARD,
    Profile,
    Series,
    alert_rows,
    load,
    raw_score,
    score,
    sliding,
    tally,
)

SMALL = BurstRule(baseline_bins=60, guard_bins=6, zero_bins=10, silent_bins=20, cooldown_bins=24, fast_threshold=None)


def plainly(counts: list[int], t: int, rule: BurstRule) -> float:
    """The score as the definition says it, with no prefix sums."""
    means = [sum(counts[max(0, i - rule.window_bins + 1) : i + 1]) / rule.window_bins for i in range(len(counts))]
    stop = t - rule.guard_bins
    base = means[max(0, stop - rule.baseline_bins) : max(0, stop)]
    if t < rule.zero_bins or not base:
        return 0.0
    mean = sum(base) / len(base)
    spread = sqrt(sum((value - mean) ** 2 for value in base) / len(base))
    return max(0.0, (means[t] - mean) / max(spread, rule.spread_floor))


@given(st.lists(st.integers(0, 40), min_size=30, max_size=160))
@settings(max_examples=40, deadline=None)
def test_the_score_is_the_one_that_is_defined(counts: list[int]) -> None:
    for t in range(0, len(counts), 7):
        assert measuring(counts, rule=SMALL)(t).z == pytest.approx(plainly(counts, t, SMALL), abs=1e-9)


@given(st.lists(st.integers(0, 40), min_size=120, max_size=200), st.integers(1, 30))
@settings(max_examples=30, deadline=None)
def test_an_older_stream_whose_start_is_cut_off_scores_the_same(counts: list[int], age: int) -> None:
    whole = [7] * age + counts
    t = len(counts) - 1
    part = measuring(counts, age=age, rule=replace(SMALL, baseline_bins=60))(t)
    assert part.z == pytest.approx(measuring(whole, rule=SMALL)(t + age).z, abs=1e-9)


def quiet(bins: int = 600) -> list[int]:
    return [1] * bins


def test_a_rise_fires_once_and_then_is_quiet_for_a_day() -> None:
    counts = quiet() + [20] * 400
    found = bursts(counts, start=0, stop=len(counts))
    assert [burst.index for burst in found] == [600], "later the baseline has taken the rise in"
    assert found[0].is_young


@given(st.lists(st.sampled_from([0, 1, 30]), min_size=700, max_size=900))
@settings(max_examples=15, deadline=None)
def test_two_alerts_are_never_less_than_a_day_apart(counts: list[int]) -> None:
    rows = [burst.index for burst in bursts(counts, start=0, stop=len(counts), rule=replace(COMPLAINTS, threshold=1))]
    assert all(later - earlier >= 288 for earlier, later in itertools.pairwise(rows))


def test_the_fast_leg_sees_a_sudden_rise_first() -> None:
    counts = [*quiet(600), 1, 4, 6]
    fast = bursts(counts, start=600, stop=603)
    assert fast[0].window_minutes == 15
    assert (fast[0].count, fast[0].threshold) == (11, 8.0)
    assert bursts(counts, start=600, stop=603, rule=replace(COMPLAINTS, fast_threshold=None)) == []


def test_the_cooldown_counts_from_the_alert_that_was_raised_before_the_counts_begin() -> None:
    counts = [20 if t > 595 else 1 for t in range(640)]
    assert bursts(counts, start=596, stop=640, raised=400) == []
    assert bursts(counts, start=596, stop=640, raised=-1)


def test_the_first_day_is_silent_and_fewer_than_five_posts_never_fire() -> None:
    assert bursts([0] * 200 + [50] * 80, start=0, stop=280) == []
    thin = replace(COMPLAINTS, spread_floor=0.01)
    assert bursts([0] * 400 + [4] + [0] * 5, start=400, stop=406, rule=thin) == []
    assert bursts([0] * 400 + [5] + [0] * 5, start=400, stop=406, rule=thin)


def test_a_young_stream_has_no_score_at_all() -> None:
    assert measuring([0] * 20 + [99])(20).z == 0.0
    assert measuring([0] * 75)(74).usual == 0.0


def test_bins_outside_the_counts_are_not_asked_for() -> None:
    assert bursts([1] * 10, start=-5, stop=50) == []


@pytest.mark.parametrize(
    ("multiple", "risk"), [(0.0, 0.0), (0.5, 0.25), (1.0, 0.5), (1.5, 0.65), (2.0, 0.8), (3.0, 0.875), (9.0, 0.95)]
)
def test_the_published_table_of_the_stream_leg(multiple: float, risk: float) -> None:
    assert stream_risk(4.5 * multiple, 4.5) == pytest.approx(risk)


# The public benchmark ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def series() -> list[Series]:
    folder = Path(__file__).resolve().parents[3] / "shared" / "data" / "nab_realtweets"
    if not folder.is_dir():
        pytest.skip("the benchmark's five series are not here (shared/data/nab_realtweets beside the repository)")
    return load(folder)


def all_three(series: list[Series], alerts: dict[str, list[int]]) -> list[float]:
    return [round(score(series, alerts, profile), 4) for profile in (STANDARD, LOW_FALSE, LOW_MISS)]


@pytest.mark.external
def test_the_scorer_reproduces_the_check_values(series: list[Series]) -> None:
    firsts = {one.name: [left for left, _ in one.windows] for one in series}
    lasts = {one.name: [right for _, right in one.windows] for one in series}
    daily = {one.name: [row for row in range(len(one.counts)) if row % 288 == 287] for one in series}
    assert all_three(series, {one.name: [] for one in series}) == [0, 0, 0]
    assert all_three(series, firsts) == [100, 100, 100]
    assert all_three(series, lasts) == [50.3217, 50.3217, 66.8812]
    assert all_three(series, daily) == [24.4307, -42.7199, 49.6205]
    assert [round(raw_score(one, daily[one.name], STANDARD), 6) for one in series] == [
        -1.620679,
        -1.526678,
        -2.358288,
        -2.167361,
        -2.043336,
    ]


@pytest.mark.external
def test_the_rule_reproduces_the_measured_rows(series: list[Series]) -> None:
    grid = alert_rows(series, sliding(4.0, every=12))
    assert all_three(series, grid) == [77.6465, 71.0372, 81.5889]
    assert grid["Twitter_volume_AMZN.csv"] == [1391, 2003, 3167, 3743, 8027, 11603]
    assert grid["Twitter_volume_GOOG.csv"] == [4307, 8447, 9587, 15479, 15767]
    assert all_three(series, alert_rows(series, sliding(4.0, every=3))) == [82.0640, 74.3009, 86.2883]


@pytest.mark.external
def test_the_recommended_rule_keeps_its_published_figures(series: list[Series]) -> None:
    alerts = alert_rows(series, sliding(4.0))
    counted = tally(series, alerts)
    assert [round(value, 1) for value in all_three(series, alerts)[:2]] == [82.2, 74.4]
    assert (counted.hit, counted.windows) == (18, 19)
    assert counted.false_alerts / counted.weeks == pytest.approx(0.72, abs=0.005)
    assert score(series, alert_rows(series, MENTIONS), STANDARD) > 81


def test_the_scorer_on_a_made_up_series() -> None:
    one = Series("made", tuple([0] * 5000), ((1000, 1099), (3000, 3099)))
    assert raw_score(one, [500], Profile(1, 0.11, 1)) == -2, "a row of the probation counts for nothing"
    assert raw_score(one, [900], Profile(1, 0.11, 1)) == pytest.approx(-2.11), "nothing before it: the full cost"
    assert raw_score(one, [1000, 1050], Profile(1, 0.11, 1)) == pytest.approx(0), "one hit, with its best row, one miss"
    assert raw_score(one, [1000, 1100], Profile(1, 0.11, 1)) > -0.01, "just after a window costs next to nothing"
    assert tally([one], {"made": [1000, 2000]}).false_alerts == 1
