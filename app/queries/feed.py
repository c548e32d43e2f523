"""The alert feed: cards, one alert with all that explains it, the numbers above the feed, and the live changes."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Final, Literal, TypeVar

from app.domain.access import EVERYTHING_PUBLIC, Sight
from app.domain.alerts import Alert, AlertState, Leg
from app.domain.cases import Case
from app.domain.errors import NotFound
from app.queries import cursors
from app.queries.clock import SOON, ClockReading, read_clock
from app.queries.health import watched_brands
from app.storage import reads_cases, reads_feed, reads_posts, reads_trends, trends
from app.storage.database import Transaction
from app.storage.reads_cases import ReplyView
from app.storage.reads_feed import (
    AlertFilters,
    AttemptView,
    ChangeView,
    DeliveryFilters,
    DeliveryView,
    LiveChange,
)
from app.storage.reads_posts import PostView, SampleView
from app.storage.reads_trends import BucketFilter

__all__ = [
    "AlertCard",
    "AlertDetail",
    "AlertFilters",
    "AlertPage",
    "AttemptView",
    "ChangeView",
    "DeliveryFilters",
    "DeliveryPage",
    "DeliveryView",
    "EvidenceView",
    "FeedCounts",
    "FeedOrder",
    "LiveChange",
    "ReplyView",
    "StreamPoint",
    "alert_detail",
    "alert_feed",
    "changes_since",
    "deliveries",
    "feed_counts",
    "last_sequence",
    "require_alert",
    "require_delivery",
    "stream_of",
]

Key = TypeVar("Key")
FeedOrder = Literal["recent", "gravest"]
"""`recent`: the last changed first; `gravest`: page, warn, watch, and the last changed first within each."""

LATELY: Final = timedelta(days=30)
"""Window of the median answer and of recovery."""
USUAL: Final = timedelta(days=28)
"""What the complaint share of the last 24 h is held against: the four weeks before."""
DAY: Final = timedelta(hours=24)
CHART: Final = timedelta(hours=6)
"""How far the complaint counts of a stream alert reach back."""


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """A post of an alert's evidence with its role; `post` is `None` where it may not be shown, or is gone."""

    id: str
    role: str
    post: PostView | None

    @property
    def is_removed(self) -> bool:
        """Whether the words are gone: show "removed"."""
        return self.post is None or self.post.is_removed


@dataclass(frozen=True, slots=True)
class AlertCard:
    """What one card shows. `quote` is the first evidence; `clock` stands where the alert is about a case with a clock.

    `tags` are the codes of the quoted post, `folded_count` how many alerts this one stands for.
    """

    alert: Alert
    quote: EvidenceView | None
    case: Case | None
    clock: ClockReading | None
    tags: tuple[str, ...]
    sources: tuple[str, ...]
    folded_count: int


