"""The life of a case: what each event makes of its state, its clock and its labels."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.cases import Case, CaseState
from app.domain.policies import BusinessHours, Policy, PolicyRow, ReplyRules
from app.escalation.following import (
    Place,
    answer,
    answered_elsewhere,
    can_join,
    close,
    earliest,
    join,
    meets_policy,
    open_case,
    reopen,
    resume,
    tone_of,
)
from app.escalation.gravity import gravity_of, gravity_past_clock
from tests.escalation.made import DAY, GOOD, HOUR, PLACE, POLICY, T0, TEMPLATE, brand_reply, case_of, facts, labels


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (replace(labels(), complaint=False), 0),
        (labels(failure="other", severity="disapproval"), 1),
        (labels(failure=None, severity=None), 1),
        (labels(failure="delay", severity="no_reproach"), 2),
        (labels(failure="other", severity="accusation"), 2),
        (labels("repeated", failure="other", severity="no_reproach"), 3),
        (labels("handed_on"), 3),
        (labels("refused_redress"), 3),
        (labels(severity="blame"), 2),
        (labels(severity="blame", justice=("procedural",)), 3),
        (labels("unanswered"), 2),
        (labels(failure="safety", severity="no_reproach"), 4),
        (labels("vulnerable"), 4),
    ],
)
def test_gravity_from_labels(made: object, expected: int) -> None:
    assert gravity_of(made) == expected  # type: ignore[arg-type]


def test_gravity_counts_the_signals_of_the_case_and_the_clock() -> None:
    assert gravity_of(labels(), signals={"repeated"}) == 3
    assert gravity_of(labels(), signals={"vulnerable"}) == 4
    assert [gravity_past_clock(n, {"unanswered"}) for n in range(5)] == [0, 3, 3, 3, 4]
    assert gravity_past_clock(2, frozenset()) == 2


def test_a_case_opens_with_its_owner_and_its_clock() -> None:
    case = case_of("churn", followers=40, views=900)
    assert (case.state, case.owner, case.gravity, case.live) == (CaseState.WAITING, "baggage-desk", 2, True)
    assert (case.clock_from, case.due_at, case.next_eval_at) == (T0, T0 + DAY, T0 + DAY)
    assert (case.views, case.engagement_at) == (900, T0)
    assert case_of().engagement_at is None


def test_where_nobody_can_answer_there_is_no_clock() -> None:
    case = case_of(place=Place("northwind", "news", "a", has_clock=False))
    assert (case.clock_from, case.due_at, case.next_eval_at, case.clock_runs) == (None, None, None, False)
    joined = join(case, facts(at=T0 + DAY), POLICY)
    assert (joined.state, joined.due_at) == (CaseState.WAITING, None)
    assert answer(case, brand_reply(TEMPLATE, T0 + HOUR), POLICY).due_at is None
    assert reopen(close(case, at=T0), POLICY, at=T0).due_at is None


def test_the_clock_counts_business_hours() -> None:
    hours = BusinessHours({day: (time(8), time(18)) for day in range(5)})
    policy = Policy(business_hours=hours, rows=(PolicyRow(reply_within=timedelta(hours=4)),))
    friday = datetime.fromisoformat("2026-03-06T16:00:00+00:00")
    assert case_of(policy=policy, at=friday).due_at == datetime.fromisoformat("2026-03-09T10:00:00+00:00")


def test_the_deadline_is_that_of_the_failure_and_severity_and_can_only_come_earlier() -> None:
    rows = (PolicyRow(severity="blame", reply_within=timedelta(hours=4), owner="care"), PolicyRow())
    policy = replace(POLICY, rows=rows)
    case = case_of(policy=policy)
    blamed = join(case, facts(at=T0 + HOUR, severity="blame"), policy)
    assert (blamed.due_at, blamed.owner) == (T0 + 4 * HOUR, "care")
    assert join(blamed, facts(at=T0 + 2 * HOUR), policy).due_at == T0 + 4 * HOUR


def test_another_complaint_joins_and_never_restarts_a_running_clock() -> None:
    case = join(case_of(), facts("threat", at=T0 + 10 * HOUR, p=0.99, post="p2", failure="billing"), POLICY)
    assert (case.complaint_count, case.first_post, case.last_post) == (2, "p1", "p2")
    assert (case.clock_from, case.due_at, case.state) == (T0, T0 + DAY, CaseState.WAITING)
    assert case.signals == {"threat", "repeated"}
    assert (case.gravity, case.failure, case.complaint) == (3, "lost_or_damaged", 0.99)


def test_a_second_post_of_the_same_hour_is_the_same_contact() -> None:
    assert "repeated" not in join(case_of(), facts(at=T0 + HOUR / 2), POLICY).signals
    assert "repeated" in join(case_of(), facts(at=T0 + HOUR), POLICY).signals


def test_an_older_complaint_that_comes_later_moves_the_beginning() -> None:
    case = join(case_of(), facts(at=T0 - 5 * HOUR, post="p0"), POLICY)
    assert (case.opened_at, case.clock_from, case.due_at) == (T0 - 5 * HOUR, T0 - 5 * HOUR, T0 + 19 * HOUR)
    assert (case.first_post, case.last_post) == ("p0", "p1")


@pytest.mark.parametrize(
    ("first", "then", "kept"),
    [
        ({"failure": "other"}, {"failure": "delay"}, "delay"),
        ({"failure": "delay"}, {"failure": "billing"}, "delay"),
        ({"failure": "delay"}, {"failure": "billing", "severity": "blame"}, "billing"),
        ({"failure": "delay"}, {"failure": "other", "severity": "blame"}, "delay"),
        ({"failure": "delay"}, {"failure": "safety"}, "safety"),
        ({"failure": "safety"}, {"failure": "delay", "severity": "blame"}, "safety"),
    ],
)
def test_the_failure_of_a_case(first: dict[str, Any], then: dict[str, Any], kept: str) -> None:
    assert join(case_of(**first), facts(at=T0 + HOUR, **then), POLICY).failure == kept


def test_reach_is_the_most_followers_and_the_sum_over_posts() -> None:
    case = replace(case_of(views=100, engagement=5), views_before=80)
    joined = join(case, facts(at=T0 + HOUR, followers=7, views=50, verified=True), POLICY)
    assert (joined.followers, joined.views, joined.views_before, joined.engagement) == (7, 150, 130, 5)
    assert (joined.verified, joined.engagement_at, joined.engagement_before) == (True, T0 + HOUR, None)
    again = join(joined, facts(at=T0 + 2 * HOUR, followers=3), POLICY)
    assert (again.followers, again.engagement_at) == (7, T0 + HOUR)
    assert join(again, facts(at=T0 + 3 * HOUR), POLICY).followers == 7


def test_what_came_late_lives_again_with_the_first_live_complaint() -> None:
    case = case_of(is_late=True)
    assert not case.live
    assert not join(case, facts(at=T0 + DAY, is_late=True), POLICY).live
    assert join(case, facts(at=T0 + DAY), POLICY).live


def test_a_reply_that_meets_the_policy_stops_the_clock() -> None:
    case = answer(case_of(), brand_reply(GOOD, T0 + HOUR, meets=True), POLICY)
    assert (case.state, case.answered_at, case.due_at, case.next_eval_at) == (
        CaseState.ANSWERED,
        T0 + HOUR,
        None,
        None,
    )
    assert (case.reply_count, case.reply_tone) == (1, "calming")
    assert answer(case, brand_reply(TEMPLATE, T0 + 2 * HOUR), POLICY).state is CaseState.ANSWERED


def test_any_other_reply_pauses_it_until_the_next_contact_deadline() -> None:
    paused = answer(case_of(), brand_reply(TEMPLATE, T0 + 10 * HOUR), POLICY)
    assert (paused.state, paused.due_at) == (CaseState.PAUSED, T0 + 34 * HOUR)
    assert resume(paused, T0 + 33 * HOUR) is paused
    assert resume(paused, T0 + 34 * HOUR).state is CaseState.WAITING
    assert resume(case_of(), T0 + 99 * DAY).state is CaseState.WAITING


def test_the_next_complaint_restarts_it() -> None:
    answered = answer(case_of(), brand_reply(GOOD, T0 + HOUR, meets=True), POLICY)
    again = join(answered, facts(at=T0 + 5 * HOUR), POLICY)
    assert (again.state, again.clock_from, again.due_at) == (CaseState.UNSATISFIED, T0 + 5 * HOUR, T0 + 29 * HOUR)
    assert again.answered_at is None
    paused = answer(case_of(), brand_reply(TEMPLATE, T0 + HOUR), POLICY)
    angry = join(paused, facts(at=T0 + 5 * HOUR), POLICY)
    assert (angry.state, angry.clock_from, angry.due_at) == (CaseState.UNSATISFIED, T0, T0 + 25 * HOUR)


def test_an_older_complaint_does_not_undo_an_answer() -> None:
    answered = answer(case_of(), brand_reply(GOOD, T0 + HOUR, meets=True), POLICY)
    same = join(answered, facts(at=T0 + HOUR / 2), POLICY)
    assert (same.state, same.answered_at) == (CaseState.ANSWERED, T0 + HOUR)


def test_replies_that_come_out_of_order() -> None:
    case = join(case_of(), facts(at=T0 + 5 * HOUR), POLICY)
    overtaken = answer(case, brand_reply(GOOD, T0 + 2 * HOUR, meets=True), POLICY)
    assert (overtaken.state, overtaken.clock_from) == (CaseState.UNSATISFIED, T0 + 5 * HOUR)
    assert answer(case, brand_reply(TEMPLATE, T0 + 2 * HOUR), POLICY).due_at == T0 + DAY
    early = answer(case_of(), brand_reply(GOOD, T0 - HOUR, meets=True), POLICY)
    assert (early.state, early.reply_count) == (CaseState.WAITING, 1)


def test_an_answer_that_a_person_knows_of_stops_the_clock() -> None:
    stopped = answered_elsewhere(case_of(), at=T0 + HOUR)
    assert (stopped.state, stopped.answered_at, stopped.due_at) == (CaseState.ANSWERED, T0 + HOUR, None)
    assert stopped.next_eval_at == T0 + HOUR
    assert answered_elsewhere(stopped, at=T0 + DAY) is stopped
    closed = close(case_of(), at=T0)
    assert answered_elsewhere(closed, at=T0 + DAY) is closed


def test_a_closed_case_opens_again_within_thirty_days() -> None:
    closed = close(case_of(), at=T0 + HOUR)
    assert (closed.state, closed.due_at, closed.next_eval_at) == (CaseState.CLOSED, None, None)
    assert can_join(closed, T0 + 30 * DAY)
    assert not can_join(closed, T0 + 31 * DAY)
    again = join(closed, facts(at=T0 + DAY), POLICY)
    assert (again.state, again.closed_at, again.due_at) == (CaseState.UNSATISFIED, None, T0 + 2 * DAY)
    assert reopen(closed, POLICY, at=T0 + DAY).state is CaseState.WAITING
    assert answer(closed, brand_reply(GOOD, T0 + DAY, meets=True), POLICY).state is CaseState.CLOSED


@pytest.mark.parametrize(
    ("acts", "meets", "words"),
    [
        ({"apologise", "remedy"}, True, "meets the policy"),
        ({"acknowledge", "explain", "redirect"}, True, "meets the policy"),
        ({"apologise", "remedy", "template"}, False, "template"),
        ({"apologise", "remedy", "deny"}, False, "forbids it to deny"),
        ({"apologise", "redirect"}, False, "asks it to explain, follow up or remedy"),
        (set(), False, "asks it to acknowledge, apologise or empathise and to explain, follow up or remedy"),
    ],
)
def test_what_meets_the_policy(acts: set[str], meets: bool, words: str) -> None:
    found, why = meets_policy(acts, "person", ReplyRules())
    assert found is meets
    assert words in why


def test_a_machine_is_named_and_tones_are_told_apart() -> None:
    assert "automated" in meets_policy({"template"}, "bot", ReplyRules())[1]
    assert [tone_of({act}) for act in ("deny", "threaten", "template", "own", "redirect")] == [
        "denying",
        "denying",
        "template",
        "calming",
        "plain",
    ]


@settings(deadline=None)
@given(st.lists(st.integers(1, 72), min_size=1, max_size=30))
def test_templates_never_stop_the_clock_nor_hold_it_for_ever(gaps: list[int]) -> None:
    case, at = case_of(), T0
    for gap in gaps:
        at += gap * HOUR
        case = resume(answer(resume(case, at), brand_reply(TEMPLATE, at), POLICY), at)
        assert case.state in (CaseState.WAITING, CaseState.PAUSED)
        assert case.clock_from == T0
    assert case.due_at is not None
    first = T0 + gaps[0] * HOUR
    assert case.due_at <= max(T0 + DAY, first + DAY), "one pause a complaint, however many templates"


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["say", "good", "bad"]), st.integers(0, 40)), max_size=20))
def test_a_deadline_is_always_looked_at_in_time(events: list[tuple[str, int]]) -> None:
    case: Case = open_case(facts(), PLACE, POLICY, id="c")
    for kind, hours in events:
        at = T0 + hours * HOUR
        if kind == "say":
            case = join(case, facts(at=at), POLICY)
        else:
            case = answer(case, brand_reply(GOOD if kind == "good" else TEMPLATE, at, meets=kind == "good"), POLICY)
        if case.due_at is not None:
            assert case.next_eval_at is not None
            assert case.next_eval_at <= case.due_at


def test_earliest_of_what_may_be_missing() -> None:
    assert earliest(None, T0) == T0
    assert earliest(T0, None) == T0
    assert earliest(T0 + HOUR, T0) == T0
