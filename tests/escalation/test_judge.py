"""Judgements: the legs, their tables, hard triggers and caps, the words, and the pace."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.alerts import Leg, Level
from app.domain.cases import Case, CaseState
from app.domain.policies import Policy, PolicyRow
from app.escalation.ageing import is_past_clock, next_look
from app.escalation.burst import Burst
from app.escalation.following import Place, answer, close
from app.escalation.health import SourceState, judge_source
from app.escalation.judge import judge
from app.escalation.risk import level_of, logit, sigmoid
from app.escalation.score import SIGNALS, Usual, standing
from app.escalation.spread import growth, hour_before, sampled
from app.escalation.streams import judge_digest, judge_import, judge_stream
from app.escalation.words import span
from tests.escalation.made import DAY, GOOD, HOUR, POLICY, T0, TEMPLATE, brand_reply, case_of

FRESH, AT_1X, AT_2X = T0 + HOUR, T0 + DAY, T0 + 2 * DAY


@pytest.mark.parametrize(
    ("signals", "more", "at", "leg", "level"),
    [
        ((), {}, FRESH, Leg.CASE, None),
        ((), {}, AT_1X - timedelta(seconds=1), Leg.CASE, None),
        ((), {}, AT_1X, Leg.AGEING, Level.WATCH),
        ((), {}, AT_2X, Leg.AGEING, Level.WATCH),
        ((), {"followers": 20_000}, AT_1X, Leg.AGEING, Level.WATCH),
        ((), {"followers": 20_000}, AT_2X, Leg.AGEING, Level.WARN),
        ((), {"failure": "other", "severity": "no_reproach"}, AT_1X, Leg.AGEING, None),
        (("unanswered",), {"failure": "other", "severity": "no_reproach"}, AT_1X, Leg.AGEING, Level.WARN),
        (("repeated",), {}, AT_1X, Leg.AGEING, Level.WARN),
        (("refused_redress",), {}, AT_1X, Leg.AGEING, Level.WARN),
        (("handed_on",), {}, AT_1X, Leg.AGEING, Level.WARN),
        (("vulnerable",), {}, FRESH, Leg.CASE, Level.PAGE),
        ((), {"failure": "safety"}, AT_1X, Leg.AGEING, Level.PAGE),
        (("threat", "refused_redress"), {}, FRESH, Leg.CASE, Level.PAGE),
        (("rally", "refused_redress"), {}, AT_1X, Leg.AGEING, Level.PAGE),
        (("threat",), {}, FRESH, Leg.CASE, Level.WATCH),
        ((), {"followers": 1_000_000}, FRESH, Leg.CASE, Level.PAGE),
        ((), {"followers": 1_000_000, "p": 0.7}, FRESH, Leg.CASE, None),
        ((), {"verified": True, "followers": 30}, FRESH, Leg.CASE, None),
        ((), {"verified": True, "followers": 30_000}, FRESH, Leg.CASE, Level.PAGE),
        ((), {"verified": True}, FRESH, Leg.CASE, Level.PAGE),
        (("vulnerable",), {"p": 0.45}, AT_2X, Leg.AGEING, Level.WARN),
        (("vulnerable",), {"is_late": True}, AT_2X, Leg.AGEING, None),
        (("repeated",), {"is_late": True}, AT_2X, Leg.AGEING, None),
    ],
)
def test_the_table_of_levels(
    signals: tuple[str, ...], more: dict[str, Any], at: Any, leg: Leg, level: Level | None
) -> None:
    judgement = judge(case_of(*signals, **more), POLICY, now=at)
    assert (judgement.leg, judgement.level) == (leg, level)


def test_which_hard_triggers_page_beyond_the_budget() -> None:
    assert not judge(case_of("vulnerable"), POLICY, now=FRESH).beyond_budget
    assert judge(case_of("threat", "refused_redress"), POLICY, now=FRESH).beyond_budget
    assert not judge(case_of("threat", "refused_redress", p=0.6), POLICY, now=FRESH).beyond_budget
    assert judge(case_of(followers=2_000_000), POLICY, now=FRESH).beyond_budget


def test_an_ordinary_fresh_complaint_waits_for_its_deadline_without_words() -> None:
    judgement = judge(case_of(), POLICY, now=FRESH)
    assert (judgement.title, judgement.reasons) == ("", ())
    assert judgement.next_eval_at == AT_1X


def test_waiting_is_looked_at_at_each_doubling() -> None:
    case, at, looks = case_of(), T0, 0
    while at < T0 + 3650 * DAY:
        found = next_look(case, POLICY, at)
        assert found is not None
        assert found > at
        at, looks = found, looks + 1
    assert looks == 14, "1, 2, 4, ... 8,192 days and the deadline itself"
    assert next_look(close(case, at=T0), POLICY, T0) is None
    assert next_look(replace(case, has_clock=False, due_at=None), POLICY, T0) is None


def test_a_policy_that_allows_no_time_does_not_divide_by_zero() -> None:
    policy = Policy(rows=(PolicyRow(reply_within=timedelta(0)),))
    judgement = judge(case_of(policy=policy), policy, now=T0 + HOUR)
    assert judgement.leg is Leg.AGEING
    assert judgement.next_eval_at == T0 + 64 * timedelta(minutes=1)


def test_a_paused_case_is_overdue_after_the_next_contact_deadline() -> None:
    paused = answer(case_of("refused_redress"), brand_reply(TEMPLATE, T0 + 20 * HOUR), POLICY)
    assert not is_past_clock(paused, T0 + 30 * HOUR)
    late = judge(paused, POLICY, now=T0 + 45 * HOUR)
    assert (late.level, late.leg) == (Level.WARN, Leg.AGEING)
    assert "No reply that meets the policy for 45 h" in texts(late.reasons)
    assert "the brand's last reply is a template" in texts(late.reasons).lower()


def test_an_answered_case_ends_unless_it_spreads() -> None:
    answered = answer(case_of("threat", "refused_redress"), brand_reply(GOOD, FRESH, meets=True), POLICY)
    assert judge(answered, POLICY, now=AT_1X).ended == "answered by a reply that meets the policy"
    hot = spreading(answered, 60_000, 20_000, FRESH)
    assert (judge(hot, POLICY, now=FRESH).ended, judge(hot, POLICY, now=FRESH).level) == ("", Level.PAGE)
    assert judge(hot, POLICY, now=FRESH + 7 * HOUR).ended
    assert judge(close(hot, at=FRESH), POLICY, now=FRESH).ended == "the case is closed"


def spreading(case: Case, views: int, before: int, at: Any) -> Case:
    return replace(case, views=views, views_before=before, engagement_at=at)


def texts(reasons: Any) -> str:
    return "\n".join(reason.text for reason in reasons)


def test_the_reasons_add_up_to_the_risk_and_say_why() -> None:
    case = spreading(case_of("refused_redress", "rally", severity="blame", followers=50_000), 41_000, 33_000, AT_2X)
    case = replace(case, verified=False, reply_count=2, reply_tone="denying", last_reply_at=T0 - HOUR)
    usual = Usual(views_p95=310, views_hour_p95=100)
    judgement = judge(case, POLICY, now=AT_2X, usual=usual)
    total = sum(reason.contribution for reason in judgement.reasons)
    assert sigmoid(-4.0 + total) == pytest.approx(judgement.risk, abs=1e-9)
    words = texts(judgement.reasons)
    assert "Spread: 41,000 views, doubling every 3 h; 95 of 100 posts stay under 310" in words
    assert "8,000 views in the last hour; usual is under 100" in words
    assert "50,000 followers; 95 of 100 authors stay under 10,000" in words
    assert "The brand's last reply denies or threatens" in words
    assert judgement.title == (
        "A complaint about lost or damaged property spreads, redress refused and calling on others:"
        " 41,000 views, doubling every 3 h"
    )
    assert judgement.next_eval_at == AT_2X + HOUR
    assert judgement.reasons[0].code == "hard_retaliation"


def test_reactions_stand_in_where_views_are_not_told() -> None:
    case = replace(case_of("repeated"), engagement=900, engagement_before=300, engagement_at=FRESH)
    judgement = judge(case, POLICY, now=FRESH)
    assert "900 reactions, doubling every 38 min" in judgement.title
    assert "600 reactions in the last hour" in texts(judgement.reasons)
    assert standing(case, Usual())[0] == "engagement"


def test_words_of_waiting() -> None:
    case = case_of("refused_redress", "repeated", "vulnerable", failure="lost_or_damaged", p=0.49)
    judgement = judge(case, POLICY, now=T0 + 26 * HOUR)
    assert judgement.title == (
        "No reply seen for 26 h to a complaint about lost or damaged property,"
        " redress refused and not the first contact"
    )
    waited = next(reason for reason in judgement.reasons if reason.code == "unanswered")
    assert (waited.value, waited.unit, waited.limit, waited.leg) == (26.0, "h", 24.0, "ageing")
    old = judge(case, POLICY, now=T0 + 281 * DAY)
    waited = next(reason for reason in old.reasons if reason.code == "unanswered")
    assert waited.text == "No reply seen for 281 days; the policy allows 24 h"
    assert (waited.value, waited.unit, waited.limit) == (281.0, "d", 1.0)
    assert waited.contribution == pytest.approx(2.09, abs=0.01)


def test_a_source_that_hides_replies_is_named() -> None:
    case = case_of("repeated", place=Place("northwind", "x", "a", sees_replies=False), verified=True, failure=None)
    words = texts(judge(case, POLICY, now=AT_1X).reasons)
    assert "this source does not show replies" in words
    assert "A verified account" in words


def test_a_case_alert_without_spread_or_wait_says_what_it_is_about() -> None:
    assert judge(case_of("threat"), POLICY, now=FRESH).title == (
        "A complaint about lost or damaged property, with a threat"
    )


@pytest.mark.parametrize(
    ("length", "words"),
    [(timedelta(minutes=40), "40 min"), (26 * HOUR, "26 h"), (47 * HOUR, "47 h"), (281 * DAY, "281 days")],
)
def test_spans(length: timedelta, words: str) -> None:
    assert span(length) == words


# Growth --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "last", "before_last", "hours", "expected"),
    [
        (100, None, None, 0.0, None),
        (41_000, 2_900, None, 13.0, 33_442),
        (200, 100, 50, 0.5, 71),
        (200, 100, None, 0.5, 100),
        (200, 0, None, 2.0, 100),
        (200, 100, 100, 1.0, 100),
    ],
)
def test_an_hour_before(
    now: int, last: int | None, before_last: int | None, hours: float, expected: int | None
) -> None:
    assert hour_before(now, last, before_last, hours) == expected


def test_samples_at_any_spacing() -> None:
    case = sampled(case_of(), at=T0, views=100, engagement=None)
    assert (case.views, case.views_before, case.engagement) == (100, None, None)
    case = sampled(case, at=T0 + HOUR, views=400, engagement=3)
    assert (case.views, case.views_before, case.engagement, case.engagement_before) == (400, 100, 3, None)
    assert sampled(case, at=T0, views=1, engagement=1) is case
    case = sampled(case, at=T0 + 2 * HOUR, views=None, engagement=9)
    assert (case.views, case.engagement, case.engagement_before) == (400, 9, 3)


def test_growth_doubles() -> None:
    grown = growth(200, 100)
    assert grown is not None
    assert (grown.doubles_in, grown.gain) == (1.0, 100)
    assert growth(None, 3) is None
    for shrunk in (growth(50, 100), growth(50, None), growth(50, 0)):
        assert shrunk is not None
        assert shrunk.doubles_in is None
    lost = growth(50, 100)
    assert lost is not None
    assert lost.gain == 0


# Streams and cards ---------------------------------------------------------------------------------------------------


def burst(z: float, usual: float = 29.0) -> Burst:
    return Burst(7, z, 126, usual, 21.0, 60, is_young=z > 8, threshold=4.5)


def test_a_stream_that_fires_is_a_warn_and_says_against_what() -> None:
    judgement = judge_stream(burst(4.6), failure="delay")
    assert (judgement.level, judgement.leg) == (Level.WARN, Leg.STREAM)
    assert judgement.title == "Complaints about a delay run at 4.3 times the usual: 126 in 60 min"
    assert "126 complaints in 60 min against 29 ± 21 (z 4.6, fires at 4.5)" in texts(judgement.reasons)


def test_a_stream_below_its_threshold_has_no_level_and_at_twice_it_pages() -> None:
    assert judge_stream(burst(4.4)).level is None
    paged = judge_stream(burst(9.1, usual=0.2))
    assert paged.level is Level.PAGE
    assert "far more than the usual" in paged.title
    assert "take it as a hint" in texts(paged.reasons)


def test_cards_stand_for_many() -> None:
    card = judge_digest(owner="baggage-desk", count=212, oldest=6 * DAY, gravest=3)
    assert card.title == "212 complaints are past the clock for baggage-desk, the oldest for 6 days"
    assert card.level is Level.WATCH
    assert judge_digest(owner=None, count=1, oldest=HOUR).title.startswith("1 complaint is past the clock for nobody")
    assert judge_digest(owner=None, count=0, oldest=0 * HOUR).ended
    assert judge_import(posts=1200, complaints=90, unanswered=12).title == (
        "Import done: 1,200 posts, 90 complaints, 12 with no reply seen"
    )


def test_a_silent_source_is_a_warn_until_it_answers_again() -> None:
    state = SourceState("mastodon-northwind", timedelta(minutes=5), T0, fails=2, last_error="503", paused_why=None)
    assert judge_source(state, T0 + timedelta(minutes=15)).ended == "the source answers again"
    silent = judge_source(state, T0 + timedelta(minutes=16))
    assert (silent.level, silent.leg) == (Level.WARN, Leg.HEALTH)
    assert silent.title == "The source mastodon-northwind is silent: nothing came through for 16 min"
    assert "503" in texts(silent.reasons)
    paused = judge_source(replace(state, paused_why="410 gone", last_error=None), T0)
    assert "is paused" in paused.title
    assert len(judge_source(replace(state, last_error=None), T0 + HOUR).reasons) == 2


# Properties and pace -------------------------------------------------------------------------------------------------

any_signals = st.frozensets(st.sampled_from([*SIGNALS, "resolved", "loyal"]))


@settings(deadline=None)
@given(
    any_signals,
    st.sampled_from([*SIGNALS, "resolved", "loyal"]),
    st.integers(0, 400),
    st.floats(0.3, 1.0),
    st.sampled_from(["delay", "other", "safety"]),
    st.sampled_from(["no_reproach", "accusation", "blame"]),
)
def test_one_more_signal_never_lowers_the_risk(
    signals: frozenset[str], more: str, hours: int, p: float, failure: str, severity: str
) -> None:
    at = T0 + hours * HOUR
    one = judge(case_of(*signals, p=p, failure=failure, severity=severity), POLICY, now=at)
    other = judge(case_of(*signals, more, p=p, failure=failure, severity=severity), POLICY, now=at)
    assert other.risk >= one.risk - 1e-9


@settings(deadline=None)
@given(any_signals, st.integers(0, 5000), st.integers(0, 5000), st.floats(0.0, 1.0))
def test_waiting_never_lowers_the_risk_and_an_unsure_complaint_never_pages(
    signals: frozenset[str], hours: int, more: int, p: float
) -> None:
    case = case_of(*signals, p=p)
    now, later = (judge(case, POLICY, now=T0 + n * HOUR) for n in (hours, hours + more))
    assert later.risk >= now.risk - 1e-9
    assert p >= 0.5 or later.level is not Level.PAGE
    assert 0.0 <= later.risk <= 1.0


def test_risks_and_levels() -> None:
    assert [level_of(risk) for risk in (0.19, 0.2, 0.5, 0.8)] == [None, Level.WATCH, Level.WARN, Level.PAGE]
    assert logit(1.0) == -logit(0.0)
    assert [sigmoid(-999), sigmoid(999)] == pytest.approx([0.01, 0.99])


def test_a_fresh_complaint_is_judged_without_making_words() -> None:
    case = case_of(followers=300)
    assert case.state is CaseState.WAITING
    copying = best_of(lambda: replace(case, risk=0.1))
    assert best_of(lambda: judge(case, POLICY, now=FRESH)) < 10 * copying, "about one copy of the case, uncovered"


def best_of(call: Callable[[], object], rounds: int = 20, times: int = 200) -> float:
    best = float("inf")
    for _ in range(rounds):
        began = perf_counter()
        for _ in range(times):
            call()
        best = min(best, (perf_counter() - began) / times)
    return best
