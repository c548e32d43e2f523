"""Cases that go out."""

from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, Field

from app.api.schemas.common import EXAMPLE_AT, EXAMPLE_ID, Identity, ListQuery, Name, Slug, example
from app.api.schemas.posts import PostOut, Sample
from app.domain.alerts import Level
from app.domain.cases import CaseState
from app.queries.cases import CaseCard, CaseDetail, ReplyView, UnansweredPage
from app.queries.clock import ClockReading

_CASE: Final[dict[str, Any]] = {
    "id": EXAMPLE_ID,
    "brand": "northwind",
    "source": "mastodon-northwind",
    "state": "waiting",
    "opened_at": EXAMPLE_AT,
    "last_post_at": EXAMPLE_AT,
    "failure": "lost_or_damaged",
    "severity": "accusation",
    "gravity": 3,
    "signals": ["refused_redress"],
    "complaint_count": 3,
    "reply_count": 1,
    "answered_at": None,
    "closed_at": None,
    "owner": "baggage-desk",
    "risk": 0.61,
    "level": "warn",
    "views": 41000,
    "engagement": 1588,
    "followers": 310,
    "sees_replies": True,
    "clock": None,
    "first_post": EXAMPLE_ID,
    "quote": "Two weeks, and nobody has told me where my guitar is.",
}


class ClockOut(BaseModel):
    """The unanswered clock. `used` 1.0 = just run out; `left_s` is negative after that."""

    model_config = example(
        runs=True, started_at=EXAMPLE_AT, due_at=EXAMPLE_AT, waiting_s=75600, used=0.875, left_s=10800
    )

    runs: bool
    started_at: datetime | None
    due_at: datetime | None
    waiting_s: float
    used: float | None
    left_s: float | None

    @classmethod
    def of(cls, clock: ClockReading | None) -> "ClockOut | None":
        """As the query gives it."""
        if clock is None:
            return None
        return cls(
            runs=clock.runs,
            started_at=clock.started_at,
            due_at=clock.due_at,
            waiting_s=clock.waiting.total_seconds(),
            used=None if clock.used is None else round(clock.used, 4),
            left_s=None if clock.left is None else clock.left.total_seconds(),
        )


class CaseOut(BaseModel):
    """One customer's complaint about one brand; `clock` is null where the brand cannot answer at all."""

    model_config = example(**_CASE)

    id: Identity
    brand: str
    source: str
    state: CaseState
    opened_at: datetime
    last_post_at: datetime
    failure: str | None
    severity: str | None
    gravity: int = Field(description="What is at stake, 0 to 4.")
    signals: list[str]
    complaint_count: int
    reply_count: int
    answered_at: datetime | None
    closed_at: datetime | None
    owner: str | None
    risk: float
    level: str | None
    views: int | None
    engagement: int | None
    followers: int | None
    sees_replies: bool = Field(description="Whether replies of the brand can be seen on this source at all.")
    clock: ClockOut | None
    first_post: str
    quote: str | None = Field(description="The text of the first post; null once it was removed.")

    @classmethod
    def of(cls, card: CaseCard) -> "CaseOut":
        """As the query gives it."""
        case = card.case
        return cls.model_validate(
            {
                **{name: getattr(case, name) for name in cls.model_fields if hasattr(case, name)},
                "signals": sorted(case.signals),
                "clock": ClockOut.of(card.clock),
                "quote": card.post.text if card.post else None,
            }
        )


class CaseList(BaseModel):
    """One page of cases."""

    model_config = example(items=[], next_cursor=None)

    items: list[CaseOut]
    next_cursor: str | None


class OwnerLoad(BaseModel):
    """How much waits for one owner; null = nobody owns it."""

    model_config = example(owner="baggage-desk", overdue=7, due_soon=2)

    owner: str | None
    overdue: int
    due_soon: int


class UnansweredList(BaseModel):
    """One page of the unanswered queue, and how long the whole queue of each owner is."""

    model_config = example(items=[], next_cursor=None, owners=[{"owner": "baggage-desk", "overdue": 7, "due_soon": 2}])

    items: list[CaseOut]
    next_cursor: str | None
    owners: list[OwnerLoad]

    @classmethod
    def of(cls, page: UnansweredPage) -> "UnansweredList":
        """As the query gives it."""
        loads = [
            OwnerLoad(owner=owner, overdue=past, due_soon=due)
            for owner, (past, due) in sorted(page.owners.items(), key=lambda item: item[0] or "")
        ]
        return cls(items=[CaseOut.of(card) for card in page.cards], next_cursor=page.next_cursor, owners=loads)


class ReplyOut(BaseModel):
    """A public reply of the brand, read against its policy."""

    model_config = example(
        post=EXAMPLE_ID,
        at=EXAMPLE_AT,
        acts=["redirect"],
        answered_by="person",
        meets_policy=False,
        why="sends elsewhere and names no remedy",
        text="Please DM us.",
        url=None,
    )

    post: str
    at: datetime
    acts: list[str]
    answered_by: str
    meets_policy: bool
    why: str
    text: str | None
    url: str | None

    @classmethod
    def of(cls, reply: ReplyView) -> "ReplyOut":
        """As the query gives it."""
        return cls.model_validate(
            {name: getattr(reply, name) for name in cls.model_fields} | {"acts": list(reply.acts)}
        )


class CaseAlert(BaseModel):
    """An alert that was raised on the case."""

    model_config = example(id=EXAMPLE_ID, level="page", state="open", title="No reply seen for 281 days")

    id: str
    level: str
    state: str
    title: str


class CaseWhole(BaseModel):
    """A case with its posts and the brand's replies, oldest first."""

    model_config = example(case=_CASE, posts=[], replies=[], alerts=[])

    case: CaseOut
    posts: list[PostOut]
    replies: list[ReplyOut]
    alerts: list[CaseAlert]
    engagement: list[Sample] = Field(default_factory=list)

    @classmethod
    def of(cls, detail: CaseDetail) -> "CaseWhole":
        """As the query gives it."""
        return cls(
            case=CaseOut.of(detail.card),
            posts=[PostOut.of(view) for view in detail.posts],
            replies=[ReplyOut.of(reply) for reply in detail.replies],
            alerts=[
                CaseAlert(id=alert.id, level=alert.level, state=alert.state, title=alert.title)
                for alert in detail.alerts
            ],
            engagement=[
                Sample(at=at.at, views=at.views, likes=at.likes, shares=at.shares, replies=at.replies)
                for at in detail.samples
            ],
        )


class UnansweredQuery(ListQuery):
    """Filters of the unanswered queue."""

    brand: Slug | None = None
    owner: Name | None = None


class CasesQuery(UnansweredQuery):
    """Filters of the list of cases."""

    state: CaseState | None = None
    failure: Name | None = None
    source: Name | None = None
    level: Level | None = None
