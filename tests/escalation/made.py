"""Made-up cases, complaints, policies and alerts for the tests of this folder."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from app.domain.alerts import Alert, AlertChange
from app.domain.cases import Case
from app.domain.policies import Policy, PolicyRow
from app.domain.predictions import Labels
from app.escalation.alerts import Subject, step
from app.escalation.following import BrandReply, ComplaintFacts, Place, open_case
from app.escalation.judge import Judgement

T0 = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
POLICY = Policy(
    name="airline", version=4, rows=(PolicyRow(failure="lost_or_damaged", owner="baggage-desk"), PolicyRow())
)
PLACE = Place("northwind", "mastodon", "author-1")
GOOD = frozenset({"apologise", "remedy"})
TEMPLATE = frozenset({"apologise", "remedy", "template"})


def labels(
    *signals: str,
    failure: str | None = "lost_or_damaged",
    severity: str | None = "accusation",
    justice: tuple[str, ...] = (),
) -> Labels:
    return Labels("negative", True, severity, failure, "after_sale", justice=justice, signals=signals)


def facts(*signals: str, at: datetime = T0, p: float = 0.95, post: str = "p1", **more: Any) -> ComplaintFacts:
    names = {name: more.pop(name) for name in ("failure", "severity", "justice") if name in more}
    return ComplaintFacts(f"m-{post}", post, at, p, labels(*signals, **names), **more)


def case_of(*signals: str, policy: Policy = POLICY, place: Place = PLACE, **more: Any) -> Case:
    return open_case(facts(*signals, **more), place, policy, id="case-1")


def brand_reply(acts: frozenset[str], at: datetime, *, meets: bool = False) -> BrandReply:
    return BrandReply("r1", at, acts, "person", meets)


def ids() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"alert-{next(numbers)}"


SUBJECT = Subject(
    "case:case-1", "northwind", "case-1", "lost_or_damaged", "baggage-desk", classifier="made@1", changed_at=T0
)


def steps(
    current: Alert | None, judgement: Judgement, now: datetime, *, subject: Subject = SUBJECT, **more: Any
) -> list[AlertChange]:
    policy = more.pop("policy", POLICY)
    return step(current, judgement, subject=subject, policy=policy, now=now, new_id=ids(), **more)


def opened(judgement: Judgement, now: datetime = T0, **changes: Any) -> Alert:
    """The alert that a judgement opens, with fields set as the test needs them."""
    (change,) = steps(None, judgement, now)
    return replace(change.alert, **changes)
