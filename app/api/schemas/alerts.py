"""Alerts, what is done with them, and what was sent about them."""

from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, Field

from app.api.schemas.cases import ClockOut, ReplyOut
from app.api.schemas.common import (
    EXAMPLE_AT,
    EXAMPLE_ID,
    Format,
    Identity,
    Line,
    ListQuery,
    Moment,
    Name,
    Slug,
    example,
    strict_example,
)
from app.api.schemas.posts import PostOut, Sample
from app.domain.alerts import Alert, AlertState, Feedback, Leg, Level
from app.queries.feed import AlertCard, AlertDetail, ChangeView, DeliveryView, EvidenceView, LiveChange

_ALERT: Final[dict[str, Any]] = {
    "id": EXAMPLE_ID,
    "sequence": 4711,
    "version": 3,
    "brand": "northwind",
    "leg": "case",
    "case": EXAMPLE_ID,
    "level": "page",
    "state": "open",
    "risk": 0.97,
    "title": "No reply seen for 281 days, and the announced song is out",
    "opened_at": EXAMPLE_AT,
    "level_since": EXAMPLE_AT,
    "failure": "lost_or_damaged",
    "owner": "baggage-desk",
    "assignee": None,
    "acknowledge_by": EXAMPLE_AT,
    "suppressed_until": None,
    "resolved_at": None,
    "feedback": None,
    "reasons": [
        {
            "code": "unanswered",
            "leg": "ageing",
            "text": "No reply seen for 281 days",
            "value": 281.0,
            "unit": "d",
            "limit": 1.0,
            "contribution": 2.1,
        }
    ],
    "evidence": [{"post": EXAMPLE_ID, "role": "first_complaint"}],
    "forecast": {"metric": "views", "p10": 400000, "p50": 900000, "p90": 1900000, "calibrated": False},
    "versions": {"policy": "airline@4", "rule": "1.2", "classifier": "e5s@1"},
    "links": {"self": f"/api/v1/alerts/{EXAMPLE_ID}", "page": f"http://127.0.0.1:8000/alerts/{EXAMPLE_ID}"},
}


class ReasonOut(BaseModel):
    """Why, in words and numbers; `contribution` is what it adds to the log-odds of the risk."""

    model_config = example(**_ALERT["reasons"][0])

    code: str
    leg: str
    text: str
    value: float | None
    unit: str | None
    limit: float | None
    contribution: float


class EvidenceOut(BaseModel):
    """A post and the part it plays."""

    model_config = example(**_ALERT["evidence"][0])

    post: str
    role: str


class Links(BaseModel):
    """Where the alert is: for programs, and for people."""

    model_config = example(**_ALERT["links"])

    self: str
    page: str


class AlertOut(BaseModel):
    """An alert. `sequence` orders the changes of all alerts, `version` counts those of this one."""

    model_config = example(**_ALERT)

    id: Identity
    sequence: int
    version: int
    brand: str
    leg: Leg
    case: str | None
    level: Level
    state: AlertState
    risk: float
    title: str
    opened_at: datetime
    level_since: datetime
    failure: str | None
    owner: str | None
    assignee: str | None
    acknowledge_by: datetime | None
    suppressed_until: datetime | None
    resolved_at: datetime | None
    feedback: str | None
    reasons: list[ReasonOut]
    evidence: list[EvidenceOut]
    forecast: dict[str, Any] | None
    versions: dict[str, str]
    links: Links

    @classmethod
    def of(cls, alert: Alert, *, public_url: str) -> "AlertOut":
        """As the domain has it."""
        plain = {name: getattr(alert, name) for name in cls.model_fields if hasattr(alert, name)}
        return cls.model_validate(
            plain
            | {
                "reasons": [reason.as_dict() for reason in alert.reasons],
                "evidence": [{"post": item.post, "role": item.role} for item in alert.evidence],
                "links": {"self": f"/api/v1/alerts/{alert.id}", "page": f"{public_url}/alerts/{alert.id}"},
            }
        )


