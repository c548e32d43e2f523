"""Posts, their authors, mentions and engagement samples: what comes in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

MAX_TEXT_CHARS: Final = 20_000
"""Texts are kept and read up to here; the rest is cut and marked."""
LATE_AFTER: Final = timedelta(hours=6)
"""A post first seen later than this counts in buckets and cases, and not in the live burst rings."""
OLDEST: Final = timedelta(days=365 * 20)
NEWEST: Final = timedelta(minutes=10)


class PostKind(StrEnum):
    """What kind of statement it is; surveys, tickets and staff feedback are always private."""

    POST = "post"
    COMMENT = "comment"
    REVIEW = "review"
    VIDEO = "video"
    ARTICLE = "article"
    SURVEY = "survey"
    ISSUE = "issue"
    TICKET = "ticket"
    STAFF_FEEDBACK = "staff_feedback"


PRIVATE_KINDS: Final = frozenset({PostKind.SURVEY, PostKind.TICKET, PostKind.STAFF_FEEDBACK})


class Visibility(StrEnum):
    """Private posts never enter public trends or the feed of marketing."""

    PUBLIC = "public"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a post; `external_id` is unique within the source, `followers` `None` where it is not told."""

    external_id: str
    handle: str | None = None
    name: str | None = None
    followers: int | None = None
    verified: bool = False


@dataclass(frozen=True, slots=True)
class EngagementSample:
    """Counters of a post at one moment. `None` = the source does not tell; 0 = it told zero. Counters may fall."""

    source: str
    external_id: str
    at: datetime
    views: int | None = None
    likes: int | None = None
    shares: int | None = None
    replies: int | None = None

    @property
    def reactions(self) -> int | None:
        """Likes, shares and replies together; `None` where the source tells none of them."""
        told = [value for value in (self.likes, self.shares, self.replies) if value is not None]
        return sum(told) if told else None

    @property
    def told(self) -> bool:
        """Whether the source told anything at all."""
        return self.views is not None or self.reactions is not None


@dataclass(frozen=True, slots=True)
class OwnerReply:
    """The answer of the business that a review site carries inside the review."""

    text: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """One statement with its natural key (source, external_id), as a collector emits it.

    `created_at` is what the source claims, and may be missing or absurd; `brands` is set where the input names the
    brand itself (push, replay with a brand column), and then no query decides; `by_brand` marks a post by one of the
    brand's own handles.
    """

    source: str
    external_id: str
    text: str
    author: Author
    created_at: datetime | None = None
    kind: PostKind = PostKind.POST
    visibility: Visibility = Visibility.PUBLIC
    title: str | None = None
    url: str | None = None
    language: str | None = None
    parent_id: str | None = None
    thread_id: str | None = None
    edited_at: datetime | None = None
    rating: float | None = None
    rating_max: float | None = None
    owner_reply: OwnerReply | None = None
    engagement: EngagementSample | None = None
    brands: tuple[str, ...] = ()
    by_brand: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        """The natural key."""
        return (self.source, self.external_id)


@dataclass(frozen=True, slots=True)
class Tombstone:
    """The source says that a post or an author is gone: text and author are removed, labels and counts stay."""

    source: str
    external_id: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of time that a collector could not read; a hole in the trends, never a drop."""

    start: datetime
    end: datetime
    why: str


def event_time(created_at: datetime | None, first_seen_at: datetime) -> datetime:
    """The source's time where it is plausible, else the time first seen. Frozen at first insert."""
    if created_at is None:
        return first_seen_at
    if not -OLDEST <= created_at - first_seen_at <= NEWEST:
        return first_seen_at
    return min(created_at.astimezone(UTC), first_seen_at)


def is_late(event_at: datetime, first_seen_at: datetime) -> bool:
    """Whether the post was first seen too late to count as live."""
    return first_seen_at - event_at > LATE_AFTER
