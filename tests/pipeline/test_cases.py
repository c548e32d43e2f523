"""Cases: joined by author, kept apart by brand, answered by the right reply, however the posts come in."""

from dataclasses import replace

from app.domain.alerts import Level
from app.domain.cases import CaseState
from app.domain.policies import PolicyRow
from app.domain.posts import OwnerReply, PostKind
from app.storage import tables
from tests.pipeline.monitor import DAY, EMPTY, GOOD, HOUR, MINUTE, POLICY, T0, WATCH, Monitor, complaint, post, reply


def test_complaints_of_one_author_join(monitor: Monitor) -> None:
    monitor.live(complaint("1"), complaint("2", at=T0 + MINUTE))
    monitor.live(complaint("3", at=T0 + 3 * HOUR), complaint("4", author="bob", at=T0))
    case = monitor.case("ann")
    assert (case.complaint_count, case.opened_at, case.last_post_at) == (3, T0, T0 + 3 * HOUR)
    assert case.signals == {"repeated"}
    assert case.due_at == T0 + DAY
    assert sorted(map(sorted, monitor.members().values())) == [["1", "2", "3"], ["4"]]
    assert monitor.findings() == []


def test_an_older_complaint_that_comes_later_moves_the_beginning(monitor: Monitor) -> None:
    monitor.live(complaint("2", at=T0 + 3 * HOUR))
    monitor.live(complaint("1", at=T0))
    case = monitor.case()
    assert (case.opened_at, case.due_at) == (T0, T0 + DAY)
    assert monitor.findings() == []


def test_a_case_that_closed_long_ago_is_not_joined(monitor: Monitor) -> None:
    monitor.live(complaint("1"), post("2", "all fine now signals=resolved", at=T0 + HOUR))
    assert monitor.case().state is CaseState.CLOSED
    monitor.live(complaint("3", at=T0 + 10 * DAY))
    assert monitor.case().state is CaseState.UNSATISFIED
    monitor.live(post("4", "signals=resolved", at=T0 + 11 * DAY))
    monitor.live(complaint("5", at=T0 + 50 * DAY))
    assert [case.complaint_count for case in monitor.cases()] == [2, 1]
    assert monitor.findings() == []


def test_two_brands_in_one_post_are_two_cases(monitor: Monitor) -> None:
    monitor.live(complaint("1", "failure=delay southwind"))
    assert {case.brand for case in monitor.cases()} == {"northwind", "southwind"}
    monitor.live(reply("2", to="1", brand="southwind", at=T0 + HOUR))
    assert monitor.case(brand="southwind").state is CaseState.ANSWERED
    assert monitor.case(brand="northwind").state is CaseState.WAITING
    assert monitor.findings() == []


def test_each_brand_answers_its_own_case_in_one_batch_too(monitor: Monitor) -> None:
    monitor.live(
        complaint("1", "failure=delay southwind"),
        reply("2", to="1", brand="northwind", at=T0 + HOUR),
        reply("3", EMPTY, to="1", brand="southwind", at=T0 + 2 * HOUR),
    )
    assert monitor.case(brand="northwind").state is CaseState.ANSWERED
    assert monitor.case(brand="southwind").state is CaseState.PAUSED
    assert monitor.findings() == []


def test_an_early_reply_of_another_brand_adopts_nothing(monitor: Monitor) -> None:
    monitor.live(reply("2", to="1", brand="southwind", at=T0 + HOUR))
    monitor.live(complaint("1"))
    assert monitor.case().reply_count == 0
    assert monitor.findings() == []


def test_posts_without_an_author_never_join(monitor: Monitor) -> None:
    monitor.live(complaint("1", author=""), complaint("2", author="", at=T0 + MINUTE))
    assert [case.complaint_count for case in monitor.cases()] == [1, 1]
    assert monitor.findings() == []


def test_authors_of_two_sources_are_two_cases(monitor: Monitor) -> None:
    monitor.live(complaint("1"), complaint("1", source="reviews"))
    assert {case.source for case in monitor.cases()} == {"mastodon", "reviews"}


def test_a_good_reply_stops_the_clock(monitor: Monitor) -> None:
    monitor.live(complaint("1"))
    monitor.live(reply("2", to="1", at=T0 + HOUR))
    case = monitor.case()
    assert (case.state, case.answered_at, case.due_at) == (CaseState.ANSWERED, T0 + HOUR, None)
    assert monitor.counts("answered") == {"yes": 1}
    monitor.tick(T0 + 9 * DAY)
    assert monitor.alerts() == []
    assert monitor.findings() == []


