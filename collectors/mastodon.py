"""Reads hashtags, and what the brand's own accounts say, from any server that speaks Mastodon's API.

Ids are per server, and a source is one server: `external_id` is the status id there, `parent_id` the id of the status
that it answers, so that a reply finds its post. The identity across servers is kept as `extra["uri"]`.
"""

import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from app.domain.clock import Clock, SystemClock
from app.domain.errors import SourceRefused, SourceThrottled, SourceUnreadable
from app.domain.ports import Capabilities, Checkpoint, CollectRequest, Event
from app.domain.posts import Gap
from app.egress import Answer, Egress
from app.egress.waiting import http_date
from collectors.answers import fetch, place, raise_for_status
from collectors.plain import plain_text
from collectors.statuses import StatusReader, id_order, status_time
from collectors.values import slug

PAGE: Final = 40
"""The most that a server gives at once."""
FIRST_PAGES: Final = 5
"""How far the first visit looks back, at most."""
PAGES_A_VISIT: Final = 25
"""Further ones wait for the next visit; the walk is forward, so nothing is skipped meanwhile."""
BACKFILL: Final = timedelta(days=7)
MAX_PAGE_BYTES: Final = 5_000_000
UNTIL_RESET: Final = timedelta(minutes=5)
"""The window of Mastodon's limits: how long to wait on a 429 that names no time."""
NO_TAG: Final = re.compile(r"[^\w]+")


@dataclass(frozen=True, slots=True)
class Timeline:
    """One list of statuses that is followed; `key` is its place in the checkpoint."""

    key: str
    path: str
    parameters: Mapping[str, str]


class Mastodon:
    """Follows tag timelines and the brand's accounts on the server at `base_url`.

    Options: `tags` (else made of the brands' slugs and names). The accounts are those under `handles.mastodon` of the
    brands; through them the brand's replies are seen, as far as the server knows them. The checkpoint holds, for every
    timeline, the highest id that was read: the walk goes forward with `min_id`, page by page, and leaves no hole.
    """

    kind = "mastodon"
    capabilities = Capabilities(
        sees_replies=True,
        engagement=frozenset({"likes", "shares", "replies"}),
        needs=("base_url",),
    )

    def __init__(self, egress: Egress, clock: Clock | None = None) -> None:
        self._egress = egress
        self._clock = clock or SystemClock()

    async def collect(self, request: CollectRequest, since: Checkpoint | None) -> AsyncIterator[Event]:
        """Everything new on every timeline, oldest first within each, a checkpoint behind every page."""
        name, base = request.source.name, (request.source.base_url or "").rstrip("/")
        if not urlsplit(base).hostname:
            raise SourceUnreadable(f'{name}: write base_url = "https://.." into this source: the address of the server')
        known = dict(since.value) if since and since.value.get("base_url") == base else {}
        marks: dict[str, str] = dict(known.get("marks", {}))
        accounts: dict[str, str] = dict(known.get("accounts", {}))
        reader = StatusReader(request, base, self._clock.now())
        for timeline in [*tag_timelines(request), *await self._account_timelines(request, base, accounts)]:
            async for page in self._pages(request, base, timeline, marks):
                for event in page:
                    if isinstance(event, Gap):
                        yield event
                    elif (post := reader.post(event)) is not None:
                        yield post
                yield Checkpoint({"base_url": base, "marks": dict(marks), "accounts": dict(accounts)})
        yield Checkpoint({"base_url": base, "marks": marks, "accounts": accounts})

    async def _pages(
        self, request: CollectRequest, base: str, timeline: Timeline, marks: dict[str, str]
    ) -> AsyncIterator[list[Mapping[str, Any] | Gap]]:
        """Pages of statuses, oldest first; `marks` has moved past a page when it is given out."""
        if timeline.key not in marks:
            first = await self._first_visit(request, base, timeline)
            if first:
                marks[timeline.key] = str(first[-1]["id"])
                yield self._within_window(timeline, first)
            return
        for _ in range(PAGES_A_VISIT):
            mark = marks[timeline.key]
            statuses, answer = await self._page(request, base, timeline, {"min_id": mark})
            newer = [status for status in statuses if id_order(str(status["id"])) > id_order(mark)]
            if not newer:
                return
            marks[timeline.key] = str(newer[-1]["id"])
            yield list(newer)
            self._stop_when_exhausted(answer, request.source.name)

    async def _first_visit(self, request: CollectRequest, base: str, timeline: Timeline) -> list[Mapping[str, Any]]:
        """The newest pages, oldest first, back to the window's start or to the last page that is looked at."""
        found: list[Mapping[str, Any]] = []
        for _ in range(FIRST_PAGES):
            before = {"max_id": str(found[0]["id"])} if found else {}
            page, _ = await self._page(request, base, timeline, before)
            older = [one for one in page if not found or id_order(str(one["id"])) < id_order(str(found[0]["id"]))]
            found = [*older, *found]
            if not older or self._created(found[0]) <= self._clock.now() - BACKFILL:
                break
        return found

    def _within_window(self, timeline: Timeline, found: list[Mapping[str, Any]]) -> list[Mapping[str, Any] | Gap]:
        """What is young enough, behind the hole that is left where the pages did not reach the window's start."""
        start, oldest = self._clock.now() - BACKFILL, self._created(found[0])
        young: list[Mapping[str, Any] | Gap] = [one for one in found if self._created(one) >= start]
        if oldest > start and len(found) >= FIRST_PAGES * PAGE:
            young.insert(0, Gap(start, oldest, f"the first visit to {timeline.key} ended after {FIRST_PAGES} pages"))
        return young

    def _created(self, status: Mapping[str, Any]) -> datetime:
        return status_time(status.get("created_at")) or self._clock.now()

    async def _page(
        self, request: CollectRequest, base: str, timeline: Timeline, where: Mapping[str, str]
    ) -> tuple[list[Mapping[str, Any]], Answer]:
        """One page, oldest first."""
        query = urlencode({"limit": str(PAGE), **timeline.parameters, **where})
        answer = await self._get(request, f"{base}{timeline.path}?{query}")
        name = request.source.name
        statuses = _json(answer, name)
        if not isinstance(statuses, list):
            raise SourceUnreadable(
                f"{name}: {place(answer.url)} did not answer with a list of statuses; check base_url"
            )
        usable = [status for status in statuses if isinstance(status, dict) and status.get("id")]
        return sorted(usable, key=lambda status: id_order(str(status["id"]))), answer

    async def _account_timelines(self, request: CollectRequest, base: str, accounts: dict[str, str]) -> list[Timeline]:
        """The brands' own accounts; one that the server does not know is left out, and asked for again next time."""
        timelines = []
        for handle in brand_handles(request):
            if handle not in accounts:
                try:
                    answer = await self._get(request, f"{base}/api/v1/accounts/lookup?{urlencode({'acct': handle})}")
                except SourceUnreadable:
                    continue
                found = _json(answer, request.source.name)
                if not isinstance(found, dict) or not found.get("id"):
                    continue
                accounts[handle] = str(found["id"])
            path = f"/api/v1/accounts/{quote(accounts[handle], safe='')}/statuses"
            timelines.append(Timeline(f"account:{handle}", path, {"exclude_reblogs": "true"}))
        return timelines

    async def _get(self, request: CollectRequest, url: str) -> Answer:
        headers = {"Accept": "application/json"}
        answer = await fetch(self._egress, request, url, headers=headers, max_bytes=MAX_PAGE_BYTES)
        name = request.source.name
        if answer.status in (401, 403, 422):
            raise SourceRefused(
                f"{name}: {place(answer.url)} answered {answer.status}{_reason(answer)}: this server wants an "
                "account for reading; make an access token there and name its variable as token_env"
            )
        wait = until_reset(answer, self._clock.now()) or UNTIL_RESET
        raise_for_status(answer, name, now=self._clock.now(), default_wait=wait)
        return answer

    def _stop_when_exhausted(self, answer: Answer, name: str) -> None:
        """Stop before the server has to say 429; what was read is behind a checkpoint already."""
        if answer.headers.get("x-ratelimit-remaining") == "0":
            wait = until_reset(answer, self._clock.now()) or UNTIL_RESET
            raise SourceThrottled(
                f"{name}: the server's allowance is used up; going on after its reset", retry_after=wait
            )


