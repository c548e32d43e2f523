"""Alerts: at the moment they are due, once, within the day's budget, and never lost when they are held back."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from app.domain.alerts import Alert, AlertState, Leg, Level
from app.domain.cases import CaseState
from app.domain.policies import DailyBudget, Policy, PolicyRow, Repeats, Step
from app.domain.posts import Post, PostKind
from app.escalation.acts import act
from app.escalation.alerts import Subject
from app.escalation.streams import judge_import
from app.pipeline.alerting import Alerting
from app.pipeline.watching import group_of_import
from app.storage import tables, trends
from app.storage.alerts import save_changes
from app.storage.database import Database
from tests.pipeline.monitor import (
    DAY,
    GOOD,
    HOUR,
    MINUTE,
    NORTHWIND,
    ONCALL,
    POLICY,
    SOUTHWIND,
    T0,
    WATCH,
    Monitor,
    complaint,
    post,
    reply,
    sample,
)

HARM = "failure=safety severity=blame signals=vulnerable"
REFUSED = "failure=lost_or_damaged severity=accusation signals=refused_redress"


def only(monitor: Monitor, leg: str) -> Alert:
    """The one alert of a leg."""
    (found,) = monitor.alerts(leg)
    return found


def apply_policy(monitor: Monitor, policy: Policy) -> None:
    monitor.apply(replace(WATCH, policies=(policy,)))


def act_on(monitor: Monitor, alert: Alert, action: str, now: datetime, **details: object) -> None:
    """What the API does for a person."""
    with monitor.database.write() as tx:
        watching = monitor.watching(tx)
        change = act(alert, action, actor="dana", now=now, policy=POLICY, **details)  # type: ignore[arg-type]
        save_changes(tx, [change], watching.announcing(), monitor.database.now())


def raise_page(monitor: Monitor, at: datetime = T0) -> Alert:
    monitor.live(complaint("page", HARM, author="pat", at=at))
    found = only(monitor, "case")
    assert found.level is Level.PAGE
    return found


def test_an_ageing_alert_is_raised_at_the_very_moment_it_is_due(monitor: Monitor) -> None:
    monitor.live(complaint("1", REFUSED))
    opened = monitor.alerts()
    monitor.tick(T0 + DAY - timedelta(microseconds=1))
    assert monitor.alerts() == opened
    monitor.tick(T0 + 40 * DAY)
    moments = {told.at for told in monitor.told() if told.kind in ("opened", "escalated")}
    assert T0 + DAY in moments
    found = [alert for alert in monitor.alerts() if alert.case is not None]
    assert [(alert.leg, alert.level) for alert in found] == [(Leg.AGEING, Level.WARN)]
    assert found[0].evidence[0].role == "first_complaint"


def test_without_at_due_the_present_counts(monitor: Monitor) -> None:
    monitor.live(complaint("1"))
    monitor.tick(T0 + 5 * DAY, at_due=False)
    assert only(monitor, "ageing").opened_at == T0 + 5 * DAY


def test_a_reply_that_meets_the_policy_ends_the_alert(monitor: Monitor) -> None:
    monitor.live(complaint("1"))
    monitor.tick(T0 + DAY)
    assert only(monitor, "ageing").state is AlertState.OPEN
    monitor.live(reply("2", GOOD, to="1", at=T0 + DAY + HOUR))
    found = only(monitor, "ageing")
    assert found.state is AlertState.RESOLVED
    assert found.resolved_at == T0 + DAY + HOUR
    assert monitor.findings() == []


def test_the_same_time_twice_says_nothing_new(monitor: Monitor) -> None:
    monitor.live(complaint("1", REFUSED))
    monitor.tick(T0 + 3 * DAY)
    before = monitor.snapshot()
    monitor.tick(T0 + 3 * DAY)
    assert monitor.snapshot() == before


def test_the_unanswered_card_opens_is_brought_up_to_date_and_ends(monitor: Monitor) -> None:
    monitor.live(complaint("1", "failure=other"), complaint("2", "failure=other", author="bob", at=T0 + MINUTE))
    monitor.tick(T0 + DAY)
    card = only(monitor, "digest")
    assert (card.owner, card.level, card.state) == ("front-desk", Level.WATCH, AlertState.OPEN)
    assert card.title.startswith("1 complaint is past the clock")
    monitor.tick(T0 + DAY + 2 * HOUR)
    assert only(monitor, "digest").title.startswith("2 complaints are past the clock")
    monitor.live(
        reply("3", to="1", at=T0 + DAY + 3 * HOUR),
        reply("4", to="2", at=T0 + DAY + 3 * HOUR),
    )
    monitor.tick(T0 + DAY + 5 * HOUR)
    assert only(monitor, "digest").state is AlertState.RESOLVED
    assert [told.kind for told in monitor.told(card.id)] == ["opened", "updated", "resolved"]
    assert monitor.findings() == []


def test_each_owner_has_a_card_and_private_cases_have_their_own(monitor: Monitor) -> None:
    monitor.live(
        complaint("1"),
        complaint("2", "failure=lost_or_damaged", author="bob"),
        complaint("3", author="cem", kind=PostKind.TICKET),
    )
    monitor.tick(T0 + DAY)
    cards = {(card.owner, card.visibility) for card in monitor.alerts("digest")}
    assert cards == {("front-desk", "public"), ("baggage-desk", "public"), ("front-desk", "private")}
    monitor.live(reply("4", to="3", at=T0 + DAY + HOUR))
    monitor.tick(T0 + DAY + 3 * HOUR)
    ended = [(card.owner, card.visibility) for card in monitor.alerts("digest") if card.state is AlertState.RESOLVED]
    assert ended == [("front-desk", "private")]


def test_the_card_of_an_import_is_no_queue_that_ends(monitor: Monitor) -> None:
    # Its group ends like that of a private card, and its leg is that of a digest: neither makes it one.
    with monitor.database.write() as tx:
        watching = monitor.watching(tx)
        subject = Subject(group=group_of_import("a:private", "northwind"), brand="northwind", changed_at=T0)
        Alerting().card(tx, watching, subject, judge_import(posts=5, complaints=2, unanswered=1), T0)
    monitor.tick(T0 + 2 * HOUR)
    card = only(monitor, "digest")
    assert (card.visibility, card.state) == ("public", AlertState.OPEN)


def fill_rings(monitor: Monitor, counts: list[int], *, failure: str = "delay", start: datetime) -> None:
    """Made-up five-minute counts of complaints, as many posts of which are in the database as there are none."""
    rows: Counter[tuple[str, str, datetime]] = Counter()
    for place, n in enumerate(counts):
        slot = start + place * trends.SLOT
        rows["northwind", trends.ALL_MENTIONS, slot] = n + 1
        if n:
            rows["northwind", trends.ALL_COMPLAINTS, slot] = n
            rows["northwind", failure, slot] = n
    with monitor.database.write() as tx:
        trends.count_streams(tx, rows)


QUIET = [1, 0, 0] * 96 * 3
"""Three days of four complaints an hour."""


def test_a_burst_raises_the_stream_alert_and_calm_ends_it(monitor: Monitor) -> None:
    begin = T0 - len(QUIET) * trends.SLOT
    fill_rings(monitor, QUIET, start=begin)
    monitor.tick(T0)
    assert monitor.alerts("stream") == []
    fill_rings(monitor, [12] * 12, start=T0)
    monitor.tick(T0 + 4 * HOUR)
    alert = only(monitor, "stream")
    assert (alert.brand, alert.failure, alert.owner) == ("northwind", "delay", "front-desk")
    assert T0 < alert.opened_at <= T0 + 30 * MINUTE
    assert [reason.code for reason in alert.reasons] == ["burst"]
    for hour in range(5, 14):
        monitor.tick(T0 + hour * HOUR)
    assert only(monitor, "stream").state is AlertState.RESOLVED
    assert [told.kind for told in monitor.told(alert.id)].count("opened") == 1
    assert monitor.findings() == []


def test_a_stream_that_grows_becomes_a_page_and_stays_while_it_is_hot(monitor: Monitor) -> None:
    fill_rings(monitor, QUIET, start=T0 - len(QUIET) * trends.SLOT)
    fill_rings(monitor, [2] * 12, start=T0)
    monitor.tick(T0 + HOUR)
    warned = only(monitor, "stream")
    assert warned.level is Level.WARN
    fill_rings(monitor, [0] * 12 + [30] * 12 * 8, failure="billing", start=T0)
    monitor.tick(T0 + 8 * HOUR)
    paged = only(monitor, "stream")
    assert (paged.id, paged.level, paged.failure, paged.state) == (warned.id, Level.PAGE, "billing", AlertState.OPEN)
    assert paged.below_since is None
    assert T0 + HOUR < paged.level_since < T0 + 2 * HOUR
    assert [told.kind for told in monitor.told(paged.id)].count("escalated") == 1
    assert monitor.findings() == []


def test_a_calm_hour_between_two_hot_ones_does_not_count_towards_the_end(monitor: Monitor) -> None:
    fill_rings(monitor, QUIET, start=T0 - len(QUIET) * trends.SLOT)
    fill_rings(monitor, [12] * 6 + [0] * 30 + [20] * 6 + [0] * 30 + [20] * 12, start=T0)
    monitor.tick(T0 + 2 * HOUR)
    assert only(monitor, "stream").below_since is not None
    monitor.tick(T0 + 3 * HOUR + 30 * MINUTE)
    assert only(monitor, "stream").below_since is None
    monitor.tick(T0 + 7 * HOUR)
    assert only(monitor, "stream").state is AlertState.OPEN


def test_a_page_of_the_stream_is_one_of_the_days_pages(monitor: Monitor) -> None:
    fill_rings(monitor, QUIET, start=T0 - len(QUIET) * trends.SLOT)
    fill_rings(monitor, [40] * 12, start=T0)
    monitor.tick(T0 + HOUR)
    assert only(monitor, "stream").level is Level.PAGE
    monitor.live(complaint("1", HARM, author="pat", at=T0 + HOUR))
    assert only(monitor, "case").level is Level.WARN


def test_where_the_days_page_is_spent_the_stream_warns(monitor: Monitor) -> None:
    fill_rings(monitor, QUIET, start=T0 - len(QUIET) * trends.SLOT)
    monitor.live(complaint("1", HARM, author="pat", at=T0))
    assert only(monitor, "case").level is Level.PAGE
    fill_rings(monitor, [40] * 12 * 25, start=T0)
    monitor.tick(T0 + 4 * HOUR)
    assert only(monitor, "stream").level is Level.WARN


def test_a_burst_is_found_at_the_same_moment_however_the_time_is_cut(monitor: Monitor) -> None:
    fill_rings(monitor, QUIET, start=T0 - len(QUIET) * trends.SLOT)
    fill_rings(monitor, [0, 4, 9, 12, 12, 3], start=T0)
    for minute in range(0, 60, 7):
        monitor.tick(T0 + minute * MINUTE)
    fine = only(monitor, "stream")
    with monitor.database.write() as tx:
        for table in (tables.stream_state, tables.alert, tables.alert_change, tables.delivery):
            tx.execute(table.delete())
    monitor.tick(T0 + HOUR)
    coarse = only(monitor, "stream")
    assert (coarse.opened_at, coarse.risk, coarse.title) == (fine.opened_at, fine.risk, fine.title)


def test_a_brand_without_a_burst_has_no_stream_alert(monitor: Monitor) -> None:
    fill_rings(monitor, [*QUIET, 1, 0, 1, 0], start=T0 - len(QUIET) * trends.SLOT)
    monitor.tick(T0 + HOUR)
    assert monitor.alerts("stream") == []


def test_case_alerts_fold_under_the_stream_and_stand_up_after_it(database: Database) -> None:
    monitor = Monitor(database, start=T0 - DAY)
    fill_rings(monitor, QUIET, start=T0 - len(QUIET) * trends.SLOT)
    monitor.live(complaint("old", at=T0 - DAY))
    monitor.tick(T0)
    case_alert = only(monitor, "ageing")
    assert case_alert.folded_into is None
    fill_rings(monitor, [12] * 12, start=T0)
    monitor.tick(T0 + HOUR)
    stream = only(monitor, "stream")
    assert only(monitor, "ageing").folded_into == stream.id
    assert "folded" in [told.kind for told in monitor.told(case_alert.id)]
    for hour in range(2, 16):
        monitor.tick(T0 + hour * HOUR)
    assert only(monitor, "stream").state is AlertState.RESOLVED
    assert only(monitor, "ageing").folded_into is None
    assert only(monitor, "ageing").state is AlertState.OPEN
    assert monitor.findings() == []


def test_a_hard_trigger_does_not_fold(monitor: Monitor) -> None:
    fill_rings(monitor, QUIET, failure="safety", start=T0 - len(QUIET) * trends.SLOT)
    monitor.tick(T0)
    fill_rings(monitor, [2] * 12, failure="safety", start=T0)
    monitor.tick(T0 + HOUR)
    assert only(monitor, "stream").failure == "safety"
    assert raise_page(monitor, T0 + 2 * HOUR).folded_into is None


def test_the_budget_bounds_the_interruptions_and_not_the_record(monitor: Monitor) -> None:
    monitor.live(*(complaint(f"{n}", author=f"a{n}", at=T0 + n * MINUTE) for n in range(12)))
    monitor.tick(T0 + DAY + HOUR)
    assert len(monitor.alerts("ageing")) == POLICY.budget.watch
    monitor.tick(T0 + DAY + 3 * HOUR)
    assert only(monitor, "digest").title.startswith("12 complaints are past the clock")
    # The next looks come when the overdue time has doubled: a new day, a new budget.
    monitor.tick(T0 + 4 * DAY)
    found = monitor.alerts("ageing")
    assert POLICY.budget.watch < len(found)
    for one in found:
        same = [alert for alert in found if one.opened_at - DAY < alert.opened_at <= one.opened_at]
        assert len(same) <= POLICY.budget.watch + POLICY.budget.warn


def test_budgets_are_of_one_brand(monitor: Monitor) -> None:
    apply_policy(monitor, replace(POLICY, budget=DailyBudget(watch=1, warn=1, page=1)))
    monitor.live(
        *(complaint(f"n{n}", author=f"a{n}", at=T0 + n * MINUTE) for n in range(3)),
        *(complaint(f"s{n}", author=f"b{n}", at=T0 + n * MINUTE, brands=("southwind",)) for n in range(3)),
    )
    monitor.tick(T0 + DAY + HOUR)
    assert Counter(alert.brand for alert in monitor.alerts("ageing")) == {"northwind": 1, "southwind": 1}


def test_beyond_the_day_pages_of_harm_become_warnings(monitor: Monitor) -> None:
    monitor.live(*(complaint(f"{n}", HARM, author=f"a{n}", at=T0 + n * MINUTE) for n in range(3)))
    assert [alert.level for alert in monitor.alerts("case")] == [Level.PAGE, Level.WARN, Level.WARN]


def test_a_mute_ends_at_its_time(monitor: Monitor) -> None:
    monitor.live(complaint("1"))
    monitor.tick(T0 + DAY)
    alert = only(monitor, "ageing")
    until = T0 + DAY + 5 * HOUR
    act_on(monitor, alert, "suppress", T0 + DAY + MINUTE, until=until, reason="known")
    monitor.tick(T0 + DAY + 4 * HOUR)
    assert only(monitor, "ageing").state is AlertState.SUPPRESSED
    monitor.tick(T0 + DAY + 9 * HOUR)
    assert only(monitor, "ageing").state is AlertState.OPEN
    woken = [told for told in monitor.told(alert.id) if told.kind == "reopened"]
    assert [told.at for told in woken] == [until]
    assert monitor.findings() == []


def test_an_unacknowledged_page_repeats_and_steps_and_ends(monitor: Monitor) -> None:
    steps = (Step(timedelta(0), "oncall"), Step(15 * MINUTE, "oncall"))
    apply_policy(monitor, replace(POLICY, steps=steps, repeat=Repeats({"page": 30 * MINUTE}, 3)))
    alert = raise_page(monitor)
    monitor.tick(T0 + 12 * HOUR)
    repeated = [(told.at - T0, told.note[:6]) for told in monitor.told(alert.id) if told.kind == "repeated"]
    assert repeated == [
        (15 * MINUTE, "step 1"),
        (30 * MINUTE, "repeat"),
        (60 * MINUTE, "repeat"),
        (90 * MINUTE, "repeat"),
    ]


def test_an_acknowledged_page_is_not_repeated(monitor: Monitor) -> None:
    alert = raise_page(monitor)
    act_on(monitor, alert, "acknowledge", T0 + MINUTE)
    monitor.tick(T0 + 12 * HOUR)
    assert [told.kind for told in monitor.told(alert.id) if told.kind == "repeated"] == []
    assert only(monitor, "case").assignee == "dana"


def test_after_a_standstill_at_most_one_repeat_is_made_up_for(monitor: Monitor) -> None:
    raise_page(monitor)
    monitor.tick(T0 + 12 * HOUR, at_due=False)
    assert [told.kind for told in monitor.told()].count("repeated") == 1


def test_growth_is_judged_when_it_is_told_and_not_before(monitor: Monitor) -> None:
    monitor.live(complaint("1", "failure=lost_or_damaged severity=accusation"), sample("1", T0, views=100, likes=1))
    assert monitor.alerts() == []
    monitor.live(sample("1", T0 + HOUR, views=2_000_000, likes=40_000))
    monitor.tick(T0 + HOUR)
    found = only(monitor, "case")
    assert found.opened_at == T0 + HOUR
    assert {"velocity", "spread"} <= {reason.code for reason in found.reasons}
    monitor.tick(T0 + 3 * DAY)
    assert monitor.findings() == []


def test_what_came_in_late_never_pages_by_itself(monitor: Monitor) -> None:
    monitor.clock.advance(30 * DAY)
    late = [complaint(f"{n}", HARM, author=f"a{n}", at=T0 + n * HOUR) for n in range(3)]
    monitor.intake().take([*late, complaint("calm", author="z", at=T0)])
    monitor.read()
    monitor.tick(T0 + 60 * DAY)
    assert all(not case.live for case in monitor.cases())
    assert Level.PAGE not in {alert.level for alert in monitor.alerts()}
    assert "z" not in {case.author for case in monitor.cases() if case.level is not None}


def test_a_change_and_its_deliveries_are_one_transaction(monitor: Monitor) -> None:
    alert = raise_page(monitor)
    deliveries = monitor.rows(tables.delivery)
    assert [(row.alert_id, row.endpoint, row.level) for row in deliveries] == [(alert.id, ONCALL.name, "page")]
    assert b"northwind complaint" not in deliveries[0].body
    assert b"pat" not in deliveries[0].body


def test_business_hours_move_the_deadline(monitor: Monitor) -> None:
    apply_policy(monitor, replace(POLICY, rows=(PolicyRow(owner="front-desk", reply_within=2 * HOUR),)))
    monitor.live(complaint("1"))
    monitor.tick(T0 + 2 * HOUR)
    assert only(monitor, "ageing").opened_at == T0 + 2 * HOUR


def test_retired_brands_are_left_in_peace(monitor: Monitor) -> None:
    monitor.live(complaint("1"))
    monitor.apply(replace(WATCH, brands=(SOUTHWIND,)))
    monitor.tick(T0 + 2 * DAY)
    assert monitor.alerts("digest") == []
    monitor.apply(replace(WATCH, brands=(NORTHWIND, SOUTHWIND)))
    assert monitor.case().state is CaseState.WAITING


def test_many_cases_fall_due_in_one_tick(monitor: Monitor) -> None:
    posts: list[Post] = [post("0"), *(complaint(f"{n}", "failure=other", author=f"a{n}") for n in range(600))]
    monitor.live(*posts)
    monitor.tick(T0 + DAY)
    assert only(monitor, "digest").title.startswith("600 complaints are past the clock")
    with monitor.database.read() as tx:
        later = tx.execute(tables.complaint_case.select().where(tables.complaint_case.c.next_eval_at <= T0 + DAY))
        assert later.all() == []