def test_an_empty_reply_pauses_until_the_next_contact(monitor: Monitor) -> None:
    monitor.live(complaint("1"), reply("2", EMPTY, to="1", at=T0 + 20 * HOUR))
    case = monitor.case()
    assert (case.state, case.due_at) == (CaseState.PAUSED, T0 + 44 * HOUR)
    (said,) = monitor.rows(tables.reply)
    assert (said.meets_policy, said.case_id) == (False, case.id)
    assert "acknowledge" in said.why
    monitor.tick(T0 + 44 * HOUR)
    assert monitor.case().state is CaseState.WAITING
    assert monitor.counts("answered") == {"no": 1}


def test_the_next_complaint_after_an_answer_is_unsatisfied_and_restarts_the_clock(monitor: Monitor) -> None:
    monitor.live(complaint("1"), reply("2", to="1", at=T0 + HOUR), complaint("3", at=T0 + 2 * HOUR))
    case = monitor.case()
    assert (case.state, case.clock_from, case.due_at) == (CaseState.UNSATISFIED, T0 + 2 * HOUR, T0 + 26 * HOUR)
    assert monitor.counts("answered") == {"yes": 1}
    assert monitor.findings() == []


def test_a_reply_that_is_read_before_its_complaint_is_adopted(monitor: Monitor) -> None:
    monitor.live(reply("2", to="1", at=T0 + HOUR))
    assert monitor.cases() == []
    monitor.live(complaint("1"))
    case = monitor.case()
    assert (case.state, case.reply_count) == (CaseState.ANSWERED, 1)
    assert [row.case_id for row in monitor.rows(tables.reply)] == [case.id]
    assert monitor.counts("answered") == {"yes": 1}
    assert monitor.findings() == []


def test_a_reply_finds_its_case_by_the_thread(monitor: Monitor) -> None:
    monitor.live(complaint("1", thread_id="t"))
    monitor.live(reply("2", to="not-ours", thread_id="t", at=T0 + HOUR))
    assert monitor.case().state is CaseState.ANSWERED


def test_the_thread_counts_in_one_batch_too(monitor: Monitor) -> None:
    monitor.live(complaint("1", thread_id="t"), reply("2", thread_id="t", at=T0 + HOUR))
    assert monitor.case().state is CaseState.ANSWERED


def test_the_reply_to_a_post_goes_before_the_thread(monitor: Monitor) -> None:
    monitor.live(complaint("1", thread_id="t"))
    monitor.live(
        complaint("2", author="bob", thread_id="t", at=T0 + MINUTE),
        reply("3", to="1", thread_id="t", at=T0 + HOUR),
    )
    assert monitor.case("ann").state is CaseState.ANSWERED
    assert monitor.case("bob").state is CaseState.WAITING


def test_an_edited_reply_is_read_again_and_counted_once(monitor: Monitor) -> None:
    monitor.live(complaint("1"), reply("2", EMPTY, to="1", at=T0 + HOUR))
    assert monitor.case().state is CaseState.PAUSED
    monitor.live(reply("2", GOOD, to="1", at=T0 + HOUR))
    case = monitor.case()
    assert (case.state, case.reply_count, case.reply_tone) == (CaseState.ANSWERED, 1, "calming")
    assert monitor.counts("answered") == {"yes": 1}
    assert monitor.findings() == []


def test_a_pause_that_is_over_ends_with_or_without_a_tick(monitor: Monitor) -> None:
    for author, ticked in (("ann", False), ("bob", True)):
        start = monitor.clock.now()
        monitor.live(complaint(author, author=author, at=start))
        monitor.live(reply(f"{author}-r", EMPTY, to=author, at=start + HOUR))
        if ticked:
            monitor.tick(start + 2 * DAY)
        monitor.live(complaint(f"{author}-2", author=author, at=start + 3 * DAY))
    ann, bob = monitor.case("ann"), monitor.case("bob")
    assert ann.state is bob.state
    assert ann.clock_from is not None
    assert bob.clock_from is not None
    assert ann.clock_from - ann.opened_at == bob.clock_from - bob.opened_at


