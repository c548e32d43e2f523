"""Posts: the list, and one post with what every classifier read out of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.access import EVERYTHING_PUBLIC, Sight
from app.domain.errors import NotFound
from app.queries import cursors
from app.storage import reads_posts
from app.storage.database import Transaction
from app.storage.reads_posts import PostFilters, PostView, SampleView

__all__ = ["PostDetail", "PostFilters", "PostPage", "PostView", "PredictionView", "SampleView", "one_post", "posts"]


@dataclass(frozen=True, slots=True)
class PostPage:
    """One page of posts; `next_cursor` is `None` on the last."""

    posts: tuple[PostView, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class PredictionView:
    """What one classifier said about one mention."""

    brand: str
    classifier: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PostDetail:
    """A post as each brand is mentioned in it, every prediction, and its engagement oldest first."""

    mentions: tuple[PostView, ...]
    predictions: tuple[PredictionView, ...]
    samples: tuple[SampleView, ...]


def posts(
    tx: Transaction,
    filters: PostFilters,
    *,
    sight: Sight = EVERYTHING_PUBLIC,
    cursor: str | None = None,
    limit: int = 50,
) -> PostPage:
    """Newest first by event time; a post that mentions two brands comes once for each. Raises `MalformedInput`."""
    after = cursors.decode("posts", cursor, (datetime, str))
    found = reads_posts.list_posts(
        tx, filters, sight=sight, after=None if after is None else (after[0], after[1]), limit=limit + 1
    )
    shown = found[:limit]
    more = cursors.encode("posts", (shown[-1].event_at, shown[-1].mention)) if len(found) > limit else None
    return PostPage(tuple(shown), more)


def one_post(tx: Transaction, post_id: str, *, sight: Sight = EVERYTHING_PUBLIC) -> PostDetail:
    """One post. Raises `NotFound` where there is none that may be seen."""
    mentions = reads_posts.mentions_of(tx, post_id, sight=sight)
    if not mentions:
        message = f"There is no post {post_id}."
        raise NotFound(message)
    brands = {view.mention: view.brand for view in mentions}
    predictions = reads_posts.predictions_of(tx, list(brands))
    return PostDetail(
        mentions=tuple(mentions),
        predictions=tuple(PredictionView(brands[mention], name, body) for mention, name, body in predictions),
        samples=tuple(reads_posts.samples_of(tx, [post_id])),
    )
