"""A Mastodon status as a post."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from app.domain.ports import CollectRequest
from app.domain.posts import Author, EngagementSample, Post
from collectors.plain import plain_text, safe_link


def id_order(status_id: str) -> tuple[int, str]:
    """Orders ids by age: they are numbers written out, of any length (or, on other servers, texts of one length)."""
    return (len(status_id), status_id)


class StatusReader:
    """Reads the statuses of one visit; a status that two timelines show comes once."""

    def __init__(self, request: CollectRequest, base_url: str, now: datetime) -> None:
        self._source = request.source.name
        self._host = urlsplit(base_url).hostname or ""
        self._now = now
        self._given: set[str] = set()
        self._brands_of: dict[str, tuple[str, ...]] = {}
        for brand in request.brands:
            for handle in brand.handles.get("mastodon", ()):
                acct = self._full(handle.strip().lstrip("@"))
                self._brands_of[acct] = (*self._brands_of.get(acct, ()), brand.slug)

    def post(self, status: Mapping[str, Any]) -> Post | None:
        """The post, or None for a boost, for what is not public, and for an author who asks not to be indexed."""
        status_id, account = str(status["id"]), status.get("account")
        if not isinstance(account, dict) or status_id in self._given or status.get("reblog"):
            return None
        if status.get("visibility") in ("private", "direct") or account.get("noindex") is True:
            return None
        self._given.add(status_id)
        acct = self._full(str(account.get("acct") or account.get("id")))
        brands = self._brands_of.get(acct, ())
        return Post(
            source=self._source,
            external_id=status_id,
            text=_text(status),
            author=_author(account, acct),
            created_at=status_time(status.get("created_at")),
            url=safe_link(_string(status.get("url")) or _string(status.get("uri"))),
            language=_string(status.get("language")),
            parent_id=_string(status.get("in_reply_to_id")),
            edited_at=status_time(status.get("edited_at")),
            engagement=self._sample(status, status_id),
            brands=brands,
            by_brand=bool(brands),
            extra=_extra(status, account),
        )

    def _sample(self, status: Mapping[str, Any], status_id: str) -> EngagementSample | None:
        sample = EngagementSample(
            self._source,
            status_id,
            self._now,
            likes=_count(status.get("favourites_count")),
            shares=_count(status.get("reblogs_count")),
            replies=_count(status.get("replies_count")),
        )
        return sample if sample.told else None

    def _full(self, acct: str) -> str:
        """`user@server`; the server leaves out its own name."""
        folded = acct.casefold()
        return folded if "@" in folded else f"{folded}@{self._host}"


def _text(status: Mapping[str, Any]) -> str:
    warning = plain_text(_string(status.get("spoiler_text")) or "")
    words = plain_text(_string(status.get("content")) or "")
    return f"{warning}\n\n{words}" if warning else words


def _author(account: Mapping[str, Any], acct: str) -> Author:
    name = _string(account.get("display_name"))
    return Author(acct, handle=acct, name=name, followers=_count(account.get("followers_count")))


def _extra(status: Mapping[str, Any], account: Mapping[str, Any]) -> Mapping[str, Any]:
    mentions, tags = status.get("mentions"), status.get("tags")
    return {
        "uri": _string(status.get("uri")),
        "bot": account.get("bot") is True,
        "mentions": [str(one.get("acct")) for one in mentions or () if isinstance(one, dict)],
        "tags": [str(one.get("name")) for one in tags or () if isinstance(one, dict)],
    }


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63 else None


def status_time(value: Any) -> datetime | None:
    """A time of a status, in UTC; None for one that is missing or no time."""
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else None
        return instant and (instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC))
    except (ValueError, OverflowError):
        return None
