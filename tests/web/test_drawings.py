"""Drawings and words, as pure functions of numbers."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.trends import wilson
from app.queries.trends import TrendAnswer, TrendPoint
from app.storage.reads_posts import SampleView
from app.web import words
from app.web.drawings import Clock, bar_width, clock_string, sparkline, spread
from app.web.markdown import blocks_of
from app.web.series import codes_of, holes_of, rows_of, sentence_of
from app.web.story import curve_of

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def swing(path: str) -> float:
    heights = [float(point.split(" ")[1]) for point in path.lstrip("M").split("L")]
    return max(heights) - min(heights)


def test_the_string_tightens_as_the_clock_runs() -> None:
    swings = []
    for used in (1, 6, 12, 18, 22):
        drawn = clock_string(Clock("waiting", NOW - used * HOUR, NOW + (24 - used) * HOUR), NOW)
        assert drawn.kind == "tight"
        assert drawn.headline == f"{24 - used} h left"
        swings.append(swing(drawn.rest))
    assert swings == sorted(swings, reverse=True)


def test_the_string_snaps_at_the_deadline_and_springs_further_apart() -> None:
    at_once = clock_string(Clock("waiting", NOW - 24 * HOUR, NOW), NOW)
    later = clock_string(Clock("unsatisfied", NOW - 281 * 24 * HOUR, NOW - 280 * 24 * HOUR), NOW)
    assert (at_once.kind, later.kind) == ("snapped", "snapped")
    assert later.detail == "clock passed 280 days ago"
    left = [float(drawn.used.split("H")[1].split("c")[0]) for drawn in (at_once, later)]
    assert left[0] > left[1] > 2


@pytest.mark.parametrize(("state", "kind"), [("paused", "paused"), ("answered", "answered"), ("closed", "answered")])
def test_a_clock_that_does_not_run(state: str, kind: str) -> None:
    assert clock_string(Clock(state, NOW - HOUR, NOW + HOUR, NOW - HOUR), NOW).kind == kind


def test_a_pause_that_is_over_is_a_clock_that_ran_out() -> None:
    assert clock_string(Clock("paused", NOW - 2 * HOUR, NOW - HOUR), NOW).kind == "snapped"


def test_no_clock_where_nobody_can_answer() -> None:
    assert clock_string(Clock("waiting", None, None), NOW).kind == "none"


def test_sparkline_and_bars() -> None:
    assert sparkline([3], "x") is None
    line = sparkline([0, 0, 4], "Complaints")
    assert line is not None
    assert line.label == "Complaints, from 0 to 4, at most 4"
    assert line.path.endswith("4.0")
    assert bar_width(2.1, 2.1) == 84
    assert bar_width(0.001, 2.1) == 2
    assert bar_width(0.0, 2.1) == 0
    assert bar_width(1.0, 0.0) == 0


def test_a_spread_stands_on_a_round_scale_from_zero() -> None:
    drawn = spread([(NOW - 2 * HOUR, 900), (NOW, 41_000)], "Views")
    assert drawn is not None
    assert drawn.top == 50_000
    assert drawn.label == "Views went from 900 to 41,000 in 2 h"
    assert spread([(NOW, 1)], "Views") is None


def test_a_curve_sums_the_posts_and_takes_reactions_without_views() -> None:
    samples = [
        SampleView("a", NOW - 2 * HOUR, None, 5, 1, 0),
        SampleView("b", NOW - HOUR, None, 10, None, None),
        SampleView("a", NOW, None, 8, 1, 1),
    ]
    curve = curve_of(samples)
    assert curve is not None
    assert curve.name == "Likes, shares and replies"
    assert [value for _, value in curve.rows] == [6, 16, 20]


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(seconds=20), "20 s"),
        (timedelta(minutes=38), "38 min"),
        (timedelta(hours=3), "3 h"),
        (timedelta(hours=2, minutes=30), "2.5 h"),
        (timedelta(hours=47), "47 h"),
        (timedelta(days=281), "281 days"),
        (timedelta(days=-3), "3 days"),
    ],
)
def test_lengths_of_time(length: timedelta, said: str) -> None:
    assert words.span(length) == said


def test_unknown_is_a_dash_and_never_a_zero() -> None:
    assert words.number(None) == words.UNKNOWN
    assert words.percent(None) == words.UNKNOWN
    assert words.measure(None, "posts") == words.UNKNOWN
    assert words.number(0) == "0"


def test_measures() -> None:
    assert words.measure(281.0, "d") == "281 days"
    assert words.measure(41000.0, "views") == "41,000 views"
    assert words.measure(0.4567, None) == "0.46"
    assert words.code("failure_x|after_sale").startswith("failure x ")
    assert words.tag("procedural") == "procedural justice"
    assert words.ago(NOW - 2 * HOUR, NOW) == "2 h ago"
    assert words.ago(NOW + 2 * HOUR, NOW) == "in 2 h"


def answer(*points: tuple[int | None, int, bool]) -> TrendAnswer:
    series = tuple(
        TrendPoint(
            start=NOW + (index - len(points)) * 24 * HOUR,
            end=NOW + (index + 1 - len(points)) * 24 * HOUR,
            n=n,
            values={"yes": None, "no": None} if n is None else {"yes": wilson(yes, n), "no": wilson(n - yes, n)},
            coverage={"forum": "gap" if n is None else "complete"},
            partial=partial,
        )
        for index, (n, yes, partial) in enumerate(points)
    )
    return TrendAnswer("halcyon", "complaint", "day", "UTC", 7, "minilm@1", series)


def test_a_series_is_the_same_in_sentence_and_table() -> None:
    found = answer((100, 20, False), (None, 0, False), (100, 30, False), (10, 9, True))
    codes = codes_of(found)
    assert codes == ("yes",)
    rows = rows_of(found, codes)
    assert [row.partial for row in rows] == [True, False, False, False]
    assert rows[2].unknown
    assert rows[2].cells[0].plotted == ""
    assert rows[2].heard == "forum: gap"
    assert rows[1].cells[0].text == "30.0 % (30)"
    assert rows[1].cells[0].interval == "22 to 40 %"
    assert holes_of(found) == 1
    assert sentence_of(found, codes, brand="Halcyon Air").endswith("complaints 30.0 % of 100, usual 20.0 %.")


def test_nothing_to_compare_is_said() -> None:
    assert "nothing is over yet" in sentence_of(answer((5, 1, True)), ("yes",), brand="Halcyon Air")


def test_markdown_becomes_plain_blocks() -> None:
    source = (
        "# Title\n\nA *small* [link](https://x.example) with <b>.\n\n- one\n  goes on\n- two\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    blocks = blocks_of(source)
    assert [block.kind for block in blocks] == ["h1", "text", "list", "table"]
    assert blocks[1].text == "A small link (https://x.example) with <b>."
    assert blocks[2].items_ == ["one goes on", "two"]
    assert blocks[3].items_ == [["a", "b"], ["1", "2"]]