class Quote(BaseModel):
    """A post of the evidence with its live text; null once it was removed."""

    model_config = example(
        post=EXAMPLE_ID,
        role="first_complaint",
        text="So here is the song.",
        url="https://video.example/1",
        author="Kim",
        source="video",
        event_at=EXAMPLE_AT,
    )

    post: str
    role: str
    text: str | None
    url: str | None
    author: str | None
    source: str | None
    event_at: datetime | None

    @classmethod
    def of(cls, view: EvidenceView) -> "Quote":
        """As the query gives it."""
        post = view.post
        return cls(
            post=view.id,
            role=view.role,
            text=post.text if post else None,
            url=post.url if post else None,
            author=(post.author_name or post.handle) if post else None,
            source=post.source if post else None,
            event_at=post.event_at if post else None,
        )


class AlertListed(AlertOut):
    """An alert as the feed shows it: with its first quote, its case's clock, and how many alerts it stands for."""

    model_config = example(**_ALERT, quote=None, clock=None, tags=["lost_or_damaged", "rally"], folded_count=0)

    quote: Quote | None
    clock: ClockOut | None
    tags: list[str]
    folded_count: int

    @classmethod
    def of_card(cls, card: AlertCard, *, public_url: str) -> "AlertListed":
        """As the query gives it."""
        return cls(
            **AlertOut.of(card.alert, public_url=public_url).model_dump(),
            quote=Quote.of(card.quote) if card.quote else None,
            clock=ClockOut.of(card.clock),
            tags=list(card.tags),
            folded_count=card.folded_count,
        )


class AlertList(BaseModel):
    """One page of alerts."""

    model_config = example(items=[], next_cursor=None)

    items: list[AlertListed]
    next_cursor: str | None


class ChangeOut(BaseModel):
    """One line of an alert's history: what happened, and where it stood after that."""

    model_config = example(
        sequence=4711,
        version=3,
        kind="escalated",
        at=EXAMPLE_AT,
        actor="fretwatch",
        note="",
        level="page",
        state="open",
        risk=0.97,
    )

    sequence: int
    version: int
    kind: str
    at: datetime
    actor: str
    note: str
    level: str
    state: str
    risk: float

    @classmethod
    def of(cls, change: ChangeView) -> "ChangeOut":
        """As the query gives it."""
        return cls.model_validate({name: getattr(change, name) for name in cls.model_fields})


class AttemptOut(BaseModel):
    """One try to send."""

    model_config = example(n=1, at=EXAMPLE_AT, outcome="retry", status=503, error=None, milliseconds=210)

    n: int
    at: datetime
    outcome: str
    status: int | None
    error: str | None
    milliseconds: int


class DeliveryOut(BaseModel):
    """One message to one endpoint; `id` is the webhook-id, the same over all attempts."""

    model_config = example(
        id=EXAMPLE_ID,
        alert=EXAMPLE_ID,
        change=4711,
        kind="escalated",
        endpoint="oncall",
        level="page",
        state="delivered",
        event_at=EXAMPLE_AT,
        created_at=EXAMPLE_AT,
        due_at=EXAMPLE_AT,
        finished_at=EXAMPLE_AT,
        attempts=[],
    )

    id: str
    alert: str
    change: int
    kind: str
    endpoint: str
    level: str
    state: str
    event_at: datetime
    created_at: datetime
    due_at: datetime
    finished_at: datetime | None
    attempts: list[AttemptOut]

    @classmethod
    def of(cls, view: DeliveryView) -> "DeliveryOut":
        """As the query gives it."""
        tries = [AttemptOut.model_validate(item, from_attributes=True) for item in view.attempts]
        return cls.model_validate({name: getattr(view, name) for name in cls.model_fields} | {"attempts": tries})


class DeliveryList(BaseModel):
    """One page of deliveries, newest first."""

    model_config = example(items=[], next_cursor=None)

    items: list[DeliveryOut]
    next_cursor: str | None


