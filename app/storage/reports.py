"""Counts over whole tables, for reports of commands; no page and no request asks for these."""

from dataclasses import dataclass

from sqlalchemy import Connection, Select, func, select

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
