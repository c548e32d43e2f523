"""The life of a case: it opens, is joined, answered, goes on, closes. Every function gives the case as it is after.

The clock starts at the first complaint. Only a reply that meets the policy stops it; any other pauses it once, until
the next-contact deadline; the customer's next complaint makes the case `unsatisfied` and the clock runs again.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from app.domain.cases import REOPEN_WITHIN, RUNNING, Case, CaseState
from app.domain.policies import Policy, PolicyRow
from app.domain.predictions import Labels
from app.escalation.gravity import SEVERITY_RANK, UNNAMED, gravity_of
from app.escalation.replies import BrandReply, meets_policy, tone_of

__all__ = [
    "BrandReply",
    "ComplaintFacts",
    "Place",
    "answer",
    "answered_elsewhere",
    "can_join",
    "close",
    "earliest",
    "join",
    "meets_policy",
    "open_case",
    "reopen",
    "resume",
    "revise",
    "tone_of",
]

NEW_CONTACT_AFTER: Final = timedelta(hours=1)
"""A complaint that follows the last one sooner is the same contact: people write one grievance in several posts."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case lives: one author, one source, one brand; what can be seen and done there."""

    brand: str
    source: str
    author: str
    has_clock: bool = True
    sees_replies: bool = True


@dataclass(frozen=True, slots=True)
class ComplaintFacts:
    """What a complaint brings to its case. `complaint` is its probability; `None` = the source does not tell.

    `engagement` is the sum of likes, shares and replies; `is_late`: it was first seen too late to count as live.
    """

    mention_id: str
    post_id: str
    at: datetime
    complaint: float
    labels: Labels
    followers: int | None = None
    views: int | None = None
    engagement: int | None = None
    language: str | None = None
    verified: bool = False
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class _Clock:
    state: CaseState
    clock_from: datetime | None
    due_at: datetime | None


def open_case(facts: ComplaintFacts, place: Place, policy: Policy, *, id: str) -> Case:
    """A new case of one complaint. Where the brand cannot answer it has no clock, and nothing to wait for."""
    labels = facts.labels
    row = policy.row_for(labels.failure, labels.severity)
    due_at = policy.deadline(facts.at, row.reply_within) if place.has_clock else None
    return Case(
        id=id,
        brand=place.brand,
        source=place.source,
        author=place.author,
        state=CaseState.WAITING,
        opened_at=facts.at,
        last_post_at=facts.at,
        clock_from=facts.at if place.has_clock else None,
        due_at=due_at,
        next_eval_at=due_at,
        has_clock=place.has_clock,
        sees_replies=place.sees_replies,
        live=not facts.is_late,
        failure=labels.failure,
        severity=labels.severity,
        gravity=gravity_of(labels),
        signals=frozenset(labels.signals),
        complaint=facts.complaint,
        followers=facts.followers,
        verified=facts.verified,
        views=facts.views,
        engagement=facts.engagement,
        engagement_at=None if facts.views is None and facts.engagement is None else facts.at,
        first_post=facts.post_id,
        last_post=facts.post_id,
        owner=row.owner,
    )


def can_join(case: Case, at: datetime) -> bool:
    """Whether a complaint of the same author joins this case: unless it closed more than 30 days before."""
    return case.closed_at is None or at - case.closed_at <= REOPEN_WITHIN


