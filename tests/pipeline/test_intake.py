"""Intake: once means once, edits replace, tombstones erase, and a checkpoint is as durable as its posts."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.domain.cases import CaseState
from app.domain.ports import Checkpoint, Event
from app.domain.posts import Author, Gap, OwnerReply, Post
from app.pipeline.intake import CREATED, DUPLICATE, EDITED, QUARANTINED, UNMATCHED, Run
from app.storage import checkpoints, tables
from tests.pipeline.monitor import DAY, GOOD, HOUR, MINUTE, T0, Monitor, complaint, gone, post, reply, sample


def test_a_second_time_changes_nothing(monitor: Monitor) -> None:
    batch = [complaint("1"), post("2", at=T0 + MINUTE), reply("3", to="1", at=T0 + HOUR)]
    assert [taken.outcome for taken in monitor.live(*batch).posts] == [CREATED] * 3
    before = monitor.snapshot()
    again = monitor.live(*batch)
    assert [taken.outcome for taken in again.posts] == [DUPLICATE] * 3
    assert monitor.snapshot() == before
    assert monitor.rows(tables.work_chunk) == []


def test_the_same_post_twice_in_a_batch_is_created_once(monitor: Monitor) -> None:
    report = monitor.live(complaint("1"), complaint("1"))
    assert sorted(taken.outcome for taken in report.posts) == [CREATED, DUPLICATE]
    assert monitor.counts("complaint") == {"yes": 1}
    assert monitor.findings() == []


def test_the_same_id_on_another_source_is_another_post(monitor: Monitor) -> None:
    report = monitor.live(post("1"), post("1", source="reviews"))
    assert report.count(CREATED) == 2
    assert len({taken.post_id for taken in report.posts}) == 2


def test_a_reference_is_cut_like_the_id_that_it_names(monitor: Monitor) -> None:
    name = "x" * 600
    monitor.live(complaint(name), reply("answer", to=name, at=T0 + HOUR))
    assert monitor.case().state is CaseState.ANSWERED
    stored = {row.external_id: row.parent_id for row in monitor.rows(tables.post)}
    assert stored["answer"] in stored


@pytest.mark.parametrize("length", [10, 495, 500, 700])
def test_the_answer_inside_a_review_has_an_id_of_its_own(monitor: Monitor, length: int) -> None:
    # Two reviews whose ids differ only at the end of what is kept.
    ids = ["x" * (min(length, 500) - 1) + end for end in "ab"]
    reviews = [
        complaint(f"{one}{'y' * max(0, length - 500)}", author=one[-1], owner_reply=OwnerReply("acts=apologise,remedy"))
        for one in ids
    ]
    monitor.live(*reviews)
    monitor.live(*reviews)
    answers = {row.external_id: row.parent_id for row in monitor.rows(tables.post) if row.parent_id is not None}
    assert sorted(answers.values()) == ids
    assert all(len(name) <= 500 for name in answers)
    assert {case.state for case in monitor.cases()} == {CaseState.ANSWERED}


def test_an_edit_takes_the_old_reading_out_and_puts_the_new_one_in(monitor: Monitor) -> None:
    monitor.live(complaint("1", "failure=delay"), complaint("2", "failure=delay", author="bob", at=T0 + MINUTE))
    report = monitor.live(complaint("1", "failure=billing sentiment=neutral"))
    assert [taken.outcome for taken in report.posts] == [EDITED]
    assert monitor.counts("failure") == {"delay": 1, "billing": 1}
    assert monitor.counts("sentiment") == {"negative": 1, "neutral": 1}
    assert monitor.counts("mentions") == {"all": 2}
    assert monitor.findings() == []


def test_an_edit_before_the_first_reading_is_read_once(monitor: Monitor) -> None:
    monitor.take(complaint("1", "failure=delay"))
    monitor.take(complaint("1", "failure=billing"))
    monitor.read()
    assert monitor.counts("failure") == {"billing": 1}
    assert monitor.reader.read_count == 1
    assert monitor.findings() == []


def test_an_edit_that_takes_the_complaint_back_ends_its_case(monitor: Monitor) -> None:
    monitor.live(complaint("1"))
    monitor.live(post("1", "all good after all"))
    assert monitor.members() == {}
    assert monitor.counts("complaint") == {"no": 1}
    monitor.tick(T0 + 3 * DAY)
    assert monitor.alerts() == []
    assert monitor.findings() == []


def test_an_edit_that_makes_a_complaint_opens_a_case(monitor: Monitor) -> None:
    monitor.live(post("1", "what a day"))
    monitor.live(complaint("1"))
    assert list(monitor.members().values()) == [{"1"}]
    assert monitor.findings() == []


def test_an_unmatched_post_is_reported_and_not_stored(monitor: Monitor) -> None:
    report = monitor.live(Post("mastodon", "1", "the weather is fine", Author("ann"), T0))
    assert [taken.outcome for taken in report.posts] == [UNMATCHED]
    assert monitor.rows(tables.post) == []


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (post("", "no id"), "no id of its own"),
        (post("x", "\x00\x07", brands=("northwind",)), "nothing is left"),
        (post("x", "hello", brands=("eastwind",)), "no brand 'eastwind' is watched"),
    ],
)
def test_a_post_that_cannot_be_stored_is_quarantined_alone(monitor: Monitor, bad: Post, reason: str) -> None:
    report = monitor.live(complaint("1"), bad, post("2"))
    assert [taken.outcome for taken in report.posts] == [CREATED, QUARANTINED, CREATED]
    (held,) = monitor.rows(tables.quarantine)
    assert reason in held.reason
    assert monitor.findings() == []


def test_a_post_that_cannot_be_read_is_quarantined_and_its_neighbours_pass(monitor: Monitor) -> None:
    monitor.live(complaint("1"), post("2", "unreadable=empty"), post("3", "explode=1"), post("4"))
    assert monitor.counts("mentions") == {"all": 2}
    held = {row.external_id: row.reason for row in monitor.rows(tables.quarantine)}
    assert held["2"] == "empty"
    assert "RuntimeError" in held["3"]
    assert "a defect of the reader" not in held["3"], "it could quote the post"
    assert monitor.findings() == []


@pytest.mark.parametrize(
    "hostile",
    [
        {"rating": float("nan")},
        {"rating": float("inf")},
        {"followers": 10**30},
        {"author": "a\x00\ud800b", "handle": "h\x00", "title": "t\udfff", "url": "u\x00"},
        {"language": "xx-\x00", "parent_id": "\x00", "thread_id": "\ud800"},
        {"text": "☃" * 100_000},
        {"at": datetime.max.replace(tzinfo=UTC)},
        {"at": datetime.min.replace(tzinfo=UTC)},
        {"at": None},
    ],
    ids=lambda hostile: next(iter(hostile)),
)
def test_a_hostile_post_does_not_stop_its_neighbours(monitor: Monitor, hostile: dict[str, Any]) -> None:
    text = hostile.pop("text", "fine")
    bad = post("bad", text, **hostile)
    intake = monitor.intake()
    report = intake.take([post("1"), bad, post("2")])
    monitor.read()
    assert [report.posts[0].outcome, report.posts[2].outcome] == [CREATED, CREATED]
    assert monitor.counts("mentions")["all"] >= 2
    assert monitor.findings() == []


def test_an_absurd_time_counts_as_now_and_stays_so(monitor: Monitor) -> None:
    far = datetime(2999, 1, 1, tzinfo=UTC)
    monitor.intake().take([post("1", at=far), post("2", at=datetime(1971, 1, 1, tzinfo=UTC))])
    assert {row.event_at for row in monitor.rows(tables.mention)} == {T0}
    monitor.clock.advance(DAY)
    monitor.intake().take([post("1", "edited", at=far)])
    assert {row.event_at for row in monitor.rows(tables.mention)} == {T0}


def test_replies_are_known_by_the_brands_handle(monitor: Monitor) -> None:
    monitor.take(
        post("1", handle="Care@Social.Example"),
        post("2", handle="care"),
        post("3", "hello", by_brand=True, brands=("northwind",)),
    )
    posts = {row.id: row.external_id for row in monitor.rows(tables.post)}
    roles = {posts[row.post_id]: row.role for row in monitor.rows(tables.mention)}
    assert roles == {"1": "reply", "2": "customer", "3": "reply"}


def test_replies_do_not_count_as_mentions(monitor: Monitor) -> None:
    monitor.live(complaint("1"), reply("2", to="1", at=T0 + HOUR))
    assert monitor.counts("mentions") == {"all": 1}
    assert monitor.rings()["mentions"] == 1


def test_a_tombstone_erases_text_and_author_and_keeps_the_counts(monitor: Monitor) -> None:
    monitor.live(
        complaint("1", "my-secret-words", author="ann-7", handle="ann@a.example", title="t", url="https://a.example/1"),
        complaint("2", "other", author="bob"),
    )
    counted = monitor.buckets()
    report = monitor.live(gone("1"), gone("unknown"))
    assert report.removed == 1
    (erased,) = monitor.rows(tables.post, tables.post.c.external_id == "1")
    assert {erased.text, erased.title, erased.url, erased.author, erased.handle, erased.author_name} == {None}
    assert erased.removed_why == "deleted by its author"
    assert monitor.buckets() == counted
    assert "ann-7" not in repr(monitor.snapshot())
    assert "my-secret-words" not in repr(monitor.snapshot())
    assert monitor.findings() == []
    monitor.tick(T0 + 3 * DAY)
    assert monitor.findings() == []


def test_the_author_stays_while_other_posts_of_the_case_do(monitor: Monitor) -> None:
    monitor.live(complaint("1"), complaint("2", at=T0 + HOUR))
    monitor.live(gone("1"))
    assert monitor.case("ann").complaint_count == 2
    monitor.live(gone("2"))
    assert "ann" not in {case.author for case in monitor.cases()}
    assert monitor.findings() == []


def test_what_was_removed_stays_removed(monitor: Monitor) -> None:
    monitor.live(complaint("1"))
    monitor.live(gone("1"))
    report = monitor.live(complaint("1", "failure=billing another text"))
    assert [taken.outcome for taken in report.posts] == [DUPLICATE]
    (erased,) = monitor.rows(tables.post)
    assert erased.text is None
    assert monitor.findings() == []


def test_samples_are_kept_once_a_moment_and_only_where_they_tell(monitor: Monitor) -> None:
    first = sample("1", T0 + HOUR, views=10)
    monitor.live(complaint("1"), first, first, sample("1", T0 + 2 * HOUR), sample("nobody", T0, views=3))
    monitor.live(first)
    assert [(row.at, row.views) for row in monitor.rows(tables.engagement_sample)] == [(T0 + HOUR, 10)]


def start_run(monitor: Monitor, source: str = "mastodon") -> Run:
    with monitor.database.write() as tx:
        return Run(checkpoints.start_run(tx, source, monitor.database.now()), source)


def test_the_checkpoint_is_saved_with_its_posts(monitor: Monitor) -> None:
    run = start_run(monitor)
    gap = Gap(T0 - HOUR, T0, "the server was away")
    monitor.take(post("1"), gap, Checkpoint({"since": "41"}), post("2"), Checkpoint({"since": "42"}), run=run)
    (saved,) = monitor.rows(tables.checkpoint)
    assert saved.value == {"since": "42"}
    (counted,) = monitor.rows(tables.run)
    assert (counted.seen, counted.stored) == (2, 2)
    assert [(row.start_at, row.why) for row in monitor.rows(tables.gap)] == [(T0 - HOUR, "the server was away")]
    (source,) = monitor.rows(tables.source, tables.source.c.name == "mastodon")
    assert source.last_event_at == T0


def test_a_failing_transaction_saves_neither_posts_nor_checkpoint(monitor: Monitor) -> None:
    monitor.take(post("0"), Checkpoint({"since": "1"}), run=start_run(monitor))
    before = monitor.snapshot()
    # A count that no column holds fails the transaction after the posts were inserted and before it commits.
    broken = sample("1", T0, views="many")  # type: ignore[arg-type]
    batch: list[Event] = [post("1"), broken, Checkpoint({"since": object()}), gone("0")]
    with pytest.raises(Exception, match=r"(?i)json|integer|bigint"):
        monitor.take(*batch, run=start_run(monitor))
    assert monitor.snapshot() == before
    (saved,) = monitor.rows(tables.checkpoint)
    assert saved.value == {"since": "1"}


def test_replies_that_are_good_are_seen_through_the_whole_way(monitor: Monitor) -> None:
    monitor.live(complaint("1"), reply("2", GOOD, to="1", at=T0 + HOUR))
    assert monitor.counts("answered") == {"yes": 1}
    assert monitor.findings() == []
