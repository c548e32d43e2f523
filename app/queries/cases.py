"""Cases: the list, one case with its posts, replies and alerts, and the queue of those that nobody answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.domain.access import EVERYTHING_PUBLIC, Sight
from app.domain.alerts import Alert
from app.domain.cases import Case
from app.domain.errors import NotFound
from app.queries import cursors
from app.queries.clock import SOON, ClockReading, read_clock
from app.storage import reads_cases, reads_feed, reads_posts
from app.storage.database import Transaction
from app.storage.reads_cases import CaseFilters, ReplyView
from app.storage.reads_feed import AlertFilters
from app.storage.reads_posts import PostView, SampleView

__all__ = [
    "CaseCard",
    "CaseDetail",
    "CaseFilters",
    "CasePage",
    "ReplyView",
    "UnansweredPage",
    "case_detail",
    "cases",
    "unanswered_queue",
]


@dataclass(frozen=True, slots=True)
class CaseCard:
    """A case with its clock and its first post; `post` is `None` where it may not be shown."""

    case: Case
    clock: ClockReading | None
    post: PostView | None


@dataclass(frozen=True, slots=True)
class CasePage:
    """One page of cases; `next_cursor` is `None` on the last."""

    cards: tuple[CaseCard, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class UnansweredPage:
    """One page of the unanswered queue, the most urgent first; `owners` counts it all: (past the clock, due soon)."""

    cards: tuple[CaseCard, ...]
    next_cursor: str | None
    owners: Mapping[str | None, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class CaseDetail:
    """One case: its complaints and the brand's replies oldest first, its alerts newest first."""

    card: CaseCard
    posts: tuple[PostView, ...]
    replies: tuple[ReplyView, ...]
    alerts: tuple[Alert, ...]
    samples: tuple[SampleView, ...]


def cases(
    tx: Transaction,
    filters: CaseFilters,
    *,
    now: datetime,
    sight: Sight = EVERYTHING_PUBLIC,
    cursor: str | None = None,
    limit: int = 50,
) -> CasePage:
    """Cases, the one with the newest post first. Raises `MalformedInput` for a bad cursor."""
    after = cursors.decode("cases", cursor, (datetime, str))
    found = reads_cases.list_cases(
        tx, filters, sight=sight, after=None if after is None else (after[0], after[1]), limit=limit + 1
    )
    shown = found[:limit]
    more = cursors.encode("cases", (shown[-1].last_post_at, shown[-1].id)) if len(found) > limit else None
    return CasePage(_cards(tx, shown, now=now, sight=sight), more)


def unanswered_queue(
    tx: Transaction,
    filters: CaseFilters,
    *,
    now: datetime,
    sight: Sight = EVERYTHING_PUBLIC,
    cursor: str | None = None,
    limit: int = 50,
) -> UnansweredPage:
    """Cases whose clock ran out or does within four hours, ordered by time overdue x gravity.

    A cursor carries the `now` of its first page, so that the order stands still while one leafs through it.
    """
    after = cursors.decode("unanswered", cursor, (datetime, int, str))
    at = now if after is None else after[0]
    found = reads_cases.queue(
        tx,
        filters,
        sight=sight,
        now=at,
        soon=SOON,
        after=None if after is None else (after[1], after[2]),
        limit=limit + 1,
    )
    shown = found[:limit]
    more = cursors.encode("unanswered", (at, shown[-1][0], shown[-1][1].id)) if len(found) > limit else None
    return UnansweredPage(
        cards=_cards(tx, [case for _, case in shown], now=now, sight=sight),
        next_cursor=more,
        owners=reads_cases.queue_sizes(tx, brand=filters.brand, sight=sight, now=now, soon=SOON),
    )


def case_detail(tx: Transaction, case_id: str, *, now: datetime, sight: Sight = EVERYTHING_PUBLIC) -> CaseDetail:
    """One case. Raises `NotFound` where there is none that may be seen."""
    found = reads_cases.cases_of(tx, [case_id], sight=sight).get(case_id)
    if found is None:
        message = f"There is no case {case_id}."
        raise NotFound(message)
    (card,) = _cards(tx, [found], now=now, sight=sight)
    posts = reads_posts.case_posts(tx, case_id, sight=sight)
    alerts = reads_feed.list_alerts(
        tx, AlertFilters(case=case_id, folded=True), sight=sight, gravest_first=False, after=None, limit=50
    )
    return CaseDetail(
        card=card,
        posts=tuple(posts),
        replies=tuple(reads_cases.replies_of(tx, case_id)),
        alerts=tuple(alert for _, alert in alerts),
        samples=tuple(reads_posts.samples_of(tx, [post.id for post in posts[:50]])),
    )


def _cards(tx: Transaction, found: list[Case], *, now: datetime, sight: Sight) -> tuple[CaseCard, ...]:
    posts = reads_posts.posts_of(tx, (case.first_post for case in found), sight=sight)
    return tuple(CaseCard(case, read_clock(case, now), posts.get(case.first_post)) for case in found)