def join(case: Case, facts: ComplaintFacts, policy: Policy) -> Case:
    """The case with one more complaint. It never restarts a running clock, and can only make a deadline earlier."""
    labels = facts.labels
    is_news = facts.at >= case.last_post_at
    signals = case.signals.union(labels.signals)
    if abs(facts.at - case.last_post_at) >= NEW_CONTACT_AFTER:
        signals |= {"repeated"}
    is_stronger = SEVERITY_RANK[labels.severity] > SEVERITY_RANK[case.severity]
    failure = labels.failure if _prefers(case, labels, is_stronger=is_stronger) else case.failure
    severity = labels.severity if is_stronger else case.severity
    row = policy.row_for(failure, severity)
    clock = _after_complaint(case, facts.at, policy, row)
    return replace(
        case,
        state=clock.state,
        clock_from=clock.clock_from,
        due_at=clock.due_at,
        next_eval_at=earliest(case.next_eval_at, clock.due_at),
        closed_at=None,
        answered_at=None if clock.state in RUNNING else case.answered_at,
        opened_at=min(case.opened_at, facts.at),
        last_post_at=max(case.last_post_at, facts.at),
        last_post=facts.post_id if is_news else case.last_post,
        first_post=facts.post_id if facts.at < case.opened_at else case.first_post,
        live=case.live or not facts.is_late,
        failure=failure,
        severity=severity,
        gravity=max(case.gravity, gravity_of(labels, signals=signals)),
        signals=signals,
        complaint=max(case.complaint, facts.complaint),
        complaint_count=case.complaint_count + 1,
        followers=_larger(case.followers, facts.followers),
        views=_sum(case.views, facts.views),
        views_before=_sum_known(case.views_before, facts.views),
        engagement=_sum(case.engagement, facts.engagement),
        engagement_before=_sum_known(case.engagement_before, facts.engagement),
        engagement_at=_sampled_at(case, facts),
        verified=case.verified or facts.verified,
        owner=row.owner,
    )


def revise(case: Case, facts: ComplaintFacts, policy: Policy) -> Case:
    """The case after one of its complaints was edited: what is worse now counts, and it is no further contact.

    What an edit takes back stays: it was said. A deadline can only become earlier.
    """
    labels = facts.labels
    signals = case.signals.union(labels.signals)
    is_stronger = SEVERITY_RANK[labels.severity] > SEVERITY_RANK[case.severity]
    failure = labels.failure if _prefers(case, labels, is_stronger=is_stronger) else case.failure
    severity = labels.severity if is_stronger else case.severity
    row = policy.row_for(failure, severity)
    due_at = case.due_at
    if case.state in RUNNING and case.clock_from is not None:
        due_at = earliest(due_at, policy.deadline(case.clock_from, row.reply_within))
    return replace(
        case,
        due_at=due_at,
        next_eval_at=earliest(case.next_eval_at, due_at),
        failure=failure,
        severity=severity,
        gravity=max(case.gravity, gravity_of(labels, signals=signals)),
        signals=signals,
        complaint=max(case.complaint, facts.complaint),
        owner=row.owner,
    )


def answer(case: Case, reply: BrandReply, policy: Policy) -> Case:
    """The case after a reply by the brand. One before the first complaint, or after the end, is only counted."""
    counted = replace(
        case,
        reply_count=case.reply_count + 1,
        last_reply_at=max(reply.at, case.last_reply_at or reply.at),
        reply_tone=tone_of(reply.acts),
    )
    if reply.at < case.opened_at or case.state in (CaseState.CLOSED, CaseState.ANSWERED):
        return counted
    if reply.at < case.last_post_at:
        return _overtaken(counted, reply, policy)
    if reply.meets:
        return replace(
            counted, state=CaseState.ANSWERED, answered_at=reply.at, due_at=None, clock_from=None, next_eval_at=None
        )
    return _paused(counted, case, reply, policy)


def resume(case: Case, now: datetime) -> Case:
    """A paused case whose next-contact deadline has passed waits again: nobody came back to the customer."""
    if case.state is not CaseState.PAUSED or case.due_at is None or now < case.due_at:
        return case
    return replace(case, state=CaseState.WAITING)


def close(case: Case, *, at: datetime) -> Case:
    """The end: the customer says that it is put right, or a person resolves it with a reason."""
    return replace(case, state=CaseState.CLOSED, closed_at=at, clock_from=None, due_at=None, next_eval_at=None)


