"""An alert of the feed as its card shows it: words before numbers, a sentence that says why, the clock drawn. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.domain.alerts import ACTIONS, Alert, Leg
from app.domain.brands import Brand
from app.domain.cases import Case
from app.domain.policies import Policy, Settlement
from app.queries.feed import AlertCard, StreamPoint
from app.storage.reads_posts import PostView
from app.web import words
from app.web.drawings import Clock, ClockString, Sparkline, clock_string, sparkline

LEG_WORDS: Final = {
    Leg.CASE: "case",
    Leg.STREAM: "complaint stream",
    Leg.AGEING: "unanswered case",
    Leg.DIGEST: "digest",
    Leg.HEALTH: "health",
}
MOST_SENTENCES: Final = 3
MOST_ADDS: Final = 3
SLOT: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Card:
    """What `_card.html` shows. `why` are sentences, the strongest first; `result` says what the last action did."""

    alert: Alert
    brand: str
    leg: str
    sources: tuple[str, ...]
    policy: str
    why: tuple[str, ...]
    quote: PostView | None
    tags: tuple[str, ...]
    clock: ClockString | None
    spark: Sparkline | None
    adds: str
    settle: str
    folded: int
    allowed: tuple[str, ...]
    result: str = ""


def card_of(
    found: AlertCard,
    *,
    brands: Mapping[str, Brand],
    policies: Mapping[str, Policy],
    now: datetime,
    stream: Sequence[StreamPoint] = (),
    result: str = "",
) -> Card:
    """The card of an alert."""
    alert = found.alert
    brand = brands.get(alert.brand)
    policy = policies.get(alert.brand)
    quote = found.quote.post if found.quote is not None else None
    return Card(
        alert=alert,
        brand=brand.name if brand else alert.brand,
        leg=LEG_WORDS[alert.leg],
        sources=tuple(words.capital(words.code(source)) for source in found.sources),
        policy=alert.versions.get("policy", "").replace("@", " v"),
        why=_why(alert),
        quote=quote,
        tags=tuple(dict.fromkeys(found.tags)),
        clock=clock_of(found.case, now),
        spark=_spark(stream, now),
        adds=_adds(alert),
        settle=settlement(policy, alert, found.case),
        folded=found.folded_count,
        allowed=ACTIONS[alert.state],
        result=result,
    )


def clock_of(case: Case | None, now: datetime) -> ClockString | None:
    """The drawn clock of a case; `None` where the brand cannot answer at all."""
    if case is None or not case.has_clock:
        return None
    return clock_string(Clock(case.state.value, case.clock_from, case.due_at, case.answered_at), now)


def settlement(policy: Policy | None, alert: Alert, case: Case | None) -> str:
    """What the front line may settle by itself, or nothing."""
    if policy is None:
        return ""
    row = policy.row_for(alert.failure, case.severity if case else None)
    return settle_words(row.settle)


def settle_words(settle: Settlement | None) -> str:
    """ "repair or replacement up to 1,500 USD"."""
    return "" if settle is None else f"{settle.what} up to {settle.limit:,.0f} {settle.currency}"


def _why(alert: Alert) -> tuple[str, ...]:
    strongest = sorted(alert.reasons, key=lambda reason: -reason.contribution)[:MOST_SENTENCES]
    return tuple(reason.text if reason.text.endswith((".", "!", "?")) else f"{reason.text}." for reason in strongest)


def _adds(alert: Alert) -> str:
    strongest = sorted(alert.reasons, key=lambda reason: -reason.contribution)[:MOST_ADDS]
    shown = [f"{words.code(reason.code)} +{reason.contribution:.1f}" for reason in strongest if reason.contribution > 0]
    return ", ".join(shown)


def _spark(stream: Sequence[StreamPoint], now: datetime) -> Sparkline | None:
    if not stream:
        return None
    end = max(point.at for point in stream) + timedelta(minutes=5)
    start = end - timedelta(hours=6)
    counts = [0] * 24
    for point in stream:
        if point.at >= start:
            counts[min(int((point.at - start) / SLOT), 23)] += point.count
    return sparkline(counts, "Complaints per 15 minutes in the last six hours")
