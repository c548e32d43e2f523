"""Wilson intervals against published values, and what one reading counts in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.predictions import Labels
from app.domain.trends import DIMENSIONS, MENTIONS, values_of, wilson


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [
        # Newcombe 1998, table I, method 3 (score, no continuity correction): 81/263, 15/148, 0/20, 1/29.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (29, 29, 0.8830, 1.0),
    ],
)
def test_wilson_agrees_with_published_values(count: int, n: int, low: float, high: float) -> None:
    share = wilson(count, n)
    assert share.low == pytest.approx(low, abs=5e-5)
    assert share.high == pytest.approx(high, abs=5e-5)
    assert share.share == count / n


def test_nothing_of_nothing_is_unknown_and_not_zero() -> None:
    assert wilson(0, 0).as_dict() == {"count": 0, "share": None, "low": None, "high": None}


@given(st.integers(1, 10_000), st.data())
def test_the_interval_holds_the_share(n: int, drawn: st.DataObject) -> None:
    count = drawn.draw(st.integers(0, n))
    share = wilson(count, n)
    assert share.low is not None
    assert share.share is not None
    assert share.high is not None
    assert 0 <= share.low <= share.share + 1e-12
    assert share.share - 1e-12 <= share.high <= 1
    mirrored = wilson(n - count, n)
    assert mirrored.low == pytest.approx(1 - share.high, abs=1e-9)


FULL = Labels(
    "negative", True, "blame", "delay", "during_sale", ("procedural",), ("process",), ("speed",), ("churn", "rally")
)


def test_every_dimension_is_counted_but_answered() -> None:
    found = list(values_of(FULL, rating=2.0))
    assert {dimension for dimension, _ in found} == {MENTIONS, *DIMENSIONS} - {"answered"}
    assert ("failure_stage", "delay|during_sale") in found
    assert ("failure_justice", "delay|procedural") in found
    assert ("rating", "2") in found
    assert len(found) == len(set(found))


def test_what_is_no_complaint_counts_in_few() -> None:
    found = set(values_of(Labels("positive", False, signals=("loyal",))))
    assert found == {(MENTIONS, "all"), ("sentiment", "positive"), ("complaint", "no"), ("signals", "loyal")}


def test_a_complaint_without_a_failure_has_no_pairs() -> None:
    found = {dimension for dimension, _ in values_of(Labels("negative", True, justice=("procedural",)))}
    assert "failure_justice" not in found
    assert "failure_stage" not in found
