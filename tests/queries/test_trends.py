"""The honest series: zero against unknown, denominators, partial buckets."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, update

from app.domain.access import Sight
from app.domain.errors import NotFound, Refused
from app.domain.ids import new_id
from app.domain.predictions import Labels
from app.queries.trends import TrendAnswer, TrendQuery, languages, trend
from app.storage.tables import gap, source
from tests.api.builders import NOON, PRAISE, House

HOUR = timedelta(hours=1)
QUERY = TrendQuery("northwind", NOON - 12 * HOUR, NOON + HOUR, interval="hour", timezone="UTC")


def ask(house: House, query: TrendQuery = QUERY, *, now: datetime = NOON) -> TrendAnswer:
    with house.database.read() as tx:
        return trend(tx, query, now=now)


def succeeded(house: House, at: datetime) -> None:
    with house.database.write() as tx:
        tx.execute(update(source).where(source.c.name == "mastodon").values(last_success_at=at))


def test_a_quiet_hour_of_a_source_that_was_read_is_a_zero(house: House) -> None:
    succeeded(house, NOON)
    points = {point.start: point for point in ask(house).series}
    quiet = points[NOON - 4 * HOUR]
    assert (quiet.n, quiet.coverage) == (0, {"mastodon": "complete"})
    share = quiet.values["negative"]
    assert share is not None
    assert (share.count, share.share, share.low) == (0, None, None)


def test_languages_are_told_of_what_may_be_seen_only(house: House) -> None:
    start, end = NOON - 12 * HOUR, NOON + HOUR
    with house.database.read() as tx:
        assert languages(tx, "northwind", start=start, end=end)
        with pytest.raises(NotFound):
            languages(tx, "northwind", start=start, end=end, sight=Sight(brands=frozenset({"southwind"})))


def test_a_recorded_gap_is_a_hole(house: House) -> None:
    succeeded(house, NOON)
    row = {
        "id": new_id(),
        "source": "mastodon",
        "start_at": NOON - 4.5 * HOUR,
        "end_at": NOON - 3.5 * HOUR,
        "why": "429",
    }
    with house.database.write() as tx:
        tx.execute(insert(gap).values(row))
    holes = [point for point in ask(house).series if point.coverage["mastodon"] == "gap"]
    assert [point.start for point in holes] == [NOON - 5 * HOUR, NOON - 4 * HOUR]
    # In the first of the two something was heard all the same: it is counted, and the hole is said.
    assert [point.n for point in holes] == [1, None]


def test_a_source_that_fell_silent_is_unknown_from_then_on(house: House) -> None:
    succeeded(house, NOON - 6 * HOUR)
    points = {point.start: point for point in ask(house).series}
    assert points[NOON - 7 * HOUR].coverage == {"mastodon": "complete"}
    assert points[NOON - 4 * HOUR].coverage == {"mastodon": "silent"}
    assert points[NOON - 4 * HOUR].n is None
    assert points[NOON - 2 * HOUR].n == 1


def test_only_the_bucket_that_is_not_over_is_partial(house: House) -> None:
    succeeded(house, NOON)
    points = ask(house, now=NOON + timedelta(minutes=10)).series
    assert [point.start for point in points if point.partial] == [NOON]


def test_shares_are_of_what_they_can_be_shares_of(house: House) -> None:
    house.post("rated", labels=PRAISE, rating=4.0, event_at=NOON - HOUR)
    house.post("resolved", labels=Labels("positive", signals=("resolved",)), event_at=NOON - HOUR)
    day = replace(QUERY, interval="day", start=NOON - HOUR, end=NOON)

    def point(dimension: str) -> tuple[int | None, dict[str, int]]:
        (only,) = ask(house, replace(day, dimension=dimension)).series
        return only.n, {code: share.count for code, share in only.values.items() if share and share.count}

    assert point("mentions") == (4, {"all": 4})
    assert point("sentiment") == (4, {"negative": 1, "positive": 3})
    assert point("complaint") == (4, {"yes": 1, "no": 3})
    assert point("signals") == (4, {"refused_redress": 1, "resolved": 1})
    assert point("failure") == (1, {"lost_or_damaged": 1})
    assert point("failure_justice") == (1, {"lost_or_damaged|distributive": 1})
    assert point("rating") == (1, {"4": 1})


def test_by_source_and_language(house: House) -> None:
    house.post("tiếng", language="vi", event_at=NOON - HOUR)
    day = replace(QUERY, interval="day", dimension="mentions")
    assert [point.n for point in ask(house, replace(day, language="vi")).series] == [1]
    assert [point.n for point in ask(house, replace(day, source="nowhere")).series] == [0]


def test_no_dimension_of_that_name(house: House) -> None:
    with pytest.raises(Refused, match="failure_stage"):
        ask(house, replace(QUERY, dimension="weather"))
