"""Reads of sources, with the marks that their health is judged by."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from app.domain.brands import SourceConfig
from app.domain.serialise import source_from_json
from app.storage import tables as t


@dataclass(frozen=True, slots=True)
class SourceMarks:
    """What the database knows of a source."""

    config: SourceConfig
    sees_replies: bool
    answerable: bool
    next_poll_at: datetime | None
    fails: int
    paused_why: str | None
    last_success_at: datetime | None
    last_event_at: datetime | None
    last_error: str | None
    applied_at: datetime
    posts: int
    open_gaps: int


def sources(tx: Connection) -> list[SourceMarks]:
    """Every source that is pulled now, by name, with how many posts it brought and how many gaps it has."""
    posts = _post_counts(tx)
    query = select(t.gap.c.source, func.count()).group_by(t.gap.c.source)
    gaps = {row[0]: row[1] for row in tx.execute(query)}
    rows = tx.execute(select(t.source).where(t.source.c.retired_at.is_(None)).order_by(t.source.c.name))
    return [
        SourceMarks(
            config=source_from_json(row.config),
            sees_replies=row.sees_replies,
            answerable=row.answerable,
            next_poll_at=row.next_poll_at,
            fails=row.fails,
            paused_why=row.paused_why,
            last_success_at=row.last_success_at,
            last_event_at=row.last_event_at,
            last_error=row.last_error,
            applied_at=row.applied_at,
            posts=posts.get(row.name, 0),
            open_gaps=gaps.get(row.name, 0),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class SourcePoll:
    """When a source is known to have been read; `is_polled` is false for one that is pushed or replayed."""

    config: SourceConfig
    is_polled: bool
    last_success_at: datetime | None
    applied_at: datetime


def source_polls(tx: Connection) -> list[SourcePoll]:
    """Every source that is not retired, by name."""
    query = select(t.source).where(t.source.c.retired_at.is_(None)).order_by(t.source.c.name)
    return [
        SourcePoll(source_from_json(row.config), row.next_poll_at is not None, row.last_success_at, row.applied_at)
        for row in tx.execute(query)
    ]


def _post_counts(tx: Connection) -> dict[str, int]:
    query = select(t.post.c.source, func.count()).group_by(t.post.c.source)
    return {row[0]: row[1] for row in tx.execute(query)}
