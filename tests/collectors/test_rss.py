"""Feeds: what is read, what is refused, what an unchanged, edited, moved or vanished one does."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from app.domain.brands import SourceConfig
from app.domain.clock import ManualClock
from app.domain.errors import CollectorError, SourceGone, SourceUnreadable
from app.domain.ports import Checkpoint, CollectRequest, Event
from app.domain.posts import EngagementSample, Gap, Post, PostKind
from app.egress import Egress
from collectors import feed, feed_child
from collectors.feed import parse_in_child, read_feed, refuse_entities
from collectors.plain import plain_text, safe_link
from collectors.rss import Rss
from tests.egress.server import Reply, ScriptedServer, scripted_server

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOSTILE = """<rss version="2.0" xmlns:slash="http://purl.org/rss/1.0/modules/slash/"><channel>
<title>News &amp; views</title>
<language>en-gb</language>
<item><guid>1</guid><title>Bags &lt;img src=x onerror=alert(1)&gt; lost</title><link>javascript:alert(1)</link>
<description>&lt;p&gt;One&lt;/p&gt;
&lt;p&gt;Two&lt;script&gt;alert(1)&lt;/script&gt; &amp;amp; three&lt;/p&gt;</description>
<pubDate>Mon, 02 Mar 2026 10:00:00 +0100</pubDate><slash:comments>4</slash:comments></item>
<item><title>No guid</title>
<link>https://www.google.com/url?rct=j&amp;url=https://a.example/x%3Fy%3D1&amp;ct=ga</link></item>
<item><description>Neither guid nor link</description></item></channel></rss>"""


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with scripted_server() as running:
        yield running


@pytest.fixture
async def egress() -> AsyncIterator[Egress]:
    client = Egress()
    yield client
    await client.close()


def wanted(url: str) -> CollectRequest:
    return CollectRequest(SourceConfig("press", "rss", ("northwind",), url=url, allow_private=True), ())


async def visit(egress: Egress, url: str, since: Checkpoint | None = None) -> list[Event]:
    return [event async for event in Rss(egress, ManualClock(NOW)).collect(wanted(url), since)]


def rss(*rows: str) -> bytes:
    return f'<rss version="2.0"><channel><title>t</title>{"".join(rows)}</channel></rss>'.encode()


def row(guid: str, title: str, hour: int) -> str:
    return (
        f"<item><guid>{guid}</guid><title>{title}</title><pubDate>Mon, 02 Mar 2026 {hour:02}:00:00 GMT</pubDate></item>"
    )


async def test_entries_become_inert_posts(server: ScriptedServer, egress: Egress) -> None:
    url = server.on("/feed", Reply(200, HOSTILE.encode(), {"Content-Type": "application/rss+xml"}))
    posts = {post.external_id: post for post in await visit(egress, url) if isinstance(post, Post)}
    first = posts["1"]
    assert first.title == "Bags lost"
    assert first.text == "Bags lost\n\nOne\nTwo & three"
    assert (first.url, first.kind, first.language) == (None, PostKind.ARTICLE, "en-gb")
    assert first.created_at == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert first.author.name == "News & views"
    assert first.engagement == EngagementSample("press", "1", NOW, replies=4)
    linked = next(post for post in posts.values() if post.title == "No guid")
    assert linked.external_id == linked.url == "https://a.example/x?y=1"
    assert [key for key in posts if key.startswith("hash:")]


async def test_an_unchanged_feed_stores_nothing(server: ScriptedServer, egress: Egress) -> None:
    body = rss(row("1", "a", 9))
    marks = {"ETag": '"1"', "Last-Modified": "Mon, 02 Mar 2026 09:00:00 GMT"}
    url = server.on("/feed", Reply(200, body, marks), Reply(304, headers={"ETag": '"1"'}), Reply(200, body))
    first = await visit(egress, url)
    assert isinstance(first[-1], Checkpoint)
    second = await visit(egress, url, first[-1])
    assert server.asked[1].headers["if-none-match"] == '"1"'
    assert server.asked[1].headers["if-modified-since"] == marks["Last-Modified"]
    assert [type(event) for event in second] == [Checkpoint]
    assert isinstance(second[-1], Checkpoint)
    assert [type(event) for event in await visit(egress, url, second[-1])] == [Checkpoint]


async def test_an_edited_entry_comes_again_and_a_counter_as_a_sample(server: ScriptedServer, egress: Egress) -> None:
    space = 'xmlns:slash="http://purl.org/rss/1.0/modules/slash/"'
    counted = row("2", "b", 9).replace("</item>", f"<slash:comments {space}>1</slash:comments></item>")
    before, after = rss(row("1", "a", 8), counted), rss(row("1", "a, corrected", 8), counted.replace(">1<", ">9<"))
    url = server.on("/feed", Reply(200, before), Reply(200, after))
    first = await visit(egress, url)
    assert isinstance(first[-1], Checkpoint)
    edited, sample, _ = await visit(egress, url, first[-1])
    assert isinstance(edited, Post)
    assert edited.text == "a, corrected"
    assert isinstance(sample, EngagementSample)
    assert (sample.external_id, sample.replies) == ("2", 9)


async def test_a_feed_without_anything_known_leaves_a_gap(server: ScriptedServer, egress: Egress) -> None:
    url = server.on("/feed", Reply(200, rss(row("1", "a", 8))), Reply(200, rss(row("5", "e", 11), row("4", "d", 10))))
    first = await visit(egress, url)
    assert isinstance(first[-1], Checkpoint)
    gap = (await visit(egress, url, first[-1]))[0]
    assert isinstance(gap, Gap)
    assert (gap.start, gap.end) == (NOW.replace(hour=8), NOW.replace(hour=10))


async def test_the_fifth_404_means_gone_and_an_answer_forgets_them(server: ScriptedServer, egress: Egress) -> None:
    url = server.url + "/feed"
    mark: Checkpoint | None = None
    kinds: list[type[BaseException]] = []
    for _ in range(5):
        try:
            async for event in Rss(egress).collect(wanted(url), mark):
                assert isinstance(event, Checkpoint)
                mark = event
        except CollectorError as error:
            kinds.append(type(error))
    assert kinds == [SourceUnreadable] * 4 + [SourceGone]
    server.on("/feed", Reply(200, rss(row("1", "a", 8))))
    last = (await visit(egress, url, mark))[-1]
    assert isinstance(last, Checkpoint)
    assert "missing" not in last.value


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"<!doctype html><html><body>Hi</body></html>", "look on it for the link to its feed"),
        (
            b"<html><head><link rel=alternate type='application/rss+xml' href='/f.xml'></head></html>",
            "names its feed: ",
        ),
        (b"just words", "no RSS, Atom or JSON feed"),
        (b'{"items": []}', "no JSON Feed"),
        (b"   ", "empty"),
    ],
)
async def test_what_is_no_feed_says_what_to_do(server: ScriptedServer, egress: Egress, body: bytes, says: str) -> None:
    url = server.on("/page", Reply(200, body))
    with pytest.raises(SourceUnreadable, match=says) as caught:
        await visit(egress, url)
    assert url in caught.value.message


async def test_a_feed_of_20_mb_is_refused_clearly(server: ScriptedServer, egress: Egress) -> None:
    url = server.on("/big", Reply(200, rss(row("1", "x" * 20_000_000, 8))))
    with pytest.raises(SourceUnreadable, match="more than 10,000,000 bytes"):
        await visit(egress, url)


async def test_a_json_feed(server: ScriptedServer, egress: Egress) -> None:
    item = {
        "id": 1,
        "url": "https://a.example/1",
        "title": "t",
        "content_html": "<p>b</p>",
        "date_published": "2026-03-02",
    }
    body = {"version": "https://jsonfeed.org/version/1.1", "items": [item, "no item"], "authors": None}
    url = server.on("/feed.json", Reply(200, json.dumps(body).encode()))
    (post,) = [event for event in await visit(egress, url) if isinstance(event, Post)]
    assert (post.external_id, post.text, post.created_at) == ("1", "t\n\nb", datetime(2026, 3, 2, tzinfo=UTC))


BOMB = b"""<?xml version="1.0"?><!-- <rss> -->
<!DOCTYPE rss PUBLIC "a>[" [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><rss/>"""


@pytest.mark.parametrize(
    "body",
    [BOMB, BOMB.decode().encode("utf-16"), b"\xef\xbb\xbf \n" + BOMB, b"<!doctype x [ <!entity % p SYSTEM 'file:///etc/passwd'>",
     b"<!DOCTYPE x ["],
)  # fmt: skip
def test_entities_are_refused_unparsed(body: bytes) -> None:
    with pytest.raises(SourceUnreadable, match="entities"):
        refuse_entities(body)


def test_a_bare_doctype_and_words_about_entities_are_fine() -> None:
    refuse_entities(b'<?xml version="1.0"?><!DOCTYPE rss PUBLIC "-//N//DTD RSS//EN" "http://a.example/x.dtd"><rss/>')
    refuse_entities(b"<rss><channel><description><![CDATA[" + b"." * 5000 + b"<!ENTITY in words]]></description></rss>")


@pytest.mark.slow
async def test_a_feed_that_costs_too_much_is_ended_by_the_kernel() -> None:
    nested = (
        b"<rss version='2.0'><channel><item><description>" + b"<b>" * 460_000 + b"</description></item></channel></rss>"
    )
    with pytest.raises(SourceUnreadable, match="more than it may"):
        await read_feed(nested, content_type="", url="http://a.example/")
    assert (await read_feed(rss(row("1", "a", 8)), content_type="", url="")).entries[0].title == "a"


@pytest.mark.parametrize(
    "code",
    ["open('/etc/hostname')", "import socket; socket.socket()", "import os; os.fork()", "bytearray(600 << 20)"],
)
async def test_the_child_can_reach_nothing(code: str) -> None:
    """What a parser that was taken over could try: every attempt fails once the child is confined."""
    script = (
        f"import sys; sys.path.insert(0, {str(Path(feed_child.__file__).parent)!r}); import feed_child, socket, os\n"
        f"feed_child.confine()\n{code}\n"
    )
    if "fork" in code and psutil.Process().uids().real == 0:
        pytest.skip("root is not bound by the limit on processes")
    with pytest.raises(CollectorError, match=r"OSError|PermissionError|BlockingIOError|more than it may"):
        await parse_in_child(b"", "", program=(sys.executable, "-B", "-c", script))


async def test_a_child_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "WALL_SECONDS", 0.5)
    before = {child.pid for child in psutil.Process().children()}
    with pytest.raises(SourceUnreadable, match=r"within 0\.5 s"):
        await parse_in_child(b"", "", program=(sys.executable, "-S", "-c", "import time; time.sleep(60)"))
    assert not {child.pid for child in psutil.Process().children()} - before


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("a<br>b", "a\nb"),
        ("5 < 6 &amp; 7 > 2", "5 < 6 & 7 > 2"),
        ("<style>x</style>seen<script>alert(1)</script>", "seen"),
        ("<b>" * 50_000 + "x", ""),
        ("<p>one</p>\n\n<p>two&nbsp;three</p>", "one\ntwo three"),
        ("\ud800 <i>lone</i>", "\ufffd lone"),
    ],
)
def test_plain_text(markup: str, text: str) -> None:
    assert plain_text(markup) == text


def test_only_web_links_pass() -> None:
    for bad in (
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "http://[",
        "//a.example",
        "",
        "x" * 9000,
    ):
        assert safe_link(bad) is None
    assert safe_link("https://google.evil.example/url?url=https://a.example") == (
        "https://google.evil.example/url?url=https://a.example"
    )
    assert safe_link("https://www.google.co.uk/url?q=javascript:alert(1)") is None


@pytest.mark.external
async def test_real_feeds(shared: Path) -> None:
    folder = shared / "fixtures" / "rss"
    counts = {}
    for file in sorted(folder.glob("*.*")):
        if file.name != "README.md":
            parsed = await read_feed(file.read_bytes(), content_type="", url="https://a.example/feed")
            counts[file.name] = len(parsed.entries)
    assert counts == {
        "example_jsonfeed.json": 2,
        "huginn_cdata_rss.atom": 10,
        "huginn_github_rss.atom": 20,
        "huginn_onethingwell.rss": 20,
        "huginn_youtube.xml": 15,
    }


@pytest.mark.external
async def test_the_parsers_own_corpus(shared: Path) -> None:
    """265 documents, parsed here without the child (it would take a process each), through all of our own code."""
    refused, entries = [], 0
    for file in sorted((shared / "fixtures" / "rss" / "feedparser").glob("*.xml")):
        body = file.read_bytes()
        try:
            refuse_entities(body)
        except SourceUnreadable:
            refused.append(file.name)
            continue
        answer = json.loads(json.dumps(feed_child.parse(body, "application/xml")))
        entries += len([feed._entry(raw, answer["language"], "http://a.example/") for raw in answer["entries"]])
    assert refused == ["wellformed__rss__entity_in_doctype.xml"]
    assert entries == 121


async def test_ten_feeds_at_once_do_not_disturb_each_other() -> None:
    feeds = await asyncio.gather(*(read_feed(rss(row(str(n), f"t{n}", 8)), content_type="", url="") for n in range(10)))
    assert [one.entries[0].title for one in feeds] == [f"t{n}" for n in range(10)]
    assert feeds[0].entries[0].published_at == NOW - timedelta(hours=4)