def answered_elsewhere(case: Case, *, at: datetime) -> Case:
    """A person says that the brand has answered where we cannot see it: the clock stops. A case without one stays.

    It is judged anew at `at`, by the next tick.
    """
    if case.state in (CaseState.ANSWERED, CaseState.CLOSED):
        return case
    return replace(case, state=CaseState.ANSWERED, answered_at=at, clock_from=None, due_at=None, next_eval_at=at)


def reopen(case: Case, policy: Policy, *, at: datetime) -> Case:
    """A person takes the end back: the clock starts anew at that moment."""
    row = policy.row_for(case.failure, case.severity)
    due_at = policy.deadline(at, row.reply_within) if case.has_clock else None
    return replace(
        case,
        state=CaseState.UNSATISFIED if case.reply_count else CaseState.WAITING,
        closed_at=None,
        answered_at=None,
        clock_from=at if case.has_clock else None,
        due_at=due_at,
        next_eval_at=due_at,
    )


def earliest(one: datetime | None, other: datetime | None) -> datetime | None:
    """The earlier of two moments, either of which may be missing."""
    if one is None or other is None:
        return one or other
    return min(one, other)


def _after_complaint(case: Case, at: datetime, policy: Policy, row: PolicyRow) -> _Clock:
    if not case.has_clock:
        return _Clock(CaseState.WAITING, None, None)
    due_at = policy.deadline(at, row.reply_within)
    if case.state in RUNNING:
        start = case.clock_from or at
        if at < start and case.last_reply_at is None:
            return _Clock(case.state, at, earliest(case.due_at, due_at))
        return _Clock(case.state, start, earliest(case.due_at, policy.deadline(start, row.reply_within)))
    if case.last_reply_at is not None and at <= case.last_reply_at and case.state is not CaseState.CLOSED:
        return _Clock(case.state, case.clock_from, case.due_at)
    if case.state is CaseState.PAUSED:
        # No reply met the policy, so the clock never stopped: its age counts from where it began.
        return _Clock(CaseState.UNSATISFIED, case.clock_from, earliest(case.due_at, due_at))
    return _Clock(CaseState.UNSATISFIED, at, due_at)


def _overtaken(case: Case, reply: BrandReply, policy: Policy) -> Case:
    """A reply that we see only after the customer has complained again: it ended the clock that ran until then."""
    if not reply.meets or case.clock_from is None or reply.at < case.clock_from:
        return case
    row = policy.row_for(case.failure, case.severity)
    due_at = policy.deadline(case.last_post_at, row.reply_within)
    return replace(case, state=CaseState.UNSATISFIED, clock_from=case.last_post_at, due_at=due_at, next_eval_at=due_at)


def _paused(counted: Case, case: Case, reply: BrandReply, policy: Policy) -> Case:
    # One pause a complaint: a row of templates, each within a day of the last, must not hold the clock for ever.
    has_paused = case.last_reply_at is not None and case.last_reply_at >= case.last_post_at
    if has_paused or case.due_at is None:
        return counted
    due_at = max(case.due_at, policy.deadline(reply.at, policy.reply.next_contact_within))
    return replace(counted, state=CaseState.PAUSED, due_at=due_at, next_eval_at=due_at)


def _prefers(case: Case, labels: Labels, *, is_stronger: bool) -> bool:
    if case.failure == "safety" or labels.failure in UNNAMED:
        return False
    return is_stronger or labels.failure == "safety" or case.failure in UNNAMED


def _larger(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)


def _sum(one: int | None, other: int | None) -> int | None:
    return other if one is None else one + (other or 0)


def _sum_known(before: int | None, joined: int | None) -> int | None:
    # What a post brought when it joined is no growth of the hour: it goes to both sides.
    return None if before is None else before + (joined or 0)


def _sampled_at(case: Case, facts: ComplaintFacts) -> datetime | None:
    if facts.views is None and facts.engagement is None:
        return case.engagement_at
    return max(facts.at, case.engagement_at or facts.at)
