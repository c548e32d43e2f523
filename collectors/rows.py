"""Rows of a mapped table as posts."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from app.domain.posts import PRIVATE_KINDS, Author, EngagementSample, Post, PostKind, Visibility
from collectors.mapping import ColumnMapping, ColumnSpec
from collectors.values import count, decimal, identifier, scalar, shown, slug, source_name, time_parser

Row = Mapping[str, Any]
Getter = Callable[[Row], Any]
MakePost = Callable[[Row], Post]
KINDS: Final = {kind.value: kind for kind in PostKind}


def post_maker(mapping: ColumnMapping, source: str) -> MakePost:
    """A function from a row to its post; it raises `ValueError` with the reason for a row that is none.

    Everything that does not depend on the row is decided here, since this is the hot path of a replay.
    """
    fields = mapping.fields
    text, author, created = _getter(fields["text"]), _optional(fields, "author"), _time_getter(fields.get("created_at"))
    external_id, brands = _optional(fields, "id"), _brands_getter(fields.get("brand"))
    kind, by_brand = _kind_getter(fields.get("kind")), _claim_getter(fields.get("by_brand"))
    named_source, followers = _optional(fields, "source"), _optional(fields, "followers")
    counters = tuple(
        (name, _getter(fields[name])) for name in ("views", "likes", "shares", "replies") if name in fields
    )
    rest = tuple((target, convert, _getter(fields[name])) for name, target, convert in REST if name in fields)

    def make(row: Row) -> Post:
        if type(row) is not dict:
            raise ValueError("is no JSON object")
        words = text(row)
        if type(words) is not str:
            words = scalar(words)
        created_at = created(row)
        who = identifier(author(row))
        key = identifier(external_id(row)) or _row_hash("id" in fields, who, created_at, words)
        origin = source_name(scalar(named_source(row)) or source)
        what = kind(row)
        told = {name: count(get(row)) for name, get in counters}
        return Post(
            source=origin,
            external_id=key,
            text=words,
            author=Author(who or f"unknown:{key}", handle=who, followers=count(followers(row))),
            created_at=created_at,
            kind=what,
            visibility=Visibility.PRIVATE if what in PRIVATE_KINDS else Visibility.PUBLIC,
            engagement=_sample(origin, key, created_at, told),
            brands=brands(row),
            by_brand=by_brand(row),
            **{target: convert(get(row)) for target, convert, get in rest},
        )

    return make


def _text_or_none(value: Any) -> str | None:
    return scalar(value) or None


REST: Final[tuple[tuple[str, str, Callable[[Any], Any]], ...]] = (
    ("parent", "parent_id", identifier),
    ("thread", "thread_id", identifier),
    ("language", "language", _text_or_none),
    ("url", "url", _text_or_none),
    ("title", "title", _text_or_none),
    ("rating", "rating", decimal),
    ("rating_max", "rating_max", decimal),
)


def _sample(source: str, key: str, at: datetime | None, told: Mapping[str, int | None]) -> EngagementSample | None:
    """What the row tells, as of the post's own time; without a time there is no moment that it could belong to."""
    if at is None or not any(value is not None for value in told.values()):
        return None
    return EngagementSample(source, key, at, **told)


def _row_hash(id_is_mapped: bool, author: str | None, created_at: datetime | None, text: str) -> str:
    if id_is_mapped:
        raise ValueError("has no id")
    seed = "\x1f".join((author or "", created_at.isoformat() if created_at else "", text))
    return "row:" + hashlib.sha256(seed.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _getter(spec: ColumnSpec) -> Getter:
    if spec.column is None:
        value = spec.value
        return lambda row: value
    column = spec.column
    return lambda row: row.get(column)


def _optional(fields: Mapping[str, ColumnSpec], name: str) -> Getter:
    return _getter(fields[name]) if name in fields else lambda row: None


def _time_getter(spec: ColumnSpec | None) -> Callable[[Row], datetime | None]:
    if spec is None:
        return lambda row: None
    get, parse = _getter(spec), time_parser(spec.format)

    def time_of(row: Row) -> datetime | None:
        text = scalar(get(row))
        return parse(text) if text else None

    return time_of


def _brands_getter(spec: ColumnSpec | None) -> Callable[[Row], tuple[str, ...]]:
    if spec is None:
        return lambda row: ()
    get = _getter(spec)

    def brands_of(row: Row) -> tuple[str, ...]:
        name = slug(scalar(get(row)))
        return (name,) if name else ()

    return brands_of


def _kind_getter(spec: ColumnSpec | None) -> Callable[[Row], PostKind]:
    if spec is None:
        return lambda row: PostKind.POST
    get = _getter(spec)

    def kind_of(row: Row) -> PostKind:
        name = scalar(get(row)) or "post"
        if name not in KINDS:
            raise ValueError(f"has the kind {shown(name)}; known are {', '.join(KINDS)}")
        return KINDS[name]

    return kind_of


def _claim_getter(spec: ColumnSpec | None) -> Callable[[Row], bool]:
    if spec is None:
        return lambda row: False
    get, true = _getter(spec), spec.equals or ("true", "1", "yes")
    return lambda row: scalar(get(row)).casefold() in true
