"""The alert state machine: every transition, what is told and to whom, and that it says nothing twice."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.alerts import ACTIONS, Alert, AlertState, ChangeKind, Leg, Level
from app.domain.errors import Conflict, UsageError
from app.domain.policies import DailyBudget, Repeats, Step
from app.escalation.alerts import act, budget_left, due_notices, eval_at, expire_suppression, fold
from app.escalation.judge import Judgement, judge
from app.escalation.streams import judge_digest
from tests.escalation.made import DAY, HOUR, POLICY, SUBJECT, T0, case_of, opened, steps

WATCH = judge(case_of(), POLICY, now=T0 + DAY)
WARN = judge(case_of("refused_redress"), POLICY, now=T0 + DAY)
PAGE = judge(case_of("refused_redress", "rally"), POLICY, now=T0 + DAY)
HARM = judge(case_of("vulnerable"), POLICY, now=T0 + DAY)
SOFT_PAGE = replace(PAGE, is_hard=False, beyond_budget=False, leg=Leg.CASE)
QUIET = replace(WATCH, level=None, risk=0.05, title="", reasons=())
STREAM = replace(opened(WARN), id="stream-1", leg=Leg.STREAM, failure="lost_or_damaged", case=None)
FULL = budget_left(DailyBudget(), {})


def kinds(changes: list[Any]) -> list[ChangeKind]:
    return [change.kind for change in changes]


def test_nothing_opens_without_a_level() -> None:
    assert steps(None, QUIET, T0) == []


def test_an_alert_opens_with_all_that_made_it() -> None:
    (change,) = steps(None, WARN, T0)
    alert = change.alert
    assert (change.kind, change.endpoints, change.actor) == (ChangeKind.OPENED, None, "rule")
    assert (alert.id, alert.version, alert.level, alert.state) == ("alert-1", 1, Level.WARN, AlertState.OPEN)
    assert (alert.owner, alert.case, alert.failure) == ("baggage-desk", "case-1", "lost_or_damaged")
    assert alert.versions == {"policy": "airline@4", "rule": "1.0", "classifier": "made@1"}
    assert (alert.acknowledge_by, alert.next_notice_at) == (T0 + 4 * HOUR, T0 + 4 * HOUR)
    assert alert.title.startswith("No reply seen for 24 h to a complaint about lost or damaged property")
    (watched,) = steps(None, WATCH, T0)
    assert (watched.alert.acknowledge_by, watched.alert.next_notice_at) == (None, None)


@pytest.mark.parametrize("judgement", [WATCH, WARN, PAGE, HARM, QUIET])
@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("state", list(AlertState))
@pytest.mark.parametrize("stream", [None, STREAM])
def test_the_same_judgement_twice_says_nothing_the_second_time(
    judgement: Judgement, level: Level, state: AlertState, stream: Alert | None
) -> None:
    current = opened(
        WARN,
        level=level,
        state=state,
        suppressed_until=T0 + DAY if state is AlertState.SUPPRESSED else None,
        suppressed_risk=0.5 if state is AlertState.SUPPRESSED else None,
        resolved_at=T0 - HOUR if state is AlertState.RESOLVED else None,
    )
    changes = steps(current, judgement, T0, stream_alert=stream)
    for before, after in zip([current, *(change.alert for change in changes)], changes, strict=False):
        assert after.alert.version == before.version + 1
    last = changes[-1].alert if changes else current
    assert steps(last, judgement, T0, stream_alert=stream) == []


def test_a_rise_is_told_and_asks_again_of_who_acknowledged() -> None:
    current = opened(WATCH, state=AlertState.ACKNOWLEDGED, assignee="mai", repeats=2)
    (change,) = steps(current, PAGE, T0 + HOUR)
    assert (change.kind, change.endpoints, change.note) == (ChangeKind.ESCALATED, None, "watch to page")
    alert = change.alert
    assert (alert.state, alert.assignee, alert.repeats) == (AlertState.OPEN, "mai", 0)
    assert (alert.level_since, alert.acknowledge_by) == (T0 + HOUR, T0 + HOUR + timedelta(minutes=15))
    assert alert.opened_at == T0


def test_a_level_is_left_only_after_six_hours_well_below_it() -> None:
    current = opened(WARN)
    assert steps(current, replace(WATCH, risk=0.36), T0)[0].alert.level is Level.WARN, "above 0.7 of 0.5"
    (fallen,) = steps(current, WATCH, T0)
    assert (fallen.kind, fallen.endpoints, fallen.alert.below_since) == (ChangeKind.UPDATED, (), T0)
    assert eval_at(fallen.alert, WATCH) == min(T0 + 6 * HOUR, WATCH.next_eval_at or T0 + 6 * HOUR)
    assert steps(fallen.alert, WATCH, T0 + 5 * HOUR) == []
    (back,) = steps(fallen.alert, WARN, T0 + 5 * HOUR)
    assert (back.kind, back.endpoints, back.alert.below_since) == (ChangeKind.UPDATED, (), None)
    (lowered,) = steps(fallen.alert, WATCH, T0 + 6 * HOUR)
    assert (lowered.kind, lowered.endpoints, lowered.alert.level) == (ChangeKind.LOWERED, None, Level.WATCH)
    (over,) = steps(fallen.alert, QUIET, T0 + 6 * HOUR)
    assert (over.kind, over.alert.state, over.alert.resolved_at) == (
        ChangeKind.RESOLVED,
        AlertState.RESOLVED,
        T0 + 6 * HOUR,
    )


def test_a_clock_that_is_only_paused_lowers_nothing() -> None:
    held = replace(QUIET, holds=True)
    (silent,) = steps(opened(WARN), held, T0)
    assert (silent.endpoints, silent.alert.level, silent.alert.below_since) == ((), Level.WARN, None)
    assert steps(silent.alert, held, T0 + 23 * HOUR) == []


@settings(deadline=None)
@given(st.lists(st.sampled_from([0.05, 0.3, 0.45, 0.6, 0.9]), max_size=40))
def test_flapping_inputs_do_not_flap_the_level(risks: list[float]) -> None:
    current, falls = opened(WARN), 0
    for minute, risk in enumerate(risks):
        level = None if risk < 0.2 else Level.WATCH if risk < 0.5 else Level.WARN if risk < 0.8 else Level.PAGE
        for change in steps(current, replace(WARN, risk=risk, level=level), T0 + timedelta(minutes=5 * minute)):
            falls += change.kind in (ChangeKind.LOWERED, ChangeKind.RESOLVED)
            current = change.alert
    assert falls == 0, "forty evaluations in three hours and a half never leave a level"


def test_what_is_answered_or_closed_resolves_at_once() -> None:
    ended = replace(QUIET, ended="answered by a reply that meets the policy")
    (change,) = steps(opened(PAGE), ended, T0 + HOUR)
    assert (change.kind, change.note) == (ChangeKind.RESOLVED, "answered by a reply that meets the policy")
    assert change.endpoints is None
    muted = opened(PAGE, state=AlertState.SUPPRESSED, suppressed_until=T0 + DAY, suppressed_risk=0.9)
    (silent,) = steps(muted, ended, T0 + HOUR)
    assert (silent.alert.state, silent.alert.suppressed_until, silent.endpoints) == (AlertState.RESOLVED, None, ())


# Updates -------------------------------------------------------------------------------------------------------------


def reach(views: int) -> Judgement:
    case = replace(case_of("refused_redress"), views=views, engagement_at=T0)
    return judge(case, POLICY, now=T0 + DAY)


def test_only_news_is_told_of_an_alert_whose_level_stays() -> None:
    current = opened(reach(8_000))
    (silent,) = steps(current, reach(12_000), T0)
    assert (silent.kind, silent.endpoints, silent.note) == (ChangeKind.UPDATED, (), "")
    (told,) = steps(current, reach(60_000), T0)
    assert (told.kind, told.endpoints) == (ChangeKind.UPDATED, None)
    assert "tenfold" in told.note
    (silent,) = steps(replace(current, state=AlertState.ACKNOWLEDGED), reach(60_000), T0)
    assert silent.endpoints == ()


def test_a_reply_of_the_brand_is_news() -> None:
    current = opened(WARN)
    replied = judge(replace(case_of("refused_redress"), reply_count=1, reply_tone="plain"), POLICY, now=T0 + DAY)
    (told,) = steps(current, replied, T0)
    assert (told.note, told.endpoints) == ("the brand replied", None)


def test_a_card_follows_its_numbers_in_silence() -> None:
    def card(count: int) -> Judgement:
        return judge_digest(owner="baggage-desk", count=count, oldest=DAY)

    subject = replace(SUBJECT, group="digest:northwind:baggage-desk", case=None)
    (first,) = steps(None, card(10), T0, subject=subject)
    assert steps(first.alert, card(11), T0, subject=subject) == []
    (second,) = steps(first.alert, card(40), T0, subject=subject)
    assert (second.kind, second.endpoints) == (ChangeKind.UPDATED, ())
    assert second.alert.title.startswith("40 complaints")
    (over,) = steps(second.alert, card(0), T0, subject=subject)
    assert over.kind is ChangeKind.RESOLVED


# Reopening, muting, folding ------------------------------------------------------------------------------------------


def test_a_resolved_alert_opens_again_within_a_week_when_something_happened() -> None:
    done = opened(WARN, state=AlertState.RESOLVED, resolved_at=T0)
    later = replace(SUBJECT, changed_at=T0 + HOUR)
    assert steps(done, WARN, T0 + 2 * HOUR) == [], "nothing happened since"
    assert steps(done, QUIET, T0 + 2 * HOUR, subject=later) == []
    (again,) = steps(done, WARN, T0 + 2 * HOUR, subject=later)
    assert (again.kind, again.alert.id, again.alert.state) == (ChangeKind.REOPENED, done.id, AlertState.OPEN)
    assert again.alert.resolved_at is None
    (fresh,) = steps(done, WARN, T0 + 8 * DAY, subject=later)
    assert (fresh.kind, fresh.alert.version) == (ChangeKind.OPENED, 1)


def muted(**changes: Any) -> Alert:
    made: dict[str, Any] = {"state": AlertState.SUPPRESSED, "suppressed_until": T0 + DAY, "suppressed_risk": 0.4}
    return opened(WARN, **(made | {"next_notice_at": None} | changes))


def test_a_mute_is_broken_by_a_level_or_by_twice_the_risk() -> None:
    assert steps(muted(), WARN, T0) == []
    (risen,) = steps(muted(), PAGE, T0)
    assert (risen.kind, risen.alert.state, risen.endpoints) == (ChangeKind.ESCALATED, AlertState.OPEN, None)
    (doubled,) = steps(muted(suppressed_risk=0.24), WARN, T0)
    assert (doubled.kind, doubled.alert.state) == (ChangeKind.REOPENED, AlertState.OPEN)
    assert steps(muted(suppressed_risk=None), WARN, T0) == []


def test_a_mute_ends_by_itself() -> None:
    assert expire_suppression(muted(), T0 + DAY - HOUR) is None
    assert expire_suppression(opened(WARN), T0 + DAY) is None
    woken = steps(muted(), WARN, T0 + DAY)
    assert kinds(woken) == [ChangeKind.REOPENED]
    assert woken[0].alert.suppressed_until is None
    assert kinds(steps(muted(), PAGE, T0 + DAY)) == [ChangeKind.REOPENED, ChangeKind.ESCALATED]
    assert eval_at(muted(), QUIET) == min(T0 + DAY, QUIET.next_eval_at or T0 + DAY)
    assert eval_at(opened(WARN), replace(QUIET, next_eval_at=None)) is None


def test_a_case_alert_folds_under_its_stream_and_comes_out_again() -> None:
    current = opened(WARN)
    (folded,) = steps(current, WARN, T0, stream_alert=STREAM)
    assert (folded.kind, folded.endpoints, folded.alert.folded_into) == (ChangeKind.FOLDED, (), "stream-1")
    assert folded.alert.next_notice_at is None
    (risen,) = steps(folded.alert, SOFT_PAGE, T0, stream_alert=STREAM)
    assert (risen.kind, risen.endpoints, risen.alert.folded_into) == (ChangeKind.ESCALATED, (), "stream-1")
    (out,) = steps(folded.alert, WARN, T0)
    assert (out.kind, out.endpoints, out.alert.folded_into) == (ChangeKind.UPDATED, None, None)
    assert out.alert.next_notice_at is not None
    over = replace(STREAM, state=AlertState.RESOLVED)
    assert steps(folded.alert, WARN, T0, stream_alert=over)[0].alert.folded_into is None


def test_a_hard_trigger_never_folds_and_comes_out() -> None:
    assert steps(None, PAGE, T0, stream_alert=STREAM)[0].alert.folded_into is None
    folded = fold(opened(WARN), STREAM, T0).alert
    (out,) = steps(folded, PAGE, T0, stream_alert=STREAM)
    assert (out.kind, out.alert.folded_into, out.endpoints) == (ChangeKind.ESCALATED, None, None)


@pytest.mark.parametrize(
    ("changes", "is_folded"),
    [
        ({}, True),
        ({"failure": None}, True),
        ({"failure": "delay"}, False),
        ({"brand": "southwind"}, False),
        ({"state": AlertState.RESOLVED}, False),
    ],
)
def test_what_lies_under_a_stream(changes: dict[str, Any], is_folded: bool) -> None:
    (change,) = steps(None, WARN, T0, stream_alert=replace(STREAM, **changes))
    assert (change.alert.folded_into is not None) is is_folded
    assert change.kind is ChangeKind.OPENED
    assert (change.endpoints == ()) is is_folded


def test_a_card_does_not_fold() -> None:
    card = judge_digest(owner=None, count=3, oldest=DAY)
    assert steps(None, card, T0, stream_alert=STREAM)[0].alert.folded_into is None


# The day's budget ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("judgement", "left", "level"),
    [
        (WATCH, FULL, Level.WATCH),
        (WATCH, FULL | {"watch": 0}, None),
        (WARN, FULL | {"warn": 0}, None),
        (SOFT_PAGE, FULL, Level.PAGE),
        (SOFT_PAGE, FULL | {"page": 0}, Level.WARN),
        (SOFT_PAGE, FULL | {"page": 0, "warn": 0}, None),
        (PAGE, {"watch": 0, "warn": 0, "page": 0}, Level.PAGE),
        (HARM, FULL, Level.PAGE),
        (HARM, FULL | {"page": 0}, Level.WARN),
        (HARM, {"watch": 2, "warn": -1, "page": 0}, Level.WARN),
        (HARM, {"watch": 1, "warn": -1, "page": 0}, None),
        (WATCH, {"watch": 1, "warn": -1, "page": 0}, None),
        (WATCH, None, Level.WATCH),
    ],
)
def test_what_the_day_allows(judgement: Judgement, left: dict[str, int] | None, level: Level | None) -> None:
    changes = steps(None, judgement, T0, left=left)
    assert [change.alert.level for change in changes] == ([] if level is None else [level])
    done = opened(WARN, state=AlertState.RESOLVED, resolved_at=T0 - HOUR)
    again = steps(done, judgement, T0, left=left)
    assert [change.alert.level for change in again] == ([] if level is None else [level])


def test_a_rise_to_page_needs_a_page_of_the_day() -> None:
    none_left = FULL | {"page": 0}
    assert steps(opened(WARN), SOFT_PAGE, T0, left=FULL)[0].alert.level is Level.PAGE
    assert steps(opened(WATCH), SOFT_PAGE, T0, left=none_left)[0].alert.level is Level.WARN
    assert all(change.alert.level is Level.WARN for change in steps(opened(WARN), SOFT_PAGE, T0, left=none_left))


def test_what_is_left_of_the_day_may_be_less_than_nothing() -> None:
    assert budget_left(DailyBudget(), {"warn": 5}) == {"watch": 2, "warn": -3, "page": 1}


@settings(deadline=None)
@given(st.lists(st.sampled_from([WATCH, WARN, SOFT_PAGE, HARM]), max_size=60))
def test_a_day_of_anything_opens_at_most_its_budget(day: list[Judgement]) -> None:
    seen: dict[str, int] = {}
    for judgement in day:
        for change in steps(None, judgement, T0, left=budget_left(DailyBudget(), seen)):
            seen[change.alert.level] = seen.get(change.alert.level, 0) + 1
    assert sum(seen.values()) <= 8
    assert seen.get("page", 0) <= 1


# Notices -------------------------------------------------------------------------------------------------------------

STEPPED = replace(POLICY, steps=(Step(timedelta(0), "oncall"), Step(timedelta(minutes=15), "duty-manager")))


def test_a_page_that_nobody_takes_is_repeated_three_times_and_goes_one_step_further() -> None:
    (change,) = steps(None, PAGE, T0, policy=STEPPED)
    alert, said = change.alert, []
    for minute in range(0, 600, 5):
        for notice in due_notices(alert, STEPPED, T0 + timedelta(minutes=minute)):
            said.append((minute, notice.endpoints, notice.note))
            assert notice.kind is ChangeKind.REPEATED
            alert = notice.alert
    assert said == [
        (15, ("duty-manager",), "step 1: not acknowledged after 15 min"),
        (30, None, "repeat 1 of 3"),
        (60, None, "repeat 2 of 3"),
        (90, None, "repeat 3 of 3"),
    ]
    assert alert.next_notice_at is None


def test_after_a_standstill_one_repeat_is_made_up_for() -> None:
    (change,) = steps(None, PAGE, T0, policy=STEPPED)
    notices = due_notices(change.alert, STEPPED, T0 + 5 * HOUR)
    assert [notice.endpoints for notice in notices] == [("duty-manager",), None]
    assert [notice.alert.version for notice in notices] == [2, 3]
    assert due_notices(notices[-1].alert, STEPPED, T0 + 5 * HOUR) == []
    assert notices[-1].alert.next_notice_at == T0 + 5 * HOUR + timedelta(minutes=30)


@pytest.mark.parametrize(
    "changes",
    [
        {"state": AlertState.ACKNOWLEDGED},
        {"state": AlertState.SUPPRESSED},
        {"state": AlertState.RESOLVED},
        {"folded_into": "stream-1"},
        {"next_notice_at": None},
    ],
)
def test_nobody_is_reminded_of_what_is_taken_muted_over_or_folded(changes: dict[str, Any]) -> None:
    assert due_notices(opened(PAGE, **changes), STEPPED, T0 + DAY) == []


def test_a_policy_may_repeat_nothing() -> None:
    silent = replace(POLICY, repeat=Repeats(every={}))
    (change,) = steps(None, PAGE, T0, policy=silent)
    assert change.alert.next_notice_at is None
    assert due_notices(replace(change.alert, next_notice_at=T0), silent, T0) == []


# What people do ------------------------------------------------------------------------------------------------------


def done(alert: Alert, action: str, **details: Any) -> Any:
    return act(alert, action, actor="mai", now=T0 + HOUR, policy=POLICY, **details)


IN_STATE = {
    AlertState.OPEN: opened(WARN),
    AlertState.ACKNOWLEDGED: opened(WARN, state=AlertState.ACKNOWLEDGED),
    AlertState.SUPPRESSED: muted(),
    AlertState.RESOLVED: opened(WARN, state=AlertState.RESOLVED, resolved_at=T0),
}
ENOUGH: dict[str, Any] = {
    "note": "called",
    "until": T0 + DAY,
    "reason": "strike",
    "assignee": "tom",
    "feedback": "useful",
}


@pytest.mark.parametrize("state", list(AlertState))
@pytest.mark.parametrize("action", ["acknowledge", "assign", "note", "resolve", "suppress", "reopen", "label", "dance"])
def test_every_action_in_every_state(state: AlertState, action: str) -> None:
    alert = IN_STATE[state]
    if action in ACTIONS[state]:
        change = done(alert, action, **ENOUGH)
        assert (change.alert.version, change.actor, change.at) == (alert.version + 1, "mai", T0 + HOUR)
    else:
        with pytest.raises(Conflict) as caught:
            done(alert, action, **ENOUGH)
        assert caught.value.allowed == ACTIONS[state]
        assert all(name in caught.value.message for name in ACTIONS[state])


def test_what_each_action_does() -> None:
    taken = done(IN_STATE[AlertState.OPEN], "acknowledge")
    assert (taken.kind, taken.alert.state, taken.alert.assignee) == (
        ChangeKind.ACKNOWLEDGED,
        AlertState.ACKNOWLEDGED,
        "mai",
    )
    assert taken.alert.next_notice_at is None
    assert done(taken.alert, "assign", assignee=" tom ").alert.assignee == "tom"
    assert done(taken.alert, "note", note="called").note == "called"
    closed = done(taken.alert, "resolve", reason="refunded", feedback="answered_elsewhere")
    assert (closed.alert.state, closed.note, closed.alert.feedback) == (
        AlertState.RESOLVED,
        "refunded",
        "answered_elsewhere",
    )
    again = done(closed.alert, "reopen")
    assert (again.alert.state, again.alert.acknowledge_by, again.alert.next_notice_at) == (
        AlertState.OPEN,
        T0 + 5 * HOUR,
        T0 + 5 * HOUR,
    )
    quiet = done(taken.alert, "suppress", until=T0 + DAY, reason="strike")
    assert (quiet.alert.suppressed_until, quiet.alert.suppressed_risk, quiet.note) == (T0 + DAY, 0.5, "strike")
    assert done(opened(WATCH, state=AlertState.RESOLVED), "reopen").alert.acknowledge_by is None
    assert done(closed.alert, "label", feedback="useful").alert.feedback == "useful"


@pytest.mark.parametrize(
    ("action", "details", "words"),
    [
        ("assign", {}, "assignee"),
        ("note", {"note": "  "}, "note"),
        ("suppress", {"reason": "strike"}, "until"),
        ("suppress", {"until": T0, "reason": "strike"}, "future"),
        ("suppress", {"until": T0 + DAY}, "reason"),
        ("label", {}, "answered_elsewhere"),
        ("label", {"feedback": "meh"}, "“meh”"),
    ],
)
def test_an_action_that_lacks_something_says_what(action: str, details: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        done(IN_STATE[AlertState.OPEN], action, **details)
