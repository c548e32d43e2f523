"""A trend answer as a sentence, a chart and a table; the three are made of the same numbers. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from app.domain.trends import MENTIONS, Share
from app.queries.trends import TrendAnswer, TrendPoint
from app.web import words

MOST_LINES: Final = 6
"""Lines that one chart can show and still be read; the most frequent are taken."""
COUNTED: Final = frozenset({MENTIONS})
"""Dimensions that are drawn as counts; the others as shares."""
SHOWN: Final[Mapping[str, tuple[str, ...]]] = {"complaint": ("yes",)}


@dataclass(frozen=True, slots=True)
class Cell:
    """One number of the table: what is drawn, its interval, and both as a person reads them."""

    plotted: str
    low: str
    high: str
    text: str
    interval: str


@dataclass(frozen=True, slots=True)
class Row:
    """One bucket; `at` is its start in seconds, for the chart."""

    at: int
    name: str
    n: int | None
    partial: bool
    unknown: bool
    has_gap: bool
    heard: str
    cells: tuple[Cell, ...]


def codes_of(answer: TrendAnswer) -> tuple[str, ...]:
    """The values that are drawn: those that occur, the most frequent first."""
    if answer.dimension in SHOWN:
        return SHOWN[answer.dimension]
    counts: Counter[str] = Counter()
    for point in answer.series:
        counts.update({code: share.count for code, share in point.values.items() if share is not None})
    if answer.dimension == "sentiment":
        return tuple(code for code in ("negative", "neutral", "positive") if code in counts)
    return tuple(code for code, count in counts.most_common(MOST_LINES) if count)


def rows_of(answer: TrendAnswer, codes: Sequence[str]) -> list[Row]:
    """The table, newest first."""
    zone = ZoneInfo(answer.timezone)
    by_count = answer.dimension in COUNTED
    return [
        _row(point, codes, zone=zone, by_count=by_count, hourly=answer.interval == "hour")
        for point in reversed(answer.series)
    ]


def _row(point: TrendPoint, codes: Sequence[str], *, zone: ZoneInfo, by_count: bool, hourly: bool) -> Row:
    return Row(
        at=int(point.start.timestamp()),
        name=_name(point.start, zone, hourly=hourly),
        n=point.n,
        partial=point.partial,
        unknown=point.n is None,
        has_gap="gap" in point.coverage.values(),
        heard=_heard(point.coverage),
        cells=tuple(_cell(point.values.get(code), by_count=by_count) for code in codes),
    )


def _name(start: datetime, zone: ZoneInfo, *, hourly: bool) -> str:
    local = start.astimezone(zone)
    day = f"{local:%a} {local.day} {local:%b %Y}"
    return f"{day}, {local:%H:%M}" if hourly else day


def _cell(share: Share | None, *, by_count: bool) -> Cell:
    if share is None:
        return Cell("", "", "", "", "")
    if by_count:
        return Cell(str(share.count), "", "", f"{share.count:,}", "")
    if share.share is None or share.low is None or share.high is None:
        return Cell("", "", "", "0", "")
    interval = f"{share.low * 100:.0f} to {share.high * 100:.0f} %"
    text = f"{share.share * 100:.1f} % ({share.count:,})"
    return Cell(f"{share.share:.4f}", f"{share.low:.4f}", f"{share.high:.4f}", text, interval)


def _heard(coverage: Mapping[str, str]) -> str:
    troubled = [f"{words.code(source)}: {state}" for source, state in sorted(coverage.items()) if state != "complete"]
    return "all" if not troubled else "; ".join(troubled)


def holes_of(answer: TrendAnswer) -> int:
    """Buckets in which no source told anything."""
    return sum(point.n is None for point in answer.series)


def gaps_of(answer: TrendAnswer) -> int:
    """Buckets that some source, but not every one, has a gap in."""
    return sum(point.n is not None and "gap" in point.coverage.values() for point in answer.series)


def label_of(dimension: str, code: str) -> str:
    """The name of one line of the chart."""
    if dimension in ("complaint", "answered"):
        return {
            ("complaint", "yes"): "Complaints",
            ("answered", "yes"): "Answered",
            ("answered", "no"): "Not answered",
        }.get((dimension, code), "No complaint")
    return "Posts" if dimension in COUNTED else words.capital(words.code(code))


def sentence_of(answer: TrendAnswer, codes: Sequence[str], *, brand: str) -> str:
    """What the chart says: the newest whole bucket against the mean of those before it."""
    whole = [point for point in answer.series if not point.partial and point.n]
    if not whole or not codes:
        return f"{brand}: nothing is over yet that could be compared."
    last, before = whole[-1], whole[:-1]
    zone = ZoneInfo(answer.timezone)
    when = _name(last.start, zone, hourly=answer.interval == "hour")
    if answer.dimension in COUNTED:
        usual = sum(point.n or 0 for point in before) / len(before) if before else None
        against = f", against {usual:,.0f} in a usual {answer.interval}" if usual is not None else ""
        return f"{brand}: {last.n:,} posts on {when}{against}."
    parts = [_against(code, last, before) for code in codes[:2]]
    return f"{brand}, {when}: {'; '.join(parts)}."


def _against(code: str, last: TrendPoint, before: Sequence[TrendPoint]) -> str:
    name = {"yes": "complaints", "no": "no complaints"}.get(code, words.code(code))
    share = last.values.get(code)
    now = words.percent(share.share if share else None)
    base = sum(point.n or 0 for point in before)
    if not base:
        return f"{name} {now} of {last.n:,}"
    counted = [point.values.get(code) for point in before]
    usual = sum(found.count for found in counted if found is not None) / base
    return f"{name} {now} of {last.n:,}, usual {words.percent(usual)}"
