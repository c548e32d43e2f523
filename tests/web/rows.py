"""Rows as the pipeline would leave them: posts, cases and alerts with their changes, for the made-up world."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Boolean, Float, Integer, Table
from sqlalchemy import insert as sql_insert
from sqlalchemy.sql.dml import Insert

from app.storage import tables as t
from app.storage.database import Transaction

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class insert:
    """An INSERT whose required columns that a page does not show get the plainest value of their kind."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def values(self, **given: Any) -> Insert:
        """The statement for one row."""
        plain = {
            column.name: _plainest(column.type)
            for column in self._table.c
            if not column.nullable and column.server_default is None and not column.primary_key
        }
        return sql_insert(self._table).values(**(plain | given))


def _plainest(kind: Any) -> Any:
    if isinstance(kind, Boolean):
        return False
    if isinstance(kind, Integer | Float):
        return 0
    return [] if isinstance(kind, JSON) else NOW if "DateTime" in type(kind).__name__ else ""


def ulid(kind: str, n: int) -> str:
    """A readable id of the right length: the kind padded, then the number."""
    return f"01T{kind.upper():X<11.11}{n:012d}"


@dataclass
class World:
    """What was seeded, for the tests to name."""

    alerts: dict[str, str] = field(default_factory=dict)
    cases: dict[str, str] = field(default_factory=dict)
    posts: dict[str, str] = field(default_factory=dict)


def add_post(tx: Transaction, world: World, name: str, text: str | None, **given: Any) -> None:
    n = len(world.posts) + 1
    world.posts[name] = ulid("post", n)
    at = given.get("event_at") or NOW - timedelta(days=given.get("days", 0), hours=given.get("hours", 0))
    tx.execute(
        insert(t.post).values(
            id=world.posts[name],
            source=given.get("source", "mastodon"),
            external_id=str(n),
            kind="post",
            visibility="public",
            url=given.get("url"),
            text=text,
            is_truncated=False,
            language=given.get("language", "en"),
            author=f"author-{n}",
            author_name=given.get("author_name"),
            followers=given.get("followers"),
            event_at=at,
            first_seen_at=at,
            is_late=False,
            content_hash=f"{n:032d}",
            removed_at=given.get("removed_at"),
            removed_why=given.get("removed_why"),
        )
    )
    brand, role = given.get("brand", "halcyon"), given.get("role", "customer")
    tx.execute(
        insert(t.mention).values(id=ulid("mention", n), post_id=world.posts[name], brand=brand, role=role, event_at=at)
    )
    if given["labels"]:
        labels = {
            "sentiment": "negative",
            "complaint": True,
            "justice": [],
            "origin": [],
            "standard": [],
            "signals": [],
        } | given["labels"]
        tx.execute(
            insert(t.reading).values(
                mention_id=ulid("mention", n),
                classifier="minilm@1",
                labels=labels,
                complaint=True,
                score=0.97,
                is_uncertain=False,
                revision=1,
                at=at,
                content_hash=f"{n:032d}",
            )
        )


def add_case(tx: Transaction, world: World, name: str, posts: list[str], *, opened: timedelta, **given: Any) -> None:
    world.cases[name] = ulid("case", len(world.cases) + 1)
    ids = [world.posts[post] for post in posts]
    values: dict[str, Any] = {
        "id": world.cases[name],
        "brand": "halcyon",
        "source": "mastodon",
        "author": f"author-of-{name}",
        "language": "en",
        "visibility": "public",
        "state": "waiting",
        "opened_at": NOW - opened,
        "last_post_at": NOW - opened,
        "clock_from": NOW - opened,
        "has_clock": True,
        "sees_replies": True,
        "live": True,
        "failure": "lost_or_damaged",
        "severity": "accusation",
        "signals": [],
        "complaint": 0.97,
        "complaint_count": len(posts),
        "reply_count": 0,
        "first_post": ids[0],
        "last_post": ids[-1],
        "risk": 0.1,
    }
    tx.execute(insert(t.complaint_case).values(**(values | given)))
    for post in ids:
        n = list(world.posts.values()).index(post) + 1
        tx.execute(insert(t.case_member).values(mention_id=ulid("mention", n), case_id=world.cases[name]))


def reason(
    code: str, text: str, value: float | None, unit: str | None, limit: float | None, adds: float, leg: str = "case"
) -> dict[str, Any]:
    """A reason as it is stored."""
    return {"code": code, "leg": leg, "text": text, "value": value, "unit": unit, "limit": limit, "contribution": adds}


def add_alert(
    tx: Transaction,
    world: World,
    name: str,
    level: str,
    state: str,
    title: str,
    reasons: list[dict[str, Any]],
    **given: Any,
) -> None:
    n = len(world.alerts) + 1
    world.alerts[name] = ulid("alert", n)
    case = given.pop("case", None)
    evidence = [
        {"post": world.posts[post], "role": "first_complaint" if not i else "later"}
        for i, post in enumerate(given.pop("evidence"))
    ]
    versions = {"policy": "airline@4", "rule": "1.2", "classifier": "minilm@1"}
    values = {
        "id": world.alerts[name],
        "group_key": f"case:{n}",
        "sequence": n * 10,
        "version": 2,
        "brand": "halcyon",
        "leg": "case",
        "case_id": world.cases[case] if case else None,
        "level": level,
        "state": state,
        "title": title,
        "level_since": given["opened_at"],
        "is_hard": False,
        "repeats": 0,
        "steps_done": 0,
        "reasons": reasons,
        "evidence": evidence,
        "versions": versions,
    }
    row = values | given
    tx.execute(insert(t.alert).values(**row))
    changes = [("opened", row["opened_at"], "fretwatch", "watch" if level == "page" else level)]
    changes.append(("escalated", row["level_since"], "fretwatch", level) if level == "page" else _last(state, row))
    for version, (kind, at, actor, at_level) in enumerate(changes, start=1):
        tx.execute(
            insert(t.alert_change).values(
                sequence=n * 10 - len(changes) + version,
                alert_id=row["id"],
                version=version,
                kind=kind,
                at=at,
                actor=actor,
                note="",
                level=at_level,
                state=state,
                risk=row["risk"],
                snapshot={},
            )
        )


def _last(state: str, row: dict[str, Any]) -> tuple[str, datetime, str, str]:
    kind = {"acknowledged": "acknowledged", "resolved": "resolved", "suppressed": "suppressed"}.get(state, "updated")
    return (kind, row.get("resolved_at") or NOW - timedelta(minutes=20), "Imre", row["level"])
