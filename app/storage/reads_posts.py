"""Reads of posts with the mention they are seen through, its active reading, and their engagement."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, cast, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import JSONB

from app.domain.access import Sight
from app.storage import tables as t
from app.storage.reads_rows import posts_seen_by

MOST_SAMPLES: Final = 2_000
_LISTS: Final = frozenset({"justice", "origin", "standard", "signals"})


@dataclass(frozen=True, slots=True)
class PostView:
    """A post as one brand is mentioned in it; `text`, `title`, `url` and the author are `None` once it was removed.

    `labels` is empty until the mention was read.
    """

    id: str
    mention: str
    brand: str
    role: str
    source: str
    external_id: str
    kind: str
    visibility: str
    event_at: datetime
    first_seen_at: datetime
    created_at: datetime | None
    edited_at: datetime | None
    url: str | None
    title: str | None
    text: str | None
    is_truncated: bool
    language: str | None
    author: str | None
    handle: str | None
    author_name: str | None
    followers: int | None
    rating: float | None
    rating_max: float | None
    thread_id: str | None
    parent_id: str | None
    is_late: bool
    removed_at: datetime | None
    removed_why: str | None
    classifier: str | None = None
    labels: Mapping[str, Any] = field(default_factory=dict)
    score: float | None = None
    is_uncertain: bool = False

    @property
    def is_removed(self) -> bool:
        """Whether text and author were taken out; labels and counts stay."""
        return self.removed_at is not None

    @property
    def tags(self) -> tuple[str, ...]:
        """Every code that was read out of it, as the cards show them: failure, justice, stage, severity, signals."""
        single = [self.labels.get(name) for name in ("failure", "stage", "severity")]
        listed = [code for name in ("justice", "signals") for code in self.labels.get(name) or ()]
        return tuple(code for code in (*single, *listed) if code)


_POST_FIELDS: Final = frozenset(item.name for item in fields(PostView))


@dataclass(frozen=True, slots=True)
class SampleView:
    """Counters of a post at one moment; `None` = not told."""

    post: str
    at: datetime
    views: int | None
    likes: int | None
    shares: int | None
    replies: int | None


@dataclass(frozen=True, slots=True)
class PostFilters:
    """What to list. `label` is `(field, code)` of the active reading, such as `("failure", "delay")`."""

    brand: str | None = None
    source: str | None = None
    language: str | None = None
    kind: str | None = None
    label: tuple[str, str] | None = None
    since: datetime | None = None
    until: datetime | None = None


def list_posts(
    tx: Connection, filters: PostFilters, *, sight: Sight, after: tuple[datetime, str] | None, limit: int
) -> list[PostView]:
    """Newest first by event time; `after` is the (event_at, mention) of the last one seen."""
    mention = t.mention
    query = _select().where(posts_seen_by(sight), *_conditions(filters, is_sqlite=tx.dialect.name == "sqlite"))
    if after is not None:
        at, last = after
        older = or_(mention.c.event_at < at, and_(mention.c.event_at == at, mention.c.id < last))
        query = query.where(older)
    query = query.order_by(mention.c.event_at.desc(), mention.c.id.desc()).limit(limit)
    return [_view(row) for row in tx.execute(query)]


def posts_of(tx: Connection, ids: Iterable[str], *, sight: Sight, brand: str | None = None) -> dict[str, PostView]:
    """Posts by id, seen through `brand` where it is given; those that may not be seen are missing."""
    wanted = sorted(set(ids))
    found: dict[str, PostView] = {}
    for start in range(0, len(wanted), 500):
        query = _select().where(posts_seen_by(sight), t.post.c.id.in_(wanted[start : start + 500]))
        if brand is not None:
            query = query.where(t.mention.c.brand == brand)
        for row in tx.execute(query.order_by(t.mention.c.id)):
            view = _view(row)
            found.setdefault(view.id, view)
    return found


def mentions_of(tx: Connection, post: str, *, sight: Sight) -> list[PostView]:
    """One post as every brand that may be seen is mentioned in it."""
    query = _select().where(posts_seen_by(sight), t.post.c.id == post).order_by(t.mention.c.brand)
    return [_view(row) for row in tx.execute(query)]


def foreign_keys(tx: Connection, keys: Sequence[tuple[str, str]], *, sight: Sight) -> set[tuple[str, str]]:
    """Those natural keys that belong to a stored post with mentions of other brands than this reader may see."""
    if sight.brands is None or not keys:
        return set()
    post, mention = t.post, t.mention
    query = select(post.c.source, post.c.external_id).join(mention, mention.c.post_id == post.c.id)
    query = query.where(tuple_(post.c.source, post.c.external_id).in_(keys), mention.c.brand.not_in(sight.brands))
    return {(row.source, row.external_id) for row in tx.execute(query)}


def case_posts(tx: Connection, case: str, *, sight: Sight, limit: int = 200) -> list[PostView]:
    """The complaints of a case, oldest first."""
    query = (
        _select()
        .join(t.case_member, t.case_member.c.mention_id == t.mention.c.id)
        .where(t.case_member.c.case_id == case, posts_seen_by(sight))
        .order_by(t.mention.c.event_at, t.mention.c.id)
        .limit(limit)
    )
    return [_view(row) for row in tx.execute(query)]


def samples_of(tx: Connection, posts: Sequence[str], *, limit: int = MOST_SAMPLES) -> list[SampleView]:
    """Engagement over time of a few posts, oldest first; where there are more than `limit`, the newest of them."""
    if not posts:
        return []
    sample = t.engagement_sample
    query = select(sample).where(sample.c.post_id.in_(posts)).order_by(sample.c.at.desc()).limit(limit)
    rows = list(tx.execute(query))
    return [SampleView(row.post_id, row.at, row.views, row.likes, row.shares, row.replies) for row in reversed(rows)]


def predictions_of(tx: Connection, mentions: Sequence[str]) -> list[tuple[str, str, Mapping[str, Any]]]:
    """(mention, classifier, body) of what every classifier read out of these mentions."""
    prediction = t.prediction
    query = select(prediction.c.mention_id, prediction.c.classifier, prediction.c.body)
    query = query.where(prediction.c.mention_id.in_(mentions)).order_by(
        prediction.c.mention_id, prediction.c.classifier
    )
    return [(row.mention_id, row.classifier, row.body) for row in tx.execute(query)]


def _select() -> Select[Any]:
    post, mention, reading = t.post, t.mention, t.reading
    columns = [column for column in post.c if column.name in _POST_FIELDS]
    return select(
        *columns,
        mention.c.id.label("mention"),
        mention.c.brand,
        mention.c.role,
        reading.c.classifier,
        reading.c.labels,
        reading.c.score,
        reading.c.is_uncertain,
    ).select_from(
        mention.join(post, post.c.id == mention.c.post_id).outerjoin(reading, reading.c.mention_id == mention.c.id)
    )


def _view(row: Row[Any]) -> PostView:
    values = dict(row._mapping)
    values["labels"] = values["labels"] or {}
    values["is_uncertain"] = bool(values["is_uncertain"])
    return PostView(**values)


def _conditions(filters: PostFilters, *, is_sqlite: bool) -> list[ColumnElement[bool]]:
    post, mention = t.post, t.mention
    conditions: list[ColumnElement[bool]] = []
    if filters.brand is not None:
        conditions.append(mention.c.brand == filters.brand)
    if filters.source is not None:
        conditions.append(post.c.source == filters.source)
    if filters.language is not None:
        conditions.append(post.c.language == filters.language)
    if filters.kind is not None:
        conditions.append(post.c.kind == filters.kind)
    if filters.since is not None:
        conditions.append(mention.c.event_at >= filters.since)
    if filters.until is not None:
        conditions.append(mention.c.event_at < filters.until)
    if filters.label is not None:
        conditions.append(_has_label(*filters.label, is_sqlite=is_sqlite))
    return conditions


def _has_label(name: str, code: str, *, is_sqlite: bool) -> ColumnElement[bool]:
    labels = t.reading.c.labels
    if name == "complaint":
        return t.reading.c.complaint.is_(code == "yes")
    if name not in _LISTS:
        named: ColumnElement[bool] = labels[name].as_string() == code
        return named
    if is_sqlite:
        # The codes come from the taxonomy: no quote can stand in one, so the quoted code is the whole element.
        return func.json_extract(labels, f"$.{name}").contains(f'"{code}"', autoescape=True)
    return cast(labels, JSONB).contains({name: [code]})
