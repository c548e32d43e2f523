"""Mastodon: what a status becomes, whose replies are seen, and how the server's limits are kept."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.domain.brands import Brand, SourceConfig
from app.domain.clock import ManualClock
from app.domain.errors import SourceRefused, SourceThrottled
from app.domain.ports import Checkpoint, CollectRequest, Event
from app.domain.posts import Gap, Post
from app.egress import Answer, Egress
from collectors.mastodon import Mastodon, brand_handles, tag_timelines, until_reset
from collectors.statuses import StatusReader, id_order
from tests.contracts.rigs import Item, status, timeline
from tests.egress.server import Reply, ScriptedServer, scripted_server

NOW = datetime.now(UTC).replace(microsecond=0)
BRAND = Brand("northwind", "Northwind Air", handles={"mastodon": ("@Care@Social.example",)})
TAG = "/api/v1/timelines/tag/northwind"


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with scripted_server() as running:
        yield running


@pytest.fixture
async def egress() -> AsyncIterator[Egress]:
    client = Egress()
    yield client
    await client.close()


def wanted(base_url: str, **options: Any) -> CollectRequest:
    source = SourceConfig(
        "masto",
        "mastodon",
        ("northwind",),
        base_url=base_url,
        allow_private=True,
        options={"tags": ["northwind"], **options},
    )
    return CollectRequest(source, (BRAND,))


async def visit(egress: Egress, server: ScriptedServer, since: Checkpoint | None = None, **options: Any) -> list[Event]:
    reader = Mastodon(egress, ManualClock(NOW))
    return [event async for event in reader.collect(wanted(server.url, **options), since)]


def read(**changes: Any) -> Post | None:
    reader = StatusReader(wanted("https://social.example"), "https://social.example", NOW)
    return reader.post({**status(Item(1, "Lost bag")), **changes})


def test_a_status_becomes_a_post() -> None:
    post = read(
        content="<p>Bag <script>alert(1)</script>gone<br>again</p>",
        spoiler_text="Rant",
        edited_at="2026-03-02T11:30:00.000Z",
        in_reply_to_id="99",
        language=None,
        mentions=[{"acct": "care"}],
        url="javascript:alert(1)",
    )
    assert post is not None
    assert post.text == "Rant\n\nBag gone\nagain"
    assert (post.parent_id, post.language, post.url) == ("99", None, None)
    assert post.edited_at == datetime(2026, 3, 2, 11, 30, tzinfo=UTC)
    assert (post.author.external_id, post.author.followers) == ("ann@social.example", 12)
    assert post.engagement is not None
    assert (post.engagement.likes, post.engagement.shares, post.engagement.replies, post.engagement.views) == (
        1,
        0,
        2,
        None,
    )
    assert post.extra["uri"] == "https://social.example/users/ann/statuses/1"
    assert post.extra["mentions"] == ["care"]
    assert not post.by_brand


@pytest.mark.parametrize(
    "changes",
    [
        {"visibility": "direct"},
        {"visibility": "private"},
        {"reblog": {"id": "5"}},
        {"account": {"acct": "ann", "noindex": True}},
        {"account": None},
    ],
)
def test_what_is_left_out(changes: dict[str, Any]) -> None:
    assert read(**changes) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"created_at": "yesterday", "edited_at": 5, "content": None, "favourites_count": "many", "tags": None},
        {"content": "\ud800\x00", "language": 7, "mentions": ["x"], "account": {"id": 3, "followers_count": -1}},
    ],
)
def test_odd_fields_do_not_end_the_visit(changes: dict[str, Any]) -> None:
    assert read(**changes) is not None


def test_the_brands_own_account_is_recognised_with_and_without_its_server() -> None:
    for acct in ("care", "Care@social.example"):
        post = read(account={"id": "1", "acct": acct})
        assert post is not None
        assert (post.by_brand, post.brands) == (True, ("northwind",))
    other = read(account={"id": "1", "acct": "care@elsewhere.example"})
    assert other is not None
    assert not other.by_brand


def test_tags_and_handles_come_from_the_brand() -> None:
    plain = CollectRequest(SourceConfig("m", "mastodon", ("northwind",)), (BRAND,))
    assert [one.key for one in tag_timelines(plain)] == ["tag:northwind", "tag:northwindair"]
    assert brand_handles(plain) == ["care@social.example"]


async def test_the_brands_replies_are_seen_through_its_account(server: ScriptedServer, egress: Egress) -> None:
    reply = {**status(Item(9, "We are sorry")), "in_reply_to_id": "117000000000000001"}
    reply["account"] = {"id": "1", "acct": "care@social.example"}
    server.on_call(TAG, timeline([status(Item(1, "Lost bag"))]))
    server.on("/api/v1/accounts/lookup", Reply(200, b'{"id": "1"}'))
    server.on_call("/api/v1/accounts/1/statuses", timeline([reply]))
    events = await visit(egress, server)
    complaint, answer = [event for event in events if isinstance(event, Post)]
    assert (answer.by_brand, answer.parent_id) == (True, complaint.external_id)
    lookups = len([asked for asked in server.asked if "lookup" in asked.target])
    assert isinstance(events[-1], Checkpoint)
    await visit(egress, server, events[-1])
    assert len([asked for asked in server.asked if "lookup" in asked.target]) == lookups == 1


async def test_the_walk_goes_forward_page_by_page(server: ScriptedServer, egress: Egress) -> None:
    server.on_call(TAG, timeline([status(Item(1, "first"))]))
    first = await visit(egress, server)
    assert isinstance(first[-1], Checkpoint)
    server.on_call(TAG, timeline([status(Item(number, f"post {number}")) for number in range(1, 1200)]))
    second = await visit(egress, server, first[-1])
    assert isinstance(second[-1], Checkpoint)
    third = await visit(egress, server, second[-1])
    numbers = [int(event.external_id) % 10_000 for event in [*second, *third] if isinstance(event, Post)]
    assert numbers == list(range(2, 1200))
    assert len([event for event in second if isinstance(event, Post)]) == 25 * 40


async def test_a_first_visit_that_ends_too_early_leaves_a_gap(server: ScriptedServer, egress: Egress) -> None:
    server.on_call(TAG, timeline([status(Item(number, "x")) for number in range(1, 400)]))
    events = await visit(egress, server)
    gap = events[0]
    assert isinstance(gap, Gap)
    posts = [event for event in events if isinstance(event, Post)]
    assert len(posts) == 200
    assert (gap.start, gap.end) == (NOW - timedelta(days=7), posts[0].created_at)


async def test_the_same_status_under_two_tags_comes_once(server: ScriptedServer, egress: Egress) -> None:
    for tag in ("a", "b"):
        server.on_call(f"/api/v1/timelines/tag/{tag}", timeline([status(Item(1, "x"))]))
    events = await visit(egress, server, tags=["a", "b"])
    assert len([event for event in events if isinstance(event, Post)]) == 1


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("2026-03-02T12:05:00.606083Z", 301), ("1772453100", 301), ("1772453100.5", 301), ("2020-01-01T00:00:00Z", 1)],
)
def test_the_reset_may_be_iso_or_unix(told: str, seconds: int) -> None:
    answer = Answer(429, {"x-ratelimit-reset": told, "date": "Mon, 02 Mar 2026 12:00:00 GMT"}, b"", "", timedelta())
    wait = until_reset(answer, NOW)
    assert wait is not None
    assert timedelta(seconds=seconds) <= wait < timedelta(seconds=seconds + 2)


async def test_429_without_retry_after_waits_for_the_reset(server: ScriptedServer, egress: Egress) -> None:
    dates = {"Date": "Mon, 02 Mar 2026 12:00:00 GMT", "X-RateLimit-Reset": "2026-03-02T12:03:20.000Z"}
    server.on(TAG, Reply(429, headers=dates))
    with pytest.raises(SourceThrottled) as caught:
        await visit(egress, server)
    assert caught.value.retry_after == timedelta(seconds=201)
    server.on(TAG, Reply(429))
    with pytest.raises(SourceThrottled) as caught:
        await visit(egress, server)
    assert caught.value.retry_after == timedelta(minutes=5)


async def test_an_allowance_that_is_used_up_stops_the_walk_behind_a_checkpoint(
    server: ScriptedServer, egress: Egress
) -> None:
    page = json.dumps([status(Item(2, "new"))]).encode()
    server.on(TAG, Reply(200, page, {"X-RateLimit-Remaining": "0"}))
    mark = Checkpoint({"base_url": server.url, "marks": {"tag:northwind": "1"}, "accounts": {}})
    events: list[Event] = []

    async def drain() -> None:
        async for event in Mastodon(egress, ManualClock(NOW)).collect(wanted(server.url), mark):
            events.append(event)  # noqa: PERF401  # what came before the error is what counts

    with pytest.raises(SourceThrottled, match="used up"):
        await drain()
    assert [type(event) for event in events] == [Post, Checkpoint]
    assert len([asked for asked in server.asked if asked.target.startswith(TAG)]) == 1


async def test_422_means_that_the_server_wants_an_account(server: ScriptedServer, egress: Egress) -> None:
    server.on(TAG, Reply(422, b'{"error": "Diese Methode <b>erfordert</b> eine Anmeldung"}'))
    with pytest.raises(SourceRefused, match=r"\(Diese Methode erfordert eine Anmeldung\).*token_env"):
        await visit(egress, server)


def test_ids_are_ordered_by_age() -> None:
    assert sorted(["100", "99", "1000"], key=id_order) == ["99", "100", "1000"]


@pytest.mark.external
async def test_recorded_servers(shared: Path, server: ScriptedServer, egress: Egress) -> None:
    """All recorded timelines, replayed by method and address: 70 different public statuses are read."""
    read_posts = 0
    for file in sorted((shared / "fixtures" / "mastodon").glob("*.json")):
        reader = StatusReader(wanted("http://localhost:3000"), "http://localhost:3000", NOW)
        for one in json.loads(file.read_text(encoding="utf-8"))["interactions"]:
            body = one["response"]["body"]
            rows = body if isinstance(body, list) else [body]
            statuses = [row for row in rows if isinstance(row, dict) and "account" in row and "content" in row]
            read_posts += len([post for row in statuses if (post := reader.post(row)) is not None])
    assert read_posts == 70
    tape = json.loads((shared / "fixtures/mastodon/cassettes__test_hashtag_tl.json").read_text(encoding="utf-8"))
    found = next(one for one in tape["interactions"] if "timelines/tag" in one["request"]["uri"])["response"]
    server.on("/api/v1/timelines/tag/hoot", Reply(200, json.dumps(found["body"]).encode(), {}), Reply(200, b"[]"))
    then = datetime(2026, 8, 2, tzinfo=UTC)
    visited = Mastodon(egress, ManualClock(then)).collect(wanted(server.url, tags=["hoot"]), None)
    events = [event async for event in visited]
    (post,) = [event for event in events if isinstance(event, Post)]
    assert post.external_id == "117020593741189701"
    answer = Answer(200, {"x-ratelimit-reset": found["headers"]["x-ratelimit-reset"]}, b"", "", timedelta())
    assert until_reset(answer, datetime(2026, 8, 1, 13, 59, tzinfo=UTC)) is not None


async def test_a_server_that_ignores_min_id_does_not_loop(server: ScriptedServer, egress: Egress) -> None:
    server.on(TAG, Reply(200, json.dumps([status(Item(1, "x"))]).encode()))
    first = await visit(egress, server)
    assert isinstance(first[-1], Checkpoint)
    again = await visit(egress, server, first[-1])
    assert [type(event) for event in again] == [Checkpoint]
