"""Lines that already are posts: the normalised form of SCHEMAS.md section 7, one JSON object a line.

```json
{"kind": "post", "source": "helpdesk", "external_id": "1", "text": "..", "author": {"external_id": "a", "followers": 4},
 "created_at": "2026-03-02T12:00:00Z", "brands": ["northwind"], "engagement": {"likes": 3}}
{"kind": "reply", "external_id": "2", "parent_id": "1", "text": "..", "author": "northwind", "created_at": ".."}
{"kind": "engagement", "post": "1", "at": "..", "views": 900, "likes": 4, "shares": 2, "replies": 1}
{"kind": "tombstone", "post": "1", "at": "..", "reason": "deleted by its author"}
{"kind": "truth", "case_post": "1", "escalated_at": "..", "peak_at": ".."}
```

The fields are those of `app.domain.posts.Post`. `kind` may also be one of its kinds (review, survey, ticket, ..); a
`reply` is a post by a brand's own handle. `id`, `brand` and `followers` are short forms of `external_id`, `brands` and
the author's followers. `source` may be left out: then it is the source that is replayed. Unknown keys are errors.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.domain.posts import (
    PRIVATE_KINDS,
    Author,
    EngagementSample,
    OwnerReply,
    Post,
    PostKind,
    Tombstone,
    Visibility,
)
from collectors.mapping import nearest
from collectors.values import count, decimal, identifier, iso_time, scalar, shown, slug, source_name, unix_time

COUNTERS: Final = ("views", "likes", "shares", "replies")
POST_KEYS: Final = frozenset(
    {
        "kind", "source", "external_id", "id", "text", "author", "created_at", "visibility", "title", "url", "language",
        "parent_id", "thread_id", "edited_at", "rating", "rating_max", "owner_reply", "engagement", "brands", "brand",
        "by_brand", "followers", "extra",
    }
)  # fmt: skip
AUTHOR_KEYS: Final = frozenset({"external_id", "id", "handle", "name", "followers", "verified"})
SAMPLE_KEYS: Final = frozenset({"kind", "source", "post", "external_id", "at", *COUNTERS})
KINDS: Final = {**{kind.value: kind for kind in PostKind}, "reply": PostKind.POST}


@dataclass(frozen=True, slots=True)
class Truth:
    """What a backtest is judged by: when a person says that the case of `case_post` escalated and peaked."""

    source: str
    case_post: str
    escalated_at: datetime | None
    peak_at: datetime | None


Line = Post | EngagementSample | Tombstone | Truth


def line_from(raw: Any, source: str) -> Line:
    """What a line says; `ValueError` with the reason where it says nothing that can be stored."""
    if not isinstance(raw, dict):
        raise ValueError("is no JSON object")
    kind = raw.get("kind", "post")
    special = SPECIAL.get(kind) if isinstance(kind, str) else None
    source = source_name(_text(raw, "source") or source)
    if special is not None:
        return special(raw, source)
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"has the unknown kind {shown(str(kind))}{nearest(str(kind), (*KINDS, *SPECIAL))}")
    return _post(raw, KINDS[kind], source)


def _post(raw: Mapping[str, Any], kind: PostKind, source: str) -> Post:
    _known(raw, POST_KEYS)
    external_id = _id(raw, "external_id", "id")
    text = raw.get("text")
    if type(text) is not str:
        raise ValueError("has no text")
    created_at = _time(raw, "created_at")
    private = kind in PRIVATE_KINDS or _visibility(raw) is Visibility.PRIVATE
    return Post(
        source=source,
        external_id=external_id,
        text=text,
        author=_author(raw, external_id),
        created_at=created_at,
        kind=kind,
        visibility=Visibility.PRIVATE if private else Visibility.PUBLIC,
        title=_text(raw, "title"),
        url=_text(raw, "url"),
        language=_text(raw, "language"),
        parent_id=identifier(raw.get("parent_id")),
        thread_id=identifier(raw.get("thread_id")),
        edited_at=_time(raw, "edited_at"),
        rating=decimal(raw.get("rating")),
        rating_max=decimal(raw.get("rating_max")),
        owner_reply=_owner_reply(raw.get("owner_reply")),
        engagement=_engagement(raw.get("engagement"), source, external_id, created_at),
        brands=_brands(raw),
        by_brand=raw.get("kind") == "reply" or _flag(raw, "by_brand"),
        extra=_object(raw.get("extra") or {}, "extra"),
    )


def _author(raw: Mapping[str, Any], external_id: str) -> Author:
    given = raw.get("author")
    if given is None or given == "":
        return Author(f"unknown:{external_id}", followers=count(raw.get("followers")))
    if not isinstance(given, dict):
        name = scalar(given)
        return Author(name, handle=name, followers=count(raw.get("followers")))
    _known(given, AUTHOR_KEYS)
    handle = _text(given, "handle")
    key = identifier(given.get("external_id", given.get("id"))) or handle or f"unknown:{external_id}"
    followers = count(given.get("followers", raw.get("followers")))
    return Author(key, handle, _text(given, "name"), followers, _flag(given, "verified"))


def _engagement(raw: Any, source: str, external_id: str, created_at: datetime | None) -> EngagementSample | None:
    if raw is None:
        return None
    given = _object(raw, "engagement")
    _known(given, SAMPLE_KEYS)
    at = _time(given, "at") or created_at
    if at is None:
        raise ValueError("has an engagement without a time; give it at, or the post created_at")
    sample = EngagementSample(source, external_id, at, **{name: count(given.get(name)) for name in COUNTERS})
    return sample if sample.told else None


def _sample(raw: Mapping[str, Any], source: str) -> EngagementSample:
    _known(raw, SAMPLE_KEYS)
    counters = {name: count(raw.get(name)) for name in COUNTERS}
    return EngagementSample(source, _id(raw, "post", "external_id"), _needed_time(raw, "at"), **counters)


def _tombstone(raw: Mapping[str, Any], source: str) -> Tombstone:
    _known(raw, frozenset({"kind", "source", "post", "external_id", "reason", "at"}))
    return Tombstone(
        source, _id(raw, "post", "external_id"), _text(raw, "reason") or "deleted", _needed_time(raw, "at")
    )


def _truth(raw: Mapping[str, Any], source: str) -> Truth:
    _known(raw, frozenset({"kind", "source", "case_post", "escalated_at", "peak_at", "note"}))
    return Truth(source, _id(raw, "case_post", "case_post"), _time(raw, "escalated_at"), _time(raw, "peak_at"))


SPECIAL: Final[Mapping[str, Callable[[Mapping[str, Any], str], Line]]] = {
    "engagement": _sample,
    "tombstone": _tombstone,
    "truth": _truth,
}


def _owner_reply(raw: Any) -> OwnerReply | None:
    if raw is None:
        return None
    given = _object(raw, "owner_reply")
    _known(given, frozenset({"text", "at"}))
    text = given.get("text")
    if type(text) is not str:
        raise ValueError("has an owner_reply without text")
    return OwnerReply(text, _time(given, "at"))


def _brands(raw: Mapping[str, Any]) -> tuple[str, ...]:
    given = raw.get("brands", raw.get("brand"))
    names = given if isinstance(given, list) else [given] if given else []
    return tuple(dict.fromkeys(name for one in names if (name := slug(scalar(one)))))


def _visibility(raw: Mapping[str, Any]) -> Visibility:
    given = raw.get("visibility") or "public"
    if given not in ("public", "private"):
        raise ValueError(f"has the visibility {shown(str(given))}; it is public or private")
    return Visibility(given)


def _id(raw: Mapping[str, Any], key: str, other: str) -> str:
    found = identifier(raw.get(key, raw.get(other)))
    if found is None:
        raise ValueError(f"has no {key}")
    return found


def _text(raw: Mapping[str, Any], key: str) -> str | None:
    value = raw.get(key)
    return value if type(value) is str and value else scalar(value) or None


def _flag(raw: Mapping[str, Any], key: str) -> bool:
    value = raw.get(key)
    if value not in (None, True, False):
        raise ValueError(f"has {key} = {shown(str(value))} where true or false was expected")
    return value is True


def _time(raw: Mapping[str, Any], key: str) -> datetime | None:
    value = raw.get(key)
    if value is None or value == "":
        return None
    return iso_time(value) if type(value) is str else unix_time(scalar(value))


def _needed_time(raw: Mapping[str, Any], key: str) -> datetime:
    found = _time(raw, key)
    if found is None:
        raise ValueError(f"has no {key}")
    return found


def _object(raw: Any, key: str) -> Mapping[str, Any]:
    if not isinstance(raw, dict):
        raise ValueError(f"has {key} that is no object")
    return raw


def _known(raw: Mapping[str, Any], known: frozenset[str]) -> None:
    if raw.keys() <= known:
        return
    key = next(key for key in raw if key not in known)
    raise ValueError(
        f"has the unknown key {shown(key)}{nearest(key, known)}; what a post carries beyond goes into extra"
    )