class AlertWhole(BaseModel):
    """An alert with everything that explains it; the timeline is newest first."""

    model_config = example(
        alert=_ALERT | {"quote": None, "clock": None, "tags": [], "folded_count": 0}, timeline=[], evidence=[], posts=[]
    )

    alert: AlertListed
    timeline: list[ChangeOut]
    evidence: list[Quote]
    posts: list[PostOut] = Field(description="The complaints of its case, oldest first.")
    replies: list[ReplyOut] = Field(default_factory=list)
    deliveries: list[DeliveryOut] = Field(default_factory=list)
    engagement: list[Sample] = Field(default_factory=list)
    folded: list[str] = Field(default_factory=list, description="Alerts that this one stands for.")

    @classmethod
    def of(cls, detail: AlertDetail, *, public_url: str) -> "AlertWhole":
        """As the query gives it."""
        return cls(
            alert=AlertListed.of_card(detail.card, public_url=public_url),
            timeline=[ChangeOut.of(change) for change in detail.timeline],
            evidence=[Quote.of(item) for item in detail.evidence],
            posts=[PostOut.of(view) for view in detail.members],
            replies=[ReplyOut.of(reply) for reply in detail.replies],
            deliveries=[DeliveryOut.of(view) for view in detail.deliveries],
            engagement=[
                Sample(at=at.at, views=at.views, likes=at.likes, shares=at.shares, replies=at.replies)
                for at in detail.samples
            ],
            folded=[alert.id for alert in detail.folded],
        )


class AlertsQuery(ListQuery):
    """Filters of the feed."""

    brand: Slug | None = None
    state: AlertState | None = None
    level: Level | None = None
    failure: Name | None = None
    owner: Name | None = None
    leg: Leg | None = None
    order: Literal["recent", "gravest"] = Field("recent", description="Last changed first, or page before warn.")
    format: Format = "json"


class DeliveriesQuery(ListQuery):
    """Filters of the delivery log."""

    brand: Slug | None = None
    alert: Identity | None = None
    endpoint: Name | None = None
    state: Literal["pending", "delivered", "dead", "held", "cancelled"] | None = None


class LiveOut(BaseModel):
    """One event of the live stream; its id is `sequence`."""

    model_config = example(
        sequence=4711,
        type="alert.escalated",
        at=EXAMPLE_AT,
        alert={
            "id": EXAMPLE_ID,
            "version": 3,
            "brand": "northwind",
            "leg": "case",
            "level": "page",
            "state": "open",
            "title": "No reply seen for 281 days",
            "owner": "baggage-desk",
        },
    )

    sequence: int
    type: str
    at: datetime
    alert: dict[str, Any]

    @classmethod
    def of(cls, live: LiveChange) -> "LiveOut":
        """As the query gives it."""
        change = live.change
        told = {
            "id": change.alert,
            "version": change.version,
            "brand": live.brand,
            "leg": live.leg,
            "level": change.level,
            "state": change.state,
            "risk": change.risk,
            "title": live.title,
            "owner": live.owner,
        }
        return cls(sequence=change.sequence, type=f"alert.{change.kind}", at=change.at, alert=told)


class Noted(BaseModel):
    """A remark that goes into the history with the action; may be empty."""

    model_config = strict_example(note="Called the customer.")

    note: Line = ""


class Note(BaseModel):
    """A remark for the history."""

    model_config = strict_example(note="The customer wants the repair, not a voucher.")

    note: Line = Field(min_length=1)


class Assignment(Noted):
    """Who takes care of it."""

    model_config = strict_example(assignee="Alex", note="")

    assignee: Line = Field(min_length=1, max_length=128)


class Suppression(Noted):
    """Why and until when nobody is told of it."""

    model_config = strict_example(reason="The airport is closed; everybody knows.", until=EXAMPLE_AT, note="")

    reason: Line = Field(min_length=1)
    until: Moment


class Label(Noted):
    """What the alert was worth."""

    model_config = strict_example(feedback="useful", note="")

    feedback: Feedback
