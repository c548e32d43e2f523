"""What is usual for a brand: the reach and the engagement that 95 of 100 of its posts stay under."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, select

from app.storage.tables import engagement_sample, mention, post

_LOOK_BACK: Final = timedelta(days=30)
_MOST: Final = 2000


def followers(tx: Connection, brand: str, now: datetime) -> list[int]:
    """Followers of the authors of the brand's newest posts, at most 2,000 of the last 30 days."""
    statement = (
        select(post.c.followers)
        .join(mention, mention.c.post_id == post.c.id)
        .where(mention.c.brand == brand, mention.c.event_at > now - _LOOK_BACK, post.c.followers.is_not(None))
        .order_by(mention.c.event_at.desc())
        .limit(_MOST)
    )
    return list(tx.execute(statement).scalars())


def engagement(tx: Connection, brand: str, now: datetime) -> list[tuple[int, int | None]]:
    """The highest engagement and views of each of the brand's newest posts that told any."""
    value = func.max(
        func.coalesce(engagement_sample.c.likes, 0)
        + func.coalesce(engagement_sample.c.shares, 0)
        + func.coalesce(engagement_sample.c.replies, 0)
    )
    statement = (
        select(value, func.max(engagement_sample.c.views))
        .join(mention, mention.c.post_id == engagement_sample.c.post_id)
        .where(mention.c.brand == brand, mention.c.event_at > now - _LOOK_BACK)
        .group_by(engagement_sample.c.post_id)
        .limit(_MOST)
    )
    return [(int(row[0]), row[1]) for row in tx.execute(statement)]