def tag_timelines(request: CollectRequest) -> list[Timeline]:
    """The tags that are followed: those of the options, else the brands' slugs and names as tags."""
    given = request.source.options.get("tags")
    if isinstance(given, list | tuple):
        words = [str(tag) for tag in given]
    else:
        words = [word for brand in request.brands for word in (brand.slug, slug(brand.name))]
    tags = dict.fromkeys(tag for word in words if (tag := NO_TAG.sub("", word)))
    return [Timeline(f"tag:{tag}", f"/api/v1/timelines/tag/{quote(tag, safe='')}", {}) for tag in tags]


def brand_handles(request: CollectRequest) -> list[str]:
    """The brands' accounts, without the leading @."""
    handles = (handle for brand in request.brands for handle in brand.handles.get("mastodon", ()))
    return list(dict.fromkeys(handle.strip().lstrip("@").casefold() for handle in handles if handle.strip("@ ")))


def until_reset(answer: Answer, now: datetime) -> timedelta | None:
    """How long until the allowance comes back: `X-RateLimit-Reset` as ISO 8601 (Mastodon) or unix seconds (others)."""
    told = answer.headers.get("x-ratelimit-reset", "").strip()
    try:
        reset = datetime.fromtimestamp(float(told), UTC) if told[:10].isdecimal() else datetime.fromisoformat(told)
    except (ValueError, OverflowError, OSError):
        return None
    reset = reset.replace(tzinfo=UTC) if reset.tzinfo is None else reset
    there = http_date(answer.headers.get("date", "")) or now
    return min(max(reset - there, timedelta()) + timedelta(seconds=1), timedelta(hours=1))


def _json(answer: Answer, name: str) -> Any:
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        raise SourceUnreadable(f"{name}: {place(answer.url)} did not answer with JSON; check base_url") from None


def _reason(answer: Answer) -> str:
    """The server's own words, which may be in any language."""
    try:
        told = json.loads(answer.body)
    except (ValueError, RecursionError):
        return ""
    reason = plain_text(str(told.get("error", "")))[:200] if isinstance(told, dict) else ""
    return f" ({reason})" if reason else ""
