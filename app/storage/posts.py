"""Posts, mentions, engagement samples and tombstones: what intake writes, and what the reader takes to read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, func, select, tuple_, update

from app.domain.posts import EngagementSample, PostKind, Tombstone
from app.storage.bulk import Row, insert_missing, insert_missing_returning
from app.storage.tables import engagement_sample, mention, post, reading


@dataclass(frozen=True, slots=True)
class Known:
    """A post that is already stored under its natural key."""

    id: str
    content_hash: str
    is_removed: bool


class Unread(NamedTuple):
    """A mention as the reader needs it; `read_hash` is the hash of the text that was read before, if any."""

    mention_id: str
    post_id: str
    brand: str
    role: str
    event_at: datetime
    source: str
    author: str | None
    text: str | None
    title: str | None
    language: str | None
    followers: int | None
    is_verified: bool
    rating: float | None
    visibility: str
    is_late: bool
    content_hash: str
    external_id: str
    parent_id: str | None
    thread_id: str | None
    kind: str
    read_hash: str | None

    @property
    def is_followed(self) -> bool:
        """Whether its complaints are cases; what staff say of their own house is counted, and followed by nobody."""
        return self.kind != PostKind.STAFF_FEEDBACK

    @property
    def is_reply(self) -> bool:
        """Whether the brand itself wrote it."""
        return self.role == "reply"


_KEY = ("source", "external_id")


def insert_posts(tx: Connection, rows: Sequence[Row]) -> set[str]:
    """Insert the posts that are new by their natural key; the ids of those really inserted."""
    return insert_missing_returning(tx, post, rows, key=_KEY, returning="id")


def known_posts(tx: Connection, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Known]:
    """What is stored under these natural keys."""
    if not keys:
        return {}
    statement = select(post.c.source, post.c.external_id, post.c.id, post.c.content_hash, post.c.removed_at).where(
        tuple_(post.c.source, post.c.external_id).in_(keys)
    )
    return {(row[0], row[1]): Known(row[2], row[3], row[4] is not None) for row in tx.execute(statement)}


def revise_posts(tx: Connection, rows: Sequence[Row]) -> None:
    """Replace the text of edited posts; each row: post_id, and `new_` text, title, hash, edited_at, truncated."""
    if not rows:
        return
    statement = (
        update(post)
        .where(post.c.id == bindparam("post_id"))
        .values(
            text=bindparam("new_text"),
            title=bindparam("new_title"),
            content_hash=bindparam("new_hash"),
            edited_at=bindparam("new_edited_at"),
            is_truncated=bindparam("new_truncated"),
        )
    )
    tx.execute(statement, list(rows))


def insert_mentions(tx: Connection, rows: Sequence[Row]) -> None:
    """Insert the mentions that are not there yet."""
    insert_missing(tx, mention, rows, key=("post_id", "brand"))


def mention_ids(tx: Connection, post_ids: Sequence[str]) -> dict[str, list[str]]:
    """The mentions of each post."""
    found: dict[str, list[str]] = {}
    if post_ids:
        for row in tx.execute(select(mention.c.post_id, mention.c.id).where(mention.c.post_id.in_(post_ids))):
            found.setdefault(row[0], []).append(row[1])
    return found


def insert_samples(tx: Connection, samples: Iterable[tuple[str, EngagementSample]]) -> None:
    """Append engagement samples, each with the id of its post; the same moment twice is one sample."""
    rows = [
        {
            "post_id": post_id,
            "at": sample.at,
            "views": sample.views,
            "likes": sample.likes,
            "shares": sample.shares,
            "replies": sample.replies,
        }
        for post_id, sample in samples
    ]
    insert_missing(tx, engagement_sample, rows, key=("post_id", "at"))


def remove_posts(tx: Connection, tombstones: Sequence[Tombstone]) -> list[str]:
    """Remove text and author of these posts; labels and counts stay. Returns the ids of those that were there."""
    removed: list[str] = []
    for stone in tombstones:
        statement = (
            update(post)
            .where(post.c.source == stone.source, post.c.external_id == stone.external_id, post.c.removed_at.is_(None))
            .values(_erased(stone))
            .returning(post.c.id)
        )
        removed += tx.execute(statement).scalars()
    return removed


def _erased(stone: Tombstone) -> dict[str, Any]:
    blank = dict.fromkeys(("text", "title", "url", "handle", "author_name", "author"))
    return {**blank, "removed_at": stone.at, "removed_why": stone.reason}


def removed_among(tx: Connection, post_ids: Sequence[str]) -> set[str]:
    """Those of these posts whose text and author are gone."""
    if not post_ids:
        return set()
    return set(tx.execute(select(post.c.id).where(post.c.id.in_(post_ids), post.c.removed_at.is_not(None))).scalars())


def unread(tx: Connection, ids: Sequence[str]) -> list[Unread]:
    """The mentions with these ids as the reader needs them, in the order of time."""
    statement = (
        select(
            mention.c.id,
            mention.c.post_id,
            mention.c.brand,
            mention.c.role,
            mention.c.event_at,
            post.c.source,
            post.c.author,
            post.c.text,
            post.c.title,
            post.c.language,
            post.c.followers,
            post.c.is_verified,
            post.c.rating,
            post.c.visibility,
            post.c.is_late,
            post.c.content_hash,
            post.c.external_id,
            post.c.parent_id,
            post.c.thread_id,
            post.c.kind,
            reading.c.content_hash,
        )
        .join(post, post.c.id == mention.c.post_id)
        .outerjoin(reading, reading.c.mention_id == mention.c.id)
        .where(mention.c.id.in_(ids))
        .order_by(mention.c.event_at, mention.c.id)
    )
    return [Unread._make(row) for row in tx.execute(statement)]


def content_hashes(tx: Connection, mention_ids: Sequence[str]) -> dict[str, str]:
    """The hash of the text that the post of each of these mentions has now."""
    if not mention_ids:
        return {}
    statement = (
        select(mention.c.id, post.c.content_hash)
        .join(post, post.c.id == mention.c.post_id)
        .where(mention.c.id.in_(mention_ids))
    )
    return {row[0]: row[1] for row in tx.execute(statement)}


def latest_samples(tx: Connection, post_ids: Sequence[str]) -> dict[str, EngagementSample]:
    """The newest engagement sample of each of these posts."""
    if not post_ids:
        return {}
    newest = (
        select(engagement_sample.c.post_id, func.max(engagement_sample.c.at).label("at"))
        .where(engagement_sample.c.post_id.in_(post_ids))
        .group_by(engagement_sample.c.post_id)
        .subquery()
    )
    statement = select(engagement_sample).join(
        newest, (newest.c.post_id == engagement_sample.c.post_id) & (newest.c.at == engagement_sample.c.at)
    )
    return {
        row.post_id: EngagementSample("", row.post_id, row.at, row.views, row.likes, row.shares, row.replies)
        for row in tx.execute(statement)
    }


def post_ids_of(tx: Connection, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The ids of stored posts by natural key."""
    return {key: known.id for key, known in known_posts(tx, keys).items()}
