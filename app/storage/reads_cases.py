"""Reads of cases: the list, the unanswered queue, the replies read against the policy, and the numbers of the feed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Connection, Float, and_, cast, func, literal, or_, select

from app.domain.access import Sight
from app.domain.cases import RUNNING, UNANSWERED, Case, CaseState
from app.storage import tables as t
from app.storage.reads_rows import case_of, seen_by

_MOST_ANSWERS: Final = 20_000
"""Answer times that a median is taken over; the newest where there are more."""


@dataclass(frozen=True, slots=True)
class CaseFilters:
    """What to list; `failure` and `owner` as the case has them now."""

    brand: str | None = None
    state: str | None = None
    failure: str | None = None
    owner: str | None = None
    source: str | None = None
    level: str | None = None


@dataclass(frozen=True, slots=True)
class ReplyView:
    """A public reply of the brand, read against its policy; `text` is `None` once the post was removed."""

    post: str
    brand: str
    case: str | None
    at: datetime
    acts: tuple[str, ...]
    answered_by: str
    meets_policy: bool
    why: str
    text: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class Recovery:
    """How the brand's answers went: seconds to each first answer, and how many customers did not complain again."""

    seconds: tuple[float, ...]
    answered: int
    recovered: int


def list_cases(
    tx: Connection, filters: CaseFilters, *, sight: Sight, after: tuple[datetime, str] | None, limit: int
) -> list[Case]:
    """Those with the newest post first; `after` is the (last_post_at, id) of the last one seen."""
    case = t.complaint_case
    query = select(case).where(seen_by(sight, case), *_conditions(filters))
    if after is not None:
        at, last = after
        query = query.where(or_(case.c.last_post_at < at, and_(case.c.last_post_at == at, case.c.id < last)))
    query = query.order_by(case.c.last_post_at.desc(), case.c.id.desc()).limit(limit)
    return [case_of(row._mapping) for row in tx.execute(query)]


def cases_of(tx: Connection, ids: Iterable[str], *, sight: Sight) -> dict[str, Case]:
    """Cases by id; those that may not be seen are missing."""
    wanted = sorted(set(ids))
    query = select(t.complaint_case).where(t.complaint_case.c.id.in_(wanted), seen_by(sight, t.complaint_case))
    return {row.id: case_of(row._mapping) for row in tx.execute(query)} if wanted else {}


def queue(
    tx: Connection,
    filters: CaseFilters,
    *,
    sight: Sight,
    now: datetime,
    soon: timedelta,
    after: tuple[int, str] | None,
    limit: int,
) -> list[tuple[int, Case]]:
    """Cases whose clock ran out or does within `soon`, with their urgency: seconds since `due_at - soon` x gravity.

    Most urgent first; `after` is the (urgency, id) of the last one seen, at the same `now`.
    """
    case = t.complaint_case
    urgency = _seconds_since(tx, case.c.due_at, now + soon) * case.c.gravity
    query = select(case, urgency.label("urgency")).where(seen_by(sight, case), *_conditions(filters), _waits(now, soon))
    if after is not None:
        score, last = after
        query = query.where(or_(urgency < score, and_(urgency == score, case.c.id < last)))
    query = query.order_by(urgency.desc(), case.c.id.desc()).limit(limit)
    return [(int(row.urgency), case_of(row._mapping)) for row in tx.execute(query)]


def queue_sizes(
    tx: Connection, *, brand: str | None, sight: Sight, now: datetime, soon: timedelta
) -> dict[str | None, tuple[int, int]]:
    """By owner: how many cases are past their clock, and how many come due within `soon`."""
    case = t.complaint_case
    is_past = (case.c.due_at <= now).label("is_past")
    query = select(case.c.owner, is_past, func.count().label("count_"))
    query = query.where(seen_by(sight, case), _waits(now, soon))
    query = query.where(*_conditions(CaseFilters(brand=brand))).group_by(case.c.owner, is_past)
    sizes: dict[str | None, tuple[int, int]] = {}
    for row in tx.execute(query):
        past, due = sizes.get(row.owner, (0, 0))
        sizes[row.owner] = (past + row.count_, due) if row.is_past else (past, due + row.count_)
    return sizes


def replies_of(tx: Connection, case: str) -> list[ReplyView]:
    """The brand's replies in a case, oldest first."""
    reply, post = t.reply, t.post
    query = select(reply, post.c.text, post.c.url).join(post, post.c.id == reply.c.post_id)
    query = query.where(reply.c.case_id == case).order_by(reply.c.at, reply.c.mention_id)
    return [
        ReplyView(
            post=row.post_id,
            brand=row.brand,
            case=row.case_id,
            at=row.at,
            acts=tuple(row.acts),
            answered_by=row.answered_by,
            meets_policy=row.meets_policy,
            why=row.why,
            text=row.text,
            url=row.url,
        )
        for row in tx.execute(query)
    ]


def recovery(tx: Connection, *, brand: str | None, sight: Sight, since: datetime) -> Recovery:
    """Cases that were first answered since then: how long each took, and in how many the customer rests content."""
    case = t.complaint_case
    query = select(case.c.opened_at, case.c.first_answered_at, case.c.state)
    query = query.where(seen_by(sight, case), case.c.first_answered_at >= since, *_conditions(CaseFilters(brand=brand)))
    rows = tx.execute(query.order_by(case.c.first_answered_at.desc()).limit(_MOST_ANSWERS)).all()
    return Recovery(
        seconds=tuple((row.first_answered_at - row.opened_at).total_seconds() for row in rows),
        answered=len(rows),
        recovered=sum(row.state in (CaseState.ANSWERED, CaseState.CLOSED) for row in rows),
    )


def _waits(now: datetime, soon: timedelta) -> ColumnElement[bool]:
    """What the queue holds: a running clock that ran out or soon does, and a pause that is over."""
    case = t.complaint_case
    is_past = and_(case.c.state.in_(sorted(UNANSWERED)), case.c.due_at <= now)
    is_near = and_(case.c.state.in_(sorted(RUNNING)), case.c.due_at <= now + soon)
    return and_(case.c.has_clock, or_(is_past, is_near))


def _conditions(filters: CaseFilters) -> list[ColumnElement[bool]]:
    case = t.complaint_case
    wanted = {
        "brand": filters.brand,
        "state": filters.state,
        "failure": filters.failure,
        "owner": filters.owner,
        "source": filters.source,
        "level": filters.level,
    }
    return [case.c[name] == value for name, value in wanted.items() if value is not None]


def _seconds_since(tx: Connection, column: Any, instant: datetime) -> ColumnElement[int]:
    if tx.dialect.name == "sqlite":
        seconds = (func.julianday(literal(instant, type_=column.type)) - func.julianday(column)) * 86_400.0
    else:
        seconds = cast(func.extract("epoch", literal(instant, type_=column.type) - column), Float)
    return cast(seconds, BigInteger)
