"""Cases, their members and the brand's replies."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, func, or_, select, tuple_, update

from app.domain.cases import UNANSWERED, Case
from app.storage import bulk
from app.storage.bulk import Row, upsert
from app.storage.reads_rows import case_of
from app.storage.tables import case_member, complaint_case, mention, post, reading, reply

CaseKey = tuple[str, str, str, str]
"""Brand, source, author, visibility: a private ticket never joins a public case."""

_COLUMNS = tuple(column.name for column in complaint_case.columns)
_EXTRA = frozenset({"language", "visibility", "first_answered_at"})
_FIELDS = tuple(name for name in _COLUMNS if name not in _EXTRA)


@dataclass(frozen=True, slots=True)
class Followed:
    """A case with what only its trends need: the language and visibility of its first post, and its first answer."""

    case: Case
    language: str
    visibility: str
    first_answered_at: datetime | None = None

    @property
    def key(self) -> CaseKey:
        """Brand, source, author, visibility."""
        return (self.case.brand, self.case.source, self.case.author, self.visibility)


def latest_by_author(tx: Connection, keys: Iterable[CaseKey]) -> dict[CaseKey, Followed]:
    """The newest case of each author; older ones are closed for longer than a case may be joined."""
    wanted = list(keys)
    if not wanted:
        return {}
    columns = complaint_case.c
    statement = (
        select(complaint_case)
        .where(tuple_(columns.brand, columns.source, columns.author, columns.visibility).in_(wanted))
        .order_by(columns.opened_at)
    )
    return {found.key: found for found in map(_followed, tx.execute(statement).mappings())}


def by_ids(tx: Connection, ids: Sequence[str]) -> dict[str, Followed]:
    """Cases by id."""
    if not ids:
        return {}
    rows = tx.execute(select(complaint_case).where(complaint_case.c.id.in_(ids))).mappings()
    return {found.case.id: found for found in map(_followed, rows)}


def due(tx: Connection, now: datetime, limit: int) -> list[Followed]:
    """Cases whose next evaluation has come, the most overdue first."""
    statement = (
        select(complaint_case)
        .where(complaint_case.c.next_eval_at <= now)
        .order_by(complaint_case.c.next_eval_at, complaint_case.c.id)
        .limit(limit)
    )
    return [_followed(row) for row in tx.execute(statement).mappings()]


def insert(tx: Connection, cases: Sequence[Followed]) -> None:
    """Store new cases."""
    bulk.insert(tx, complaint_case, [_row(found) for found in cases])


def save(tx: Connection, cases: Sequence[Followed]) -> None:
    """Replace stored cases by what they are now."""
    upsert(tx, complaint_case, [_row(found) for found in cases], key=("id",))


_RETIME = (
    update(complaint_case)
    .where(complaint_case.c.id == bindparam("case_id"))
    .values(risk=bindparam("new_risk"), level=bindparam("new_level"), next_eval_at=bindparam("new_next_eval_at"))
)


@dataclass(frozen=True, slots=True)
class CaseOutcome:
    """What an evaluation changes of a case, and nothing else of it."""

    case: str
    risk: float
    level: str | None
    next_eval_at: datetime | None


def save_judgements(tx: Connection, outcomes: Sequence[CaseOutcome]) -> None:
    """Keep what came of an evaluation."""
    rows = [
        {
            "case_id": found.case,
            "new_risk": found.risk,
            "new_level": found.level,
            "new_next_eval_at": found.next_eval_at,
        }
        for found in outcomes
    ]
    if rows:
        tx.execute(_RETIME, rows)


def add_members(tx: Connection, pairs: Sequence[tuple[str, str]]) -> None:
    """Put complaint mentions into cases: (mention, case)."""
    bulk.insert(tx, case_member, [{"mention_id": pair[0], "case_id": pair[1]} for pair in pairs])


def members_of(tx: Connection, mention_ids: Sequence[str]) -> dict[str, str]:
    """The case of each of these mentions that is in one."""
    if not mention_ids:
        return {}
    statement = select(case_member).where(case_member.c.mention_id.in_(mention_ids))
    return {row.mention_id: row.case_id for row in tx.execute(statement)}


def remove_members(tx: Connection, mention_ids: Sequence[str]) -> set[str]:
    """Mentions that turned out to be no complaints leave their cases; the cases that have no complaint left."""
    if not mention_ids:
        return set()
    left = set(tx.execute(_leaving(mention_ids)).scalars())
    still = select(case_member.c.case_id).where(case_member.c.case_id.in_(left))
    return left - set(tx.execute(still).scalars())


def _leaving(mention_ids: Sequence[str]) -> Any:
    return delete(case_member).where(case_member.c.mention_id.in_(mention_ids)).returning(case_member.c.case_id)


def forget_authors(tx: Connection, post_ids: Sequence[str]) -> None:
    """Cases of these removed posts lose their author, too, once no post of them is left to name it."""
    touched = cases_of_posts(tx, post_ids)
    if not touched:
        return
    named = (
        select(case_member.c.case_id)
        .join(mention, mention.c.id == case_member.c.mention_id)
        .join(post, post.c.id == mention.c.post_id)
        .where(case_member.c.case_id.in_(touched), post.c.removed_at.is_(None))
    )
    nameless = touched - set(tx.execute(named).scalars())
    blank = {"author": "removed:" + complaint_case.c.id}
    tx.execute(update(complaint_case).where(complaint_case.c.id.in_(nameless)).values(blank))


def posts_of_cases(tx: Connection, case_ids: Sequence[str]) -> dict[str, list[str]]:
    """The posts of each of these cases."""
    found: dict[str, list[str]] = {}
    if case_ids:
        statement = (
            select(case_member.c.case_id, mention.c.post_id)
            .join(mention, mention.c.id == case_member.c.mention_id)
            .where(case_member.c.case_id.in_(case_ids))
            .order_by(mention.c.event_at, mention.c.id)
        )
        for row in tx.execute(statement):
            found.setdefault(row[0], []).append(row[1])
    return found


def cases_of_posts(tx: Connection, post_ids: Sequence[str]) -> set[str]:
    """The cases that these posts are members of."""
    if not post_ids:
        return set()
    statement = (
        select(case_member.c.case_id)
        .join(mention, mention.c.id == case_member.c.mention_id)
        .where(mention.c.post_id.in_(post_ids))
    )
    return set(tx.execute(statement).scalars())


def case_answered_by(tx: Connection, answer: Mapping[str, Any]) -> str | None:
    """The case that a reply answers: that of the post it replies to, else the newest one of its thread."""
    for column, value in ((post.c.external_id, answer["parent_id"]), (post.c.thread_id, answer["thread_id"])):
        if value is None:
            continue
        found = tx.execute(
            select(case_member.c.case_id)
            .join(mention, mention.c.id == case_member.c.mention_id)
            .join(post, post.c.id == mention.c.post_id)
            .where(post.c.source == answer["source"], column == value, mention.c.brand == answer["brand"])
            .order_by(mention.c.event_at.desc())
            .limit(1)
        ).scalar()
        if found is not None:
            return str(found)
    return None


def insert_reply(tx: Connection, row: Row) -> bool:
    """Keep a reply of the brand, read against the policy; whether it is new."""
    return bool(bulk.insert_missing_returning(tx, reply, [row], key=("mention_id",), returning="mention_id"))


def replies_of(tx: Connection, mention_ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """The stored replies with these mentions."""
    if not mention_ids:
        return {}
    rows = tx.execute(select(reply).where(reply.c.mention_id.in_(mention_ids))).mappings()
    return {row["mention_id"]: dict(row) for row in rows}


def revise_reply(tx: Connection, row: Row) -> None:
    """Replace a reply that the brand has edited."""
    upsert(tx, reply, [row], key=("mention_id",))


def early_replies(tx: Connection, source: str, external_ids: Sequence[str]) -> list[Mapping[str, Any]]:
    """Replies that were stored before the complaint they answer was read."""
    statement = (
        select(reply)
        .where(reply.c.source == source, reply.c.parent_id.in_(external_ids), reply.c.case_id.is_(None))
        .order_by(reply.c.at)
    )
    return [dict(row) for row in tx.execute(statement).mappings()]


def attach_reply(tx: Connection, mention_id: str, case_id: str) -> None:
    """Join a stored reply to its case."""
    tx.execute(update(reply).where(reply.c.mention_id == mention_id).values(case_id=case_id))


def _followed(row: RowMapping) -> Followed:
    return Followed(case_of(row), row["language"], row["visibility"], row["first_answered_at"])


def _row(found: Followed) -> dict[str, Any]:
    case = found.case
    row: dict[str, Any] = {name: getattr(case, name) for name in _FIELDS}
    row["signals"] = sorted(case.signals)
    row["language"] = found.language
    row["visibility"] = found.visibility
    row["first_answered_at"] = found.first_answered_at
    return row


def evaluate_soon(tx: Connection, case_ids: Iterable[str], at: datetime) -> None:
    """Bring the next evaluation of these cases forward to `at`."""
    ids = sorted(case_ids)
    if ids:
        later = or_(complaint_case.c.next_eval_at.is_(None), complaint_case.c.next_eval_at > at)
        tx.execute(update(complaint_case).where(complaint_case.c.id.in_(ids), later).values(next_eval_at=at))


def strongest_complaints(tx: Connection, brand: str, since: datetime, until: datetime, most: int) -> list[str]:
    """The posts of the surest public complaints of a brand in a window."""
    statement = (
        select(mention.c.post_id)
        .join(reading, reading.c.mention_id == mention.c.id)
        .join(post, post.c.id == mention.c.post_id)
        .where(
            mention.c.brand == brand,
            mention.c.event_at >= since,
            mention.c.event_at < until,
            reading.c.complaint.is_(True),
            post.c.visibility == "public",
        )
        .order_by(reading.c.score.desc(), mention.c.event_at)
        .limit(most)
    )
    return list(tx.execute(statement).scalars())


@dataclass(frozen=True, slots=True)
class Overdue:
    """The unanswered queue of one owner, in numbers."""

    owner: str | None
    visibility: str
    count: int
    oldest_at: datetime
    newest_due_at: datetime
    gravest: int


def overdue(tx: Connection, brand: str, now: datetime) -> list[Overdue]:
    """Cases past their clock, by owner; the oldest is the one whose clock started first."""
    columns = complaint_case.c
    statement = (
        select(
            columns.owner,
            columns.visibility,
            func.count(),
            func.min(func.coalesce(columns.clock_from, columns.opened_at)),
            func.max(columns.due_at),
            func.max(columns.gravity),
        )
        .where(
            columns.brand == brand,
            columns.has_clock,
            columns.state.in_(sorted(UNANSWERED)),
            columns.due_at <= now,
        )
        .group_by(columns.owner, columns.visibility)
    )
    return [Overdue(*tuple(row)) for row in tx.execute(statement)]
