"""The numbers above the feed, and the clock of a case."""

from datetime import timedelta

import pytest

from app.domain.access import Sight
from app.domain.alerts import AlertState, Evidence, Leg
from app.domain.cases import Case, CaseState
from app.queries.clock import read_clock
from app.queries.feed import AlertFilters, alert_detail, alert_feed, feed_counts
from app.storage.trends import count_streams
from tests.api.builders import NOON, House, case_of_guitar

HOUR = timedelta(hours=1)
NORTH = Sight(brands=frozenset({"northwind"}))


def test_the_numbers_above_the_feed(house: House) -> None:
    for name, hours, state in (
        ("a", 2, CaseState.ANSWERED),
        ("b", 4, CaseState.CLOSED),
        ("c", 9, CaseState.UNSATISFIED),
    ):
        house.post(name, author=name, event_at=NOON - 20 * HOUR)
        opened = NOON - 20 * HOUR
        house.case(
            name,
            name,
            author=name,
            state=state,
            opened_at=opened,
            answered_at=opened + hours * HOUR,
            due_at=NOON + HOUR,
        )
    house.alert("shelved", state=AlertState.SUPPRESSED)
    house.alert("unowned", failure="delay")
    with house.database.read() as tx:
        counts = feed_counts(tx, "northwind", now=NOON)
    assert counts.states == {"open": 2, "suppressed": 1}
    assert counts.levels == {"page": 1, "warn": 1}
    assert counts.failures == {"lost_or_damaged": 1, "delay": 1}
    assert counts.owners == {"baggage-desk": 1, None: 1}
    assert (counts.overdue, counts.due_soon) == (1, 1)
    assert counts.answer_median == 4 * HOUR
    assert counts.answered_count == 3
    assert counts.recovered_share == pytest.approx(2 / 3)
    # In the last 24 h: two complaints of three, and "second" of the guitar's case; the first letter is older.
    assert counts.mention_count == 5
    assert counts.complaint_share == pytest.approx(4 / 5)
    assert counts.usual_share == 1.0


def test_nothing_to_take_a_number_from_is_none(house: House) -> None:
    with house.database.read() as tx:
        counts = feed_counts(tx, "southwind", now=NOON - timedelta(days=40), sight=NORTH)
    assert (counts.answer_median, counts.recovered_share, counts.complaint_share) == (None, None, None)
    assert counts.states == {}


def test_a_folded_alert_is_told_by_its_parent(house: House) -> None:
    parent = house.alert("stream", leg=Leg.STREAM, case=None, failure=None)
    house.alert("child", folded_into=parent.id)
    with house.database.write() as tx:
        count_streams(tx, {("northwind", "*", NOON - timedelta(minutes=10)): 7})
    with house.database.read() as tx:
        cards = {card.alert.id: card for card in alert_feed(tx, AlertFilters(), now=NOON, sight=NORTH).cards}
        detail = alert_detail(tx, parent.id, now=NOON)
    assert house.alerts["child"] not in cards
    assert cards[parent.id].folded_count == 1
    assert [alert.id for alert in detail.folded] == [house.alerts["child"]]
    assert [(point.at, point.count) for point in detail.stream] == [(NOON - timedelta(minutes=10), 7)]


def test_a_private_post_stays_out_of_a_public_card(house: House) -> None:
    mixed = house.alert("mixed", evidence=(Evidence(house.posts["ticket"], "a"), Evidence(house.posts["first"], "b")))
    with house.database.read() as tx:
        (card,) = [card for card in alert_feed(tx, AlertFilters(), now=NOON).cards if card.alert.id == mixed.id]
        detail = alert_detail(tx, mixed.id, now=NOON)
    assert card.quote is not None
    assert card.quote.id == house.posts["first"]
    assert [item.is_removed for item in detail.evidence] == [True, False]


def test_the_clock_reads_itscase_of_guitar() -> None:
    case: Case = case_of_guitar("p", "p", {})
    clock = read_clock(case, NOON)
    assert clock is not None
    assert (clock.runs, clock.is_past, clock.used) == (True, True, 1.25)
    assert (clock.waiting, clock.left) == (30 * HOUR, -6 * HOUR)
    assert read_clock(case_of_guitar("p", "p", {"has_clock": False}), NOON) is None
    stopped = read_clock(case_of_guitar("p", "p", {"state": CaseState.ANSWERED, "due_at": None}), NOON)
    assert stopped is not None
    assert (stopped.runs, stopped.is_past, stopped.used, stopped.left) == (False, False, None, None)
