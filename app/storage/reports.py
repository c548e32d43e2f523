"""Counts over whole tables, for reports of commands; no page and no request asks for these."""

from dataclasses import dataclass

from sqlalchemy import Connection, Select, func, select

from app.domain.cases import UNANSWERED
from app.storage.tables import alert, complaint_case, mention, post, quarantine, reading


@dataclass(frozen=True, slots=True)
class Totals:
    """How much there is."""

    posts: int
    mentions: int
    read: int
    complaints: int
    cases: int
    alerts: int
    quarantined: int


def totals(tx: Connection) -> Totals:
    """Count the rows."""
    return Totals(
        posts=_count(tx, select(func.count()).select_from(post)),
        mentions=_count(tx, select(func.count()).select_from(mention)),
        read=_count(tx, select(func.count()).select_from(reading)),
        complaints=_count(tx, select(func.count()).select_from(reading).where(reading.c.complaint.is_(True))),
        cases=_count(tx, select(func.count()).select_from(complaint_case)),
        alerts=_count(tx, select(func.count()).select_from(alert)),
        quarantined=_count(tx, select(func.count()).select_from(quarantine).where(quarantine.c.released_at.is_(None))),
    )


def _count(tx: Connection, statement: Select[int]) -> int:
    return tx.execute(statement).scalar_one()


@dataclass(frozen=True, slots=True)
class Imported:
    """What one source brought for one brand."""

    posts: int
    complaints: int
    unanswered: int


def imported(tx: Connection, source: str) -> dict[str, Imported]:
    """Public posts, complaints and unanswered cases of a source, by brand."""
    brought = (
        select(mention.c.brand, func.count(), func.count().filter(reading.c.complaint.is_(True)))
        .join(post, post.c.id == mention.c.post_id)
        .outerjoin(reading, reading.c.mention_id == mention.c.id)
        .where(post.c.source == source, mention.c.role == "customer", post.c.visibility == "public")
        .group_by(mention.c.brand)
    )
    waiting = (
        select(complaint_case.c.brand, func.count())
        .where(
            complaint_case.c.source == source,
            complaint_case.c.state.in_(sorted(UNANSWERED)),
            complaint_case.c.visibility == "public",
        )
        .group_by(complaint_case.c.brand)
    )
    open_cases = {row[0]: row[1] for row in tx.execute(waiting)}
    return {row[0]: Imported(row[1], row[2], open_cases.get(row[0], 0)) for row in tx.execute(brought)}
