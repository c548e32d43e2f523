"""The audit: what must always hold, counted from the rows. Every chaos test and `fretwatch doctor --audit` run it.

I1 every post exists once (by constraint) and every mention is read, waiting or quarantined.
I2 every complaint mention is in exactly one case, but those of staff feedback.
I3 trend buckets equal a recount.
I4 deliveries tell of changes that exist.
I5 no delivery is stuck past two leases.
I6 cases and alerts that are referred to exist.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, func, select

from app.domain.clock import floor_hour
from app.domain.posts import PostKind
from app.domain.trends import values_of
from app.storage.readings import labels_from_json
from app.storage.tables import (
    alert,
    alert_change,
    case_member,
    complaint_case,
    delivery,
    mention,
    post,
    quarantine,
    reading,
    trend_bucket,
    work_chunk,
)

_STUCK_AFTER: Final = timedelta(minutes=2)
_PAGE: Final = 5000
_SHOWN: Final = 5
_UNFOLLOWED: Final = PostKind.STAFF_FEEDBACK.value

BucketRow = tuple[Any, ...]


@dataclass(slots=True)
class AuditReport:
    """What was counted, and in words what does not hold; no finding means that all is well."""

    mentions: int = 0
    read: int = 0
    waiting: int = 0
    quarantined: int = 0
    complaints: int = 0
    buckets: int = 0
    findings: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether everything holds."""
        return not self.findings


def audit(tx: Connection, now: datetime) -> AuditReport:
    """Recount everything. `now` is the database's. Reads all rows: minutes on a large database."""
    report = AuditReport()
    _mentions(tx, report)
    _cases(tx, report)
    _buckets(tx, report)
    _deliveries(tx, report, now)
    return report


def _mentions(tx: Connection, report: AuditReport) -> None:
    report.mentions = _count(tx, select(func.count()).select_from(mention).where(mention.c.role == "customer"))
    report.read = _count(tx, select(func.count()).select_from(reading))
    is_held = (quarantine.c.mention_id == mention.c.id) & quarantine.c.released_at.is_(None)
    held = select(func.count()).select_from(mention.join(quarantine, is_held))
    report.quarantined = _count(tx, held)
    pending = select(work_chunk.c.mentions).where(work_chunk.c.state == "pending")
    queued = {identity for row in tx.execute(pending) for identity in row[0]}
    report.waiting = len(queued)
    unread = (
        select(mention.c.id)
        .outerjoin(reading, reading.c.mention_id == mention.c.id)
        .outerjoin(quarantine, is_held)
        .where(mention.c.role == "customer", reading.c.mention_id.is_(None), quarantine.c.id.is_(None))
    )
    lost = [identity for identity in tx.execute(unread).scalars() if identity not in queued]
    _find(report, lost, "mentions are neither read, nor waiting, nor in quarantine")
    orphans = select(mention.c.id).outerjoin(post, post.c.id == mention.c.post_id).where(post.c.id.is_(None))
    _find(report, list(tx.execute(orphans).scalars()), "mentions have no post")


def _cases(tx: Connection, report: AuditReport) -> None:
    complaints = select(reading.c.mention_id).where(reading.c.complaint.is_(True))
    report.complaints = _count(tx, select(func.count()).select_from(complaints.subquery()))
    homeless = (
        select(reading.c.mention_id)
        .join(mention, mention.c.id == reading.c.mention_id)
        .join(post, post.c.id == mention.c.post_id)
        .outerjoin(case_member, case_member.c.mention_id == reading.c.mention_id)
        .where(reading.c.complaint.is_(True), case_member.c.mention_id.is_(None), post.c.kind != _UNFOLLOWED)
    )
    _find(report, list(tx.execute(homeless).scalars()), "complaint mentions are in no case")
    strangers = (
        select(case_member.c.mention_id)
        .outerjoin(complaint_case, complaint_case.c.id == case_member.c.case_id)
        .where(complaint_case.c.id.is_(None))
    )
    _find(report, list(tx.execute(strangers).scalars()), "members belong to a case that does not exist")
    blind = (
        select(alert.c.id)
        .outerjoin(complaint_case, complaint_case.c.id == alert.c.case_id)
        .where(alert.c.case_id.is_not(None), complaint_case.c.id.is_(None))
    )
    _find(report, list(tx.execute(blind).scalars()), "alerts stand on a case that does not exist")


def _buckets(tx: Connection, report: AuditReport) -> None:
    expected = _recount(tx)
    stored = {
        (row.brand, row.source, row.language, row.hour, row.dimension, row.value, row.visibility): row.n
        for row in tx.execute(select(trend_bucket))
    }
    report.buckets = len(stored)
    wrong = [
        f"{'/'.join(str(part) for part in key)}: stored {stored.get(key, 0)}, recounted {expected.get(key, 0)}"
        for key in sorted(expected.keys() | stored.keys(), key=str)
        if stored.get(key, 0) != expected.get(key, 0)
    ]
    _find(report, wrong, "trend buckets differ from a recount")


def _recount(tx: Connection) -> Counter[BucketRow]:
    counts: Counter[BucketRow] = Counter()
    statement = (
        select(
            mention.c.brand,
            post.c.source,
            post.c.language,
            mention.c.event_at,
            post.c.visibility,
            post.c.rating,
            reading.c.labels,
        )
        .join(mention, mention.c.id == reading.c.mention_id)
        .join(post, post.c.id == mention.c.post_id)
        .execution_options(yield_per=_PAGE)
    )
    for row in tx.execute(statement):
        hour = floor_hour(row.event_at)
        for dimension, value in values_of(labels_from_json(row.labels), rating=row.rating):
            counts[(row.brand, row.source, row.language or "und", hour, dimension, value, row.visibility)] += 1
    for case in tx.execute(select(complaint_case)):
        value = "no" if case.first_answered_at is None else "yes"
        hour = floor_hour(case.opened_at)
        counts[(case.brand, case.source, case.language, hour, "answered", value, case.visibility)] += 1
    return counts


def _deliveries(tx: Connection, report: AuditReport, now: datetime) -> None:
    stuck = select(delivery.c.id).where(
        delivery.c.state == "pending", delivery.c.lease_until.is_not(None), delivery.c.lease_until < now - _STUCK_AFTER
    )
    _find(report, list(tx.execute(stuck).scalars()), "deliveries are stuck past two leases")
    loose = (
        select(delivery.c.id)
        .outerjoin(alert_change, alert_change.c.sequence == delivery.c.change)
        .where(alert_change.c.sequence.is_(None))
    )
    _find(report, list(tx.execute(loose).scalars()), "deliveries tell of a change that does not exist")
    torn = (
        select(alert.c.id)
        .outerjoin(alert_change, (alert_change.c.alert_id == alert.c.id) & (alert_change.c.version == alert.c.version))
        .where(alert_change.c.sequence.is_(None))
    )
    _find(report, list(tx.execute(torn).scalars()), "alerts have no history of their present version")


def _find(report: AuditReport, found: list[Any], what: str) -> None:
    if found:
        report.findings.append(f"{len(found)} {what}: {', '.join(map(str, found[:_SHOWN]))}")


def _count(tx: Connection, statement: Any) -> int:
    return int(tx.execute(statement).scalar_one())
