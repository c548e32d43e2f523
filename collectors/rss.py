"""Reads RSS, Atom and JSON feeds: news, blogs, Google Alerts, status pages. Nobody can answer in a feed."""

import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from app.domain.clock import Clock, SystemClock, iso
from app.domain.errors import CollectorError, SourceGone, SourceUnreadable
from app.domain.ports import Capabilities, Checkpoint, CollectRequest, Event
from app.domain.posts import Author, EngagementSample, Gap, Post, PostKind
from app.egress import Answer, Egress
from collectors.answers import fetch, place, raise_for_status
from collectors.feed import Entry, Feed, read_feed
from collectors.plain import plain_text, safe_link

MAX_FEED_BYTES: Final = 10_000_000
MAX_REDIRECTS: Final = 3
MISSING_UNTIL_GONE: Final = 5
"""Answers of 404 in a row, after which the feed counts as gone."""
REMEMBERED: Final = 1_000
"""Entries that left the feed are remembered so far back, in case they return."""
ACCEPT: Final = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.1"
MAX_ID_CHARS: Final = 400


class Rss:
    """A feed at `url`. The checkpoint holds its validators (ETag, Last-Modified) and what was seen of each entry.

    An unchanged feed costs one conditional request and stores nothing. An entry whose words changed is emitted again,
    with `edited_at`. When a feed shows nothing of what was seen before, entries may have passed unseen: a `Gap`.
    """

    kind = "rss"
    capabilities = Capabilities(
        sees_replies=False,
        engagement=frozenset({"views", "replies"}),
        edits=True,
        answerable=False,
        needs=("url",),
    )

    def __init__(self, egress: Egress, clock: Clock | None = None) -> None:
        self._egress = egress
        self._clock = clock or SystemClock()

    async def collect(self, request: CollectRequest, since: Checkpoint | None) -> AsyncIterator[Event]:
        """New and edited entries, oldest first, then the checkpoint."""
        name, known = request.source.name, dict(since.value) if since else {}
        url = request.source.url or request.source.base_url
        if not url:
            raise SourceUnreadable(f'{name}: write url = "https://.." into this source: the address of the feed')
        if known.get("url") != url:
            known = {"url": url}
        answer = await fetch(
            self._egress, request, url, headers=_conditions(known), max_bytes=MAX_FEED_BYTES, redirects=MAX_REDIRECTS
        )
        if answer.status == 404:
            missing = int(known.get("missing", 0)) + 1
            yield Checkpoint({**known, "missing": missing})
            raise _not_there(name, answer, missing)
        raise_for_status(answer, name, now=self._clock.now())
        known.pop("missing", None)
        digest = hashlib.sha256(answer.body).hexdigest()
        if answer.status == 304 or digest == known.get("body"):
            yield Checkpoint({**known, **_validators(answer)})
            return
        feed = await self._read(answer, name)
        seen: dict[str, str] = dict(known.get("seen", {}))
        for event in _events(feed, request, seen, known, self._clock.now()):
            yield event
        newest = _newest(feed)
        yield Checkpoint(
            {
                "url": url,
                "body": digest,
                "seen": dict(list(seen.items())[-(len(feed.entries) + REMEMBERED) :]),
                **({"newest": iso(newest)} if newest else {}),
                **_validators(answer),
            }
        )

    async def _read(self, answer: Answer, name: str) -> Feed:
        try:
            return await read_feed(answer.body, content_type=answer.headers.get("content-type", ""), url=answer.url)
        except CollectorError as error:
            raise type(error)(f"{name}: {place(answer.url)}: {error.message}") from error


def _conditions(known: Mapping[str, Any]) -> dict[str, str]:
    headers = {"Accept": ACCEPT}
    if known.get("etag"):
        headers["If-None-Match"] = known["etag"]
    if known.get("modified"):
        headers["If-Modified-Since"] = known["modified"]
    return headers


def _validators(answer: Answer) -> dict[str, str]:
    """What the next request is conditional on; a value that no header may carry is left out."""
    told = {"etag": answer.headers.get("etag", ""), "modified": answer.headers.get("last-modified", "")}
    return {key: value for key, value in told.items() if value and value.isascii() and len(value) < 500}


def _not_there(name: str, answer: Answer, missing: int) -> SourceUnreadable | SourceGone:
    if missing >= MISSING_UNTIL_GONE:
        return SourceGone(f"{name}: {place(answer.url)} answered 404 {missing} times in a row: it is gone")
    return SourceUnreadable(
        f"{name}: {place(answer.url)} answered 404 ({missing} of {MISSING_UNTIL_GONE}, then it is gone); check url"
    )


def _events(
    feed: Feed, request: CollectRequest, seen: dict[str, str], known: Mapping[str, Any], now: datetime
) -> Iterator[Event]:
    """What is new against `seen`, which is brought up to date. Feeds are newest first, so they are read backwards."""
    source = request.source.name
    posts = {post.external_id: post for post in (_post(entry, feed, source, now) for entry in reversed(feed.entries))}
    ordered = sorted(posts.values(), key=lambda post: post.created_at or now)
    if (gap := _gap(ordered, seen, known)) is not None:
        yield gap
    for post in ordered:
        key, words, counters = (
            _short(post.external_id),
            _short(f"{post.title}\n{post.text}\n{post.url}"),
            _counters(post),
        )
        before = seen.pop(key, None)
        seen[key] = f"{words} {counters}"
        if before is None or before.partition(" ")[0] != words:
            yield post
        elif before != seen[key] and post.engagement is not None:
            yield post.engagement


def _gap(ordered: list[Post], seen: Mapping[str, str], known: Mapping[str, Any]) -> Gap | None:
    times = [post.created_at for post in ordered if post.created_at is not None]
    if not seen or not known.get("newest") or not times or any(_short(post.external_id) in seen for post in ordered):
        return None
    start = datetime.fromisoformat(known["newest"])
    if start + timedelta(seconds=1) >= times[0]:
        return None
    return Gap(start, times[0], "the feed shows nothing of what was seen before; entries may have passed unseen")


def _newest(feed: Feed) -> datetime | None:
    return max((entry.published_at for entry in feed.entries if entry.published_at), default=None)


def _post(entry: Entry, feed: Feed, source: str, now: datetime) -> Post:
    title, body, link = plain_text(entry.title), plain_text(entry.markup), safe_link(entry.link)
    text = body if not title or body.startswith(title) else f"{title}\n\n{body}".rstrip()
    external_id = _identity(entry, link, text)
    author = (entry.author or feed.title or source).strip()[:200]
    edited = entry.updated_at if entry.published_at and entry.updated_at != entry.published_at else None
    sample = EngagementSample(source, external_id, now, views=entry.views, replies=entry.replies)
    return Post(
        source=source,
        external_id=external_id,
        text=text,
        author=Author(author, name=plain_text(author)),
        created_at=entry.published_at or entry.updated_at,
        kind=PostKind.ARTICLE,
        title=title or None,
        url=link,
        language=entry.language or None,
        edited_at=edited,
        engagement=sample if sample.told else None,
    )


def _identity(entry: Entry, link: str | None, text: str) -> str:
    """The guid, else the link, else a hash of the words; what is too long for a key is hashed too."""
    given = entry.id or link or ""
    if given and len(given) <= MAX_ID_CHARS:
        return given
    return "hash:" + hashlib.sha256((given or text).encode("utf-8", "replace")).hexdigest()[:32]


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _counters(post: Post) -> str:
    sample = post.engagement
    return f"{sample.views}/{sample.replies}" if sample else ""
