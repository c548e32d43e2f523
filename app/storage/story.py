"""What became of one post's case, for the report of a demo or a test: when it was raised, and what was sent."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from app.storage.tables import alert, alert_change, case_member, delivery, mention, post

_OPENING = ("opened", "escalated", "reopened")


def of_post(
    tx: Connection, source: str, external_id: str, *, song_at: datetime
) -> tuple[datetime | None, datetime | None, datetime | None, int]:
    """Of a post's case: first alert, first rise in the week before the song, when its spread was told, alerts."""
    case = (
        select(case_member.c.case_id)
        .join(mention, mention.c.id == case_member.c.mention_id)
        .join(post, post.c.id == mention.c.post_id)
        .where(post.c.source == source, post.c.external_id == external_id)
        .scalar_subquery()
    )
    changes = (
        select(alert_change.c.at, alert_change.c.kind, alert_change.c.snapshot)
        .join(alert, alert.c.id == alert_change.c.alert_id)
        .where(alert.c.case_id == case)
        .order_by(alert_change.c.sequence)
    )
    rows = tx.execute(changes).all()
    opened = next((row.at for row in rows if row.kind == "opened"), None)
    week = song_at - timedelta(days=7)
    raised = next((row.at for row in rows if row.kind in _OPENING and week <= row.at < song_at), None)
    spread = next((row.at for row in rows if row.at >= song_at and _names(row.snapshot, ("velocity", "spread"))), None)
    count = tx.execute(select(func.count()).select_from(alert).where(alert.c.case_id == case)).scalar_one()
    return opened, raised, spread, count


def webhook_ids(tx: Connection, *, since: datetime, until: datetime) -> dict[str, int]:
    """Distinct messages by endpoint about changes in a window of event time; what was replaced unsent is none."""
    statement = (
        select(delivery.c.endpoint, func.count())
        .where(delivery.c.event_at >= since, delivery.c.event_at < until, delivery.c.state != "cancelled")
        .group_by(delivery.c.endpoint)
    )
    return {row[0]: row[1] for row in tx.execute(statement)}


def undelivered(tx: Connection) -> int:
    """Messages that still wait to be sent."""
    return tx.execute(select(func.count()).select_from(delivery).where(delivery.c.state == "pending")).scalar_one()


def outcomes(tx: Connection) -> tuple[int, int]:
    """How many messages were delivered, and how many are dead."""
    rows = tx.execute(select(delivery.c.state, func.count()).group_by(delivery.c.state))
    states: dict[str, int] = {row[0]: row[1] for row in rows}
    return states.get("delivered", 0), states.get("dead", 0)


def _names(snapshot: dict[str, list[dict[str, str]]], codes: tuple[str, ...]) -> bool:
    return any(reason["code"] in codes for reason in snapshot["reasons"])