@dataclass(frozen=True, slots=True)
class AlertPage:
    """One page of the feed; `next_cursor` is `None` on the last."""

    cards: tuple[AlertCard, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class StreamPoint:
    """Complaints of one stream in five minutes from `at`; five minutes without a point had none."""

    at: datetime
    count: int


@dataclass(frozen=True, slots=True)
class AlertDetail:
    """One alert with all that explains it; `timeline` is newest first, posts and samples oldest first."""

    card: AlertCard
    timeline: tuple[ChangeView, ...]
    evidence: tuple[EvidenceView, ...]
    members: tuple[PostView, ...]
    replies: tuple[ReplyView, ...]
    deliveries: tuple[DeliveryView, ...]
    samples: tuple[SampleView, ...]
    stream: tuple[StreamPoint, ...]
    folded: tuple[Alert, ...]


@dataclass(frozen=True, slots=True)
class FeedCounts:
    """The filters and the row of numbers above the feed.

    `levels`, `failures` and `owners` count open alerts (owner `None` = unassigned). `complaint_share` is of the last
    24 h, `usual_share` of the four weeks before; `answer_median` and `recovered_share` (answered, and not complained
    again) are of the last 30 days. `None` = nothing to take it from.
    """

    states: Mapping[str, int]
    levels: Mapping[str, int]
    failures: Mapping[str | None, int]
    owners: Mapping[str | None, int]
    overdue: int
    due_soon: int
    answer_median: timedelta | None
    answered_count: int
    recovered_share: float | None
    complaint_share: float | None
    usual_share: float | None
    mention_count: int


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """One page of deliveries, newest first."""

    deliveries: tuple[DeliveryView, ...]
    next_cursor: str | None


def alert_feed(
    tx: Transaction,
    filters: AlertFilters,
    *,
    now: datetime,
    sight: Sight = EVERYTHING_PUBLIC,
    order: FeedOrder = "gravest",
    cursor: str | None = None,
    limit: int = 50,
) -> AlertPage:
    """A page of cards; `now` is the event clock's. Raises `MalformedInput` for a bad cursor."""
    kind = f"alerts-{order}"
    after = cursors.decode(kind, cursor, (int, int))
    found = reads_feed.list_alerts(
        tx,
        filters,
        sight=sight,
        gravest_first=order == "gravest",
        after=None if after is None else (after[0], after[1]),
        limit=limit + 1,
    )
    shown = found[:limit]
    more = cursors.encode(kind, (shown[-1][0], shown[-1][1].sequence)) if len(found) > limit else None
    return AlertPage(_cards(tx, [alert for _, alert in shown], now=now, sight=sight), more)


def alert_detail(tx: Transaction, alert_id: str, *, now: datetime, sight: Sight = EVERYTHING_PUBLIC) -> AlertDetail:
    """One alert with its history and evidence. Raises `NotFound` where there is none that may be seen."""
    alert = require_alert(tx, alert_id, sight=sight)
    (card,) = _cards(tx, [alert], now=now, sight=sight)
    evidence = _evidence(tx, [alert], sight=sight)[alert.id]
    members = reads_posts.case_posts(tx, alert.case, sight=sight) if alert.case else []
    charted = list(dict.fromkeys([item.id for item in evidence] + [post.id for post in members]))
    return AlertDetail(
        card=card,
        timeline=tuple(reads_feed.timeline(tx, alert.id)),
        evidence=evidence,
        members=tuple(members),
        replies=tuple(reads_cases.replies_of(tx, alert.case)) if alert.case else (),
        deliveries=tuple(reads_feed.list_deliveries(tx, DeliveryFilters(alert=alert.id), sight=sight)),
        samples=tuple(reads_posts.samples_of(tx, charted[:50])),
        stream=stream_of(tx, alert, now=now),
        folded=tuple(reads_feed.folded_in(tx, alert.id, sight=sight)),
    )


def require_alert(tx: Transaction, alert_id: str, *, sight: Sight) -> Alert:
    """The alert as it stands. Raises `NotFound` where there is none that may be seen."""
    found = reads_feed.alerts_of(tx, [alert_id], sight=sight).get(alert_id)
    if found is None:
        message = f"There is no alert {alert_id}."
        raise NotFound(message)
    return found


def feed_counts(tx: Transaction, brand: str | None, *, now: datetime, sight: Sight = EVERYTHING_PUBLIC) -> FeedCounts:
    """The numbers above the feed, of one brand or of all that may be seen."""
    rows = reads_feed.counts_by(tx, brand=brand, sight=sight)
    is_open = [row for row in rows if row[0] == AlertState.OPEN.value]
    queue = reads_cases.queue_sizes(tx, brand=brand, sight=sight, now=now, soon=SOON)
    answers = reads_cases.recovery(tx, brand=brand, sight=sight, since=now - LATELY)
    today, mentions = _complaint_share(tx, brand, start=now - DAY, end=now, sight=sight)
    usual, _ = _complaint_share(tx, brand, start=now - DAY - USUAL, end=now - DAY, sight=sight)
    return FeedCounts(
        states=_sum((row[0], row[4]) for row in rows),
        levels=_sum((row[1], row[4]) for row in is_open),
        failures=_sum((row[2], row[4]) for row in is_open),
        owners=_sum((row[3], row[4]) for row in is_open),
        overdue=sum(past for past, _ in queue.values()),
        due_soon=sum(due for _, due in queue.values()),
        answer_median=timedelta(seconds=median(answers.seconds)) if answers.seconds else None,
        answered_count=answers.answered,
        recovered_share=answers.recovered / answers.answered if answers.answered else None,
        complaint_share=today,
        usual_share=usual,
        mention_count=mentions,
    )


def changes_since(
    tx: Transaction, sequence: int, *, limit: int = 200, sight: Sight = EVERYTHING_PUBLIC
) -> tuple[LiveChange, ...]:
    """The alert changes after `sequence`, in the order they were committed: what the live stream sends."""
    return tuple(reads_feed.changes_after(tx, sequence, sight=sight, limit=limit))


def last_sequence(tx: Transaction) -> int:
    """Where the live stream starts for a listener that has seen nothing yet."""
    return reads_feed.last_sequence(tx)


def deliveries(
    tx: Transaction,
    filters: DeliveryFilters,
    *,
    sight: Sight = EVERYTHING_PUBLIC,
    cursor: str | None = None,
    limit: int = 50,
) -> DeliveryPage:
    """A page of deliveries with every attempt. Raises `MalformedInput` for a bad cursor."""
    after = cursors.decode("deliveries", cursor, (str,))
    found = reads_feed.list_deliveries(tx, filters, sight=sight, before=after[0] if after else None, limit=limit + 1)
    shown = found[:limit]
    more = cursors.encode("deliveries", (shown[-1].id,)) if len(found) > limit else None
    return DeliveryPage(tuple(shown), more)


def require_delivery(tx: Transaction, delivery: str, *, sight: Sight) -> str:
    """The brand of a delivery. Raises `NotFound` where there is none that may be seen."""
    brand = reads_feed.delivery_brand(tx, delivery, sight=sight)
    if brand is None:
        message = f"There is no delivery {delivery}."
        raise NotFound(message)
    return brand


def _cards(tx: Transaction, alerts: Sequence[Alert], *, now: datetime, sight: Sight) -> tuple[AlertCard, ...]:
    evidence = _evidence(tx, alerts, sight=sight)
    cases = reads_cases.cases_of(tx, (alert.case for alert in alerts if alert.case), sight=sight)
    folded = reads_feed.folded_counts(tx, (alert.id for alert in alerts))
    return tuple(
        _card(alert, evidence[alert.id], cases.get(alert.case or ""), now=now, folded=folded.get(alert.id, 0))
        for alert in alerts
    )


def _card(
    alert: Alert, evidence: Sequence[EvidenceView], case: Case | None, *, now: datetime, folded: int
) -> AlertCard:
    readable = [item for item in evidence if not item.is_removed]
    quote = next(iter(readable), next(iter(evidence), None))
    seen = [item.post for item in evidence if item.post is not None]
    return AlertCard(
        alert=alert,
        quote=quote,
        case=case,
        clock=None if case is None else read_clock(case, now),
        tags=quote.post.tags if quote is not None and quote.post is not None else (),
        sources=tuple(dict.fromkeys(post.source for post in seen)),
        folded_count=folded,
    )


def _evidence(tx: Transaction, alerts: Sequence[Alert], *, sight: Sight) -> dict[str, tuple[EvidenceView, ...]]:
    posts: dict[tuple[str, str], PostView] = {}
    for brand in {alert.brand for alert in alerts}:
        ids = (item.post for alert in alerts if alert.brand == brand for item in alert.evidence)
        found = reads_posts.posts_of(tx, ids, sight=sight, brand=brand)
        posts |= {(brand, post): view for post, view in found.items()}
    return {
        alert.id: tuple(
            EvidenceView(item.post, item.role, posts.get((alert.brand, item.post))) for item in alert.evidence
        )
        for alert in alerts
    }


def stream_of(tx: Transaction, alert: Alert, *, now: datetime) -> tuple[StreamPoint, ...]:
    """What the burst of a stream alert looked like, from six hours before it; nothing for other alerts."""
    if alert.leg is not Leg.STREAM:
        return ()
    end = min(now, alert.resolved_at or now)
    stream = alert.failure or trends.ALL_COMPLAINTS
    slots = trends.ring(tx, alert.brand, stream, start=alert.opened_at - CHART, stop=end)
    return tuple(StreamPoint(at, slots[at]) for at in sorted(slots))


def _complaint_share(
    tx: Transaction, brand: str | None, *, start: datetime, end: datetime, sight: Sight
) -> tuple[float | None, int]:
    watched = [brand] if brand is not None else [found.slug for found in watched_brands(tx, sight=sight)]
    counts: Counter[str] = Counter()
    for slug in watched:
        if sight.covers(slug):
            counts.update(reads_trends.totals(tx, BucketFilter(slug, start, end), "complaint"))
    mentions = counts.total()
    return (counts["yes"] / mentions if mentions else None), mentions


def _sum(pairs: Iterable[tuple[Key, int]]) -> dict[Key, int]:
    sums: dict[Key, int] = {}
    for key, count in pairs:
        sums[key] = sums.get(key, 0) + count
    return sums
