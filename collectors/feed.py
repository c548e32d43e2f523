"""Bytes that claim to be a feed as entries: RSS and Atom in a child process, JSON Feed here."""

import asyncio
import calendar
import json
import re
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

from app.domain.errors import CollectorError, SourceUnreadable
from collectors.plain import safe_link

CHILD: Final = Path(__file__).with_name("feed_child.py")
WALL_SECONDS: Final = 15.0
"""The child has two seconds of CPU; on a busy machine they take longer."""
PROLOG: Final = 65_536
DOCTYPE: Final = re.compile(rb"""<!DOCTYPE(?:[^\[>"']|"[^"]*"|'[^']*')*(?P<end>[\[>]?)""", re.I)
SKIPPED: Final = re.compile(rb"\s+|<\?.*?\?>|<!--.*?-->|\xef\xbb\xbf", re.S)
FEED_LINK: Final = re.compile(
    rb"""<link\b(?=[^>]{0,500}type=["']?application/(?:rss|atom)\+xml)[^>]{0,500}?href=["']?([^"'\s>]{1,500})""", re.I
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a feed; `markup` is still HTML."""

    id: str | None
    link: str | None
    title: str
    markup: str
    author: str | None
    published_at: datetime | None
    updated_at: datetime | None
    language: str | None
    replies: int | None
    views: int | None


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed that was read."""

    title: str | None
    entries: tuple[Entry, ...]


async def read_feed(body: bytes, *, content_type: str, url: str) -> Feed:
    """The feed; `SourceUnreadable` says what it is instead, and what to do."""
    if not body.strip():
        raise SourceUnreadable("the answer is empty; check the address in a browser")
    if body.lstrip()[:1] == b"{":
        return await asyncio.to_thread(_json_feed, body)
    refuse_entities(body)
    answer = await parse_in_child(body, content_type)
    if not answer["version"] and not answer["entries"]:
        raise SourceUnreadable(what_it_is(body, url, str(answer["broken"])))
    entries = tuple(_entry(raw, answer.get("language"), url) for raw in answer["entries"])
    return Feed(answer.get("title"), entries)


def refuse_entities(body: bytes) -> None:
    """Raise for a document type with an internal subset, where entity bombs are declared; a bare DOCTYPE is fine."""
    head = body[:PROLOG]
    if b"\0" in head[:4]:
        head = head.replace(b"\0", b"").lstrip(b"\xff\xfe")
    place = 0
    while (skipped := SKIPPED.match(head, place)) is not None:
        place = skipped.end()
    doctype = DOCTYPE.match(head, place)
    if (doctype is not None and doctype["end"] != b">") or b"<!ENTITY" in head[place : place + 4096].upper():
        raise SourceUnreadable("the feed declares entities of its own, which no honest feed needs; it was not parsed")


async def parse_in_child(body: bytes, content_type: str, *, program: Sequence[str] = ()) -> Mapping[str, Any]:
    """What the child found. It is killed when it takes too long, also when the caller is cancelled."""
    command = program or (sys.executable, "-I", "-B", str(CHILD), content_type[:200].replace("\0", ""))
    child = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"LANG": "C.UTF-8"},
    )
    try:
        async with asyncio.timeout(WALL_SECONDS):
            output, errors = await child.communicate(body)
    except TimeoutError:
        raise SourceUnreadable(f"the feed could not be parsed within {WALL_SECONDS:g} s; it was given up") from None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode != 0:
        raise ended(child.returncode, errors, len(body))
    answer: Mapping[str, Any] = json.loads(output)
    return answer


def ended(status: int | None, errors: bytes, size: int) -> CollectorError:
    """Why the child ended early: a feed that costs too much is unreadable, everything else is worth another visit."""
    last = errors.decode("utf-8", "replace").strip().rpartition("\n")[2][:120]
    if status == -signal.SIGXCPU or last.startswith("MemoryError"):
        return SourceUnreadable(
            f"parsing the feed ({size:,} bytes) took more than it may (2 s of CPU, 384 MiB) and was ended; ask its "
            "publisher for a shorter feed"
        )
    return CollectorError(
        f"the process that parses the feed ended with status {status} ({last or 'no word'}); try again"
    )


def what_it_is(body: bytes, url: str, broken: str) -> str:
    """Words for bytes that are no feed."""
    head = body[:PROLOG].lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")) or b"<html" in head[:2000] or b"<body" in head:
        found = FEED_LINK.search(body[:PROLOG])
        link = safe_link(absolute(found[1].decode("utf-8", "replace"), url)) if found else None
        advice = f"it names its feed: {link}" if link else "look on it for the link to its feed, and use that address"
        return f"this is a web page, not a feed; {advice}"
    reason = f" ({broken[:120]})" if broken else ""
    return (
        f"this is no RSS, Atom or JSON feed{reason}; open the address in a browser and look for the feed's own address"
    )


def absolute(link: str | None, url: str) -> str | None:
    """A link of the feed at `url`, made absolute."""
    try:
        return urljoin(url, link) if link else None
    except ValueError:
        return None


def _entry(raw: Mapping[str, Any], feed_language: str | None, url: str) -> Entry:
    return Entry(
        id=raw["id"],
        link=absolute(raw["link"], url),
        title=raw["title"],
        markup=raw["markup"],
        author=raw["author"],
        published_at=_instant(raw["published"]),
        updated_at=_instant(raw["updated"]),
        language=raw["language"] or feed_language,
        replies=_count(raw["replies"]),
        views=_count(raw["views"]),
    )


def _instant(parts: Sequence[int] | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(calendar.timegm(tuple(parts)), UTC) if parts else None
    except (ValueError, TypeError, OverflowError, OSError):
        return None


def _count(raw: Any) -> int | None:
    text = str(raw) if raw is not None else ""
    return int(text) if text.isdecimal() and len(text) < 19 else None


def _json_feed(body: bytes) -> Feed:
    """https://www.jsonfeed.org/version/1.1/"""
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError):
        raise SourceUnreadable("this begins like JSON and is none; open the address in a browser") from None
    items = raw.get("items") if isinstance(raw, dict) else None
    if not isinstance(items, list) or "jsonfeed.org" not in str(raw.get("version")):
        raise SourceUnreadable(
            "this is JSON, but no JSON Feed: it lacks version or items; look for the feed's own address"
        )
    entries = tuple(_json_entry(item, _text(raw, "language")) for item in items[:2_000] if isinstance(item, dict))
    return Feed(_text(raw, "title"), entries)


def _json_entry(item: Mapping[str, Any], language: str | None) -> Entry:
    authors = item.get("authors") if isinstance(item.get("authors"), list) else [item.get("author")]
    author = next((one for one in authors or () if isinstance(one, dict)), {})
    given = item.get("id")
    return Entry(
        id=str(given) if isinstance(given, str | int) else None,
        link=_text(item, "url") or _text(item, "external_url"),
        title=_text(item, "title") or "",
        markup=_text(item, "content_html") or _text(item, "content_text") or _text(item, "summary") or "",
        author=_text(author, "name"),
        published_at=_iso(_text(item, "date_published")),
        updated_at=_iso(_text(item, "date_modified")),
        language=_text(item, "language") or language,
        replies=None,
        views=None,
    )


def _text(raw: Mapping[str, Any], key: str) -> str | None:
    value = raw.get(key)
    return value[:100_000] if isinstance(value, str) and value else None


def _iso(text: str | None) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text) if text else None
        return instant and (instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC))
    except (ValueError, OverflowError):
        return None