def test_where_nobody_can_answer_there_is_no_clock(monitor: Monitor) -> None:
    monitor.apply(WATCH, sources=("news",), answerable=False)
    monitor.live(complaint("1", source="news"))
    case = monitor.case()
    assert (case.has_clock, case.due_at) == (False, None)
    monitor.tick(T0 + 30 * DAY)
    assert monitor.alerts() == []


def test_the_owner_comes_from_the_policy(monitor: Monitor) -> None:
    monitor.live(complaint("1", "failure=lost_or_damaged"), complaint("2", author="bob"))
    assert (monitor.case("ann").owner, monitor.case("bob").owner) == ("baggage-desk", "front-desk")


def test_the_owners_reply_inside_a_review_stops_its_clock(monitor: Monitor) -> None:
    review = replace(complaint("1", source="reviews"), kind=PostKind.REVIEW)
    monitor.live(review)
    monitor.clock.move_to(T0 + 2 * HOUR)
    answered = replace(review, owner_reply=OwnerReply("acts=apologise,remedy", T0 + HOUR))
    report = monitor.live(answered)
    assert [taken.outcome for taken in report.posts] == ["duplicate"]
    case = monitor.case()
    assert (case.state, case.answered_at, case.reply_count) == (CaseState.ANSWERED, T0 + HOUR, 1)
    monitor.live(answered)
    assert monitor.case().reply_count == 1
    assert monitor.findings() == []


def test_a_comment_under_anothers_complaint_has_no_clock_of_its_own(monitor: Monitor) -> None:
    monitor.live(complaint("1"))
    monitor.live(replace(complaint("2", author="bo", at=T0 + MINUTE), parent_id="1"))
    own, chorus = monitor.cases()
    assert (own.has_clock, chorus.has_clock, chorus.due_at) == (True, False, None)
    monitor.live(replace(complaint("3", at=T0 + 2 * MINUTE), parent_id="1"))
    assert [case.complaint_count for case in monitor.cases()] == [2, 1]
    assert monitor.findings() == []


def test_a_complaint_that_is_edited_into_something_worse_is_judged_again(monitor: Monitor) -> None:
    monitor.live(complaint("1", "failure=delay severity=disapproval"), complaint("2", author="bob"))
    assert monitor.alerts() == []
    monitor.clock.advance(3 * HOUR)
    worse = "complaint=0.97 failure=safety severity=blame signals=vulnerable"
    monitor.live(post("1", worse, at=T0))
    case = monitor.case()
    assert (case.failure, case.severity, case.gravity, set(case.signals)) == ("safety", "blame", 4, {"vulnerable"})
    assert (case.complaint_count, case.complaint, case.opened_at) == (1, 0.97, T0)
    (alert,) = monitor.alerts("case")
    assert (alert.case, alert.level) == (case.id, Level.PAGE)
    assert monitor.findings() == []
    before = monitor.snapshot()
    monitor.live(post("1", worse, at=T0))
    assert monitor.snapshot() == before


def test_an_edit_that_takes_back_leaves_what_was_said_and_the_earlier_deadline(monitor: Monitor) -> None:
    rows = (PolicyRow(failure="billing", owner="desk", reply_within=2 * HOUR), PolicyRow(owner="front-desk"))
    monitor.apply(replace(WATCH, policies=(replace(POLICY, rows=rows),)))
    monitor.live(complaint("1", "failure=other severity=disapproval signals=churn"))
    monitor.live(complaint("1", "failure=billing severity=no_reproach"))
    case = monitor.case()
    assert (case.severity, set(case.signals), case.complaint_count) == ("disapproval", {"churn"}, 1)
    assert (case.failure, case.owner, case.due_at) == ("billing", "desk", T0 + 2 * HOUR)
    assert monitor.findings() == []


def test_what_staff_say_of_their_own_house_is_no_case(monitor: Monitor) -> None:
    harm = "failure=safety severity=blame signals=vulnerable"
    monitor.live(
        complaint("1", harm, kind=PostKind.STAFF_FEEDBACK),
        post("2", "thanks signals=resolved", author="bob", kind=PostKind.STAFF_FEEDBACK),
    )
    monitor.live(complaint("1", f"{harm},churn", kind=PostKind.STAFF_FEEDBACK))
    assert monitor.cases() == []
    assert monitor.alerts() == []
    assert monitor.counts("complaint") == {"yes": 1, "no": 1}
    assert monitor.findings() == []
