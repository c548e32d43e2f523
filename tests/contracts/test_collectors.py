"""What every collector promises, whatever it reads. A new one gets these tests by being registered and having a rig."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, get_args

import pytest

from app.domain.errors import (
    CollectorError,
    ConfigurationError,
    FretwatchError,
    SourceGone,
    SourceRefused,
    SourceThrottled,
    SourceUnreadable,
)
from app.domain.ports import Checkpoint, Collector, CollectRequest, Event
from app.domain.posts import Gap, Post
from app.egress import Answer, Egress
from collectors.registry import CAPABILITIES, COLLECTORS, collector
from tests.contracts.rigs import RIGS, TOKEN, Rig, items
from tests.egress.server import Reply, ScriptedServer, scripted_server

KINDS = sorted(COLLECTORS)
OVER_HTTP = ["mastodon", "rss"]
DOCS = Path(__file__).resolve().parents[2] / "docs" / "collectors.md"


class Hasty(Egress):
    """The real client with a short patience."""

    async def request(self, method: str, url: str, **options: Any) -> Answer:
        return await super().request(method, url, **{**options, "deadline": timedelta(seconds=1)})


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with scripted_server() as running:
        yield running


@pytest.fixture
async def egress() -> AsyncIterator[Egress]:
    client = Egress()
    yield client
    await client.close()


@pytest.fixture(params=KINDS)
def rig(request: pytest.FixtureRequest, server: ScriptedServer, tmp_path: Path) -> Rig:
    return RIGS[request.param](server, tmp_path)


@pytest.fixture(params=OVER_HTTP)
def http_rig(request: pytest.FixtureRequest, server: ScriptedServer, tmp_path: Path) -> Rig:
    return RIGS[request.param](server, tmp_path)


async def collected(reader: Collector, request: CollectRequest, since: Checkpoint | None = None) -> list[Event]:
    return [event async for event in reader.collect(request, since)]


def keys(events: list[Event]) -> list[tuple[str, str]]:
    return [event.key for event in events if isinstance(event, Post)]


def last_checkpoint(events: list[Event]) -> Checkpoint:
    assert isinstance(events[-1], Checkpoint)
    return events[-1]


def test_every_registered_collector_has_a_rig_and_a_row_in_the_docs() -> None:
    assert sorted(RIGS) == KINDS
    page = DOCS.read_text(encoding="utf-8")
    for kind in KINDS:
        told = CAPABILITIES[kind]
        row = next(line for line in page.splitlines() if line.startswith(f"| `{kind}` |"))
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert cells[1] == ("yes" if told.sees_replies else "no")
        assert cells[2] == ("yes" if told.answerable else "no")
        assert cells[3] == (", ".join(sorted(told.engagement)) or "none")
        assert cells[4:6] == ["yes" if told.edits else "no", "yes" if told.deletes else "no"]
        assert cells[6] == ", ".join(told.needs)


def test_an_unknown_kind_is_a_configuration_error_that_helps() -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'mastodon'"):
        collector("mastadon", Egress())
    with pytest.raises(ConfigurationError, match="Known kinds: mastodon, replay, rss"):
        collector("carrier pigeon", Egress())


async def test_it_emits_events_only_and_ends_with_a_checkpoint(rig: Rig, egress: Egress) -> None:
    rig.publish(rig, items(7))
    reader = collector(rig.kind, egress)
    assert reader.kind == rig.kind
    events = await collected(reader, rig.request())
    assert all(isinstance(event, get_args(Event)) for event in events)
    assert len(keys(events)) == 7
    last_checkpoint(events)
    posts = [event for event in events if isinstance(event, Post)]
    assert [post.created_at for post in posts] == [one.at for one in items(7)]
    assert all(one.text in post.text for one, post in zip(items(7), posts, strict=True))
    assert {post.source for post in posts} == {f"{rig.kind}-test"}
    assert not [event for event in events if isinstance(event, Gap)]


async def test_a_place_with_nothing_in_it_is_no_error(rig: Rig, egress: Egress) -> None:
    rig.publish(rig, [])
    events = await collected(collector(rig.kind, egress), rig.request())
    assert keys(events) == []
    last_checkpoint(events)


async def test_the_second_visit_brings_what_is_new_and_only_that(rig: Rig, egress: Egress) -> None:
    reader = collector(rig.kind, egress)
    rig.publish(rig, items(5))
    first = await collected(reader, rig.request())
    again = await collected(reader, rig.request(), last_checkpoint(first))
    assert keys(again) == []
    rig.publish(rig, items(8))
    after = last_checkpoint([*first, *again])
    third = keys(await collected(reader, rig.request(), after))
    expected = 8 if rig.kind == "replay" else 3  # a file that changed is read again; the store knows what it has
    assert len(third) == expected
    assert set(keys(first)) | set(third) == set(keys(await collected(reader, rig.request())))


async def test_from_any_checkpoint_on_nothing_is_lost_and_nothing_comes_twice(rig: Rig, egress: Egress) -> None:
    rig.publish(rig, items(130))
    reader, request = collector(rig.kind, egress), rig.request()
    whole = await collected(reader, request)
    assert len(set(keys(whole))) == len(keys(whole)) == 130
    for place, event in enumerate(whole):
        if isinstance(event, Checkpoint):
            before, rest = keys(whole[:place]), keys(await collected(reader, request, event))
            assert [*before, *rest] == keys(whole)


async def test_natural_keys_are_stable(rig: Rig, egress: Egress) -> None:
    rig.publish(rig, items(5))
    reader = collector(rig.kind, egress)
    first, second = keys(await collected(reader, rig.request())), keys(await collected(reader, rig.request()))
    assert first == second
    assert len(set(first)) == 5


async def test_what_must_be_configured_is_named_when_it_is_missing(rig: Rig, egress: Egress) -> None:
    rig.config = lambda rig: {}
    with pytest.raises(CollectorError, match=CAPABILITIES[rig.kind].needs[0]):
        await collected(collector(rig.kind, egress), rig.request())


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(401), SourceRefused),
        (Reply(403), SourceRefused),
        (Reply(404), SourceUnreadable),
        (Reply(410), SourceGone),
        (Reply(429), SourceThrottled),
        (Reply(503), SourceThrottled),
        (Reply(500), CollectorError),
        (Reply(302, headers={"Location": "https://elsewhere.example/new"}), SourceUnreadable),
        (Reply(200, b"\x00\xff garbage"), SourceUnreadable),
        (Reply(200, b""), SourceUnreadable),
        (Reply(200, b"<html><body>Welcome</body></html>"), SourceUnreadable),
        (Reply(200, b'{"unexpected": true}'), SourceUnreadable),
        (Reply(200, b"[" * 100_000), SourceUnreadable),
        (Reply(200, b"x" * 20_000_000), SourceUnreadable),
        (Reply(200, b"half", cut=True), CollectorError),
        (Reply(200, hang=True), CollectorError),
        (Reply(200, drip=0.05), CollectorError),
    ],
    ids=lambda value: f"{value.status}-{len(value.body)}" if isinstance(value, Reply) else value.__name__,
)
async def test_every_failure_has_its_error_and_says_no_secret(
    http_rig: Rig, reply: Reply, error: type[FretwatchError]
) -> None:
    http_rig.fail(reply)
    never_ends = reply.hang or reply.drip is not None
    egress = Hasty() if never_ends else Egress()
    with pytest.raises(CollectorError) as caught:
        await collected(collector(http_rig.kind, egress), http_rig.request())
    await egress.close()
    assert type(caught.value) is error
    assert http_rig.request().source.name in caught.value.message
    assert TOKEN not in repr(caught.value) + caught.value.message
    assert http_rig.server.asked[-1].headers["authorization"] == f"Bearer {TOKEN}"


async def test_retry_after_is_honoured_and_never_early(http_rig: Rig, egress: Egress) -> None:
    sent = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    for status in (429, 503):
        http_rig.fail(Reply(status, headers={"Retry-After": "120"}))
        with pytest.raises(SourceThrottled) as caught:
            await collected(collector(http_rig.kind, egress), http_rig.request())
        assert caught.value.retry_after == timedelta(seconds=120)
        dates = {"Retry-After": format_datetime(sent + timedelta(minutes=7), usegmt=True)}
        http_rig.fail(Reply(status, headers={**dates, "Date": format_datetime(sent, usegmt=True)}))
        with pytest.raises(SourceThrottled) as caught:
            await collected(collector(http_rig.kind, egress), http_rig.request())
        assert timedelta(minutes=7) <= caught.value.retry_after <= timedelta(minutes=7, seconds=2)


async def test_a_private_address_is_refused_unless_the_source_allows_it(http_rig: Rig, egress: Egress) -> None:
    http_rig.publish(http_rig, items(1))
    asked = http_rig.request()
    source = http_rig.request().source
    closed = CollectRequest(type(source)(**{**fields_of(source), "allow_private": False}), asked.brands)
    with pytest.raises(SourceRefused, match="allow_private"):
        await collected(collector(http_rig.kind, egress), closed)
    assert http_rig.server.asked == []


def fields_of(source: Any) -> dict[str, Any]:
    return {name: getattr(source, name) for name in type(source).__dataclass_fields__}
