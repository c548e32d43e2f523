"""Alerts, their levels, states and transitions; endpoints, deliveries and what became of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final


class Level(StrEnum):
    """How loudly an alert speaks: watch 0.2, warn 0.5, page 0.8 of risk."""

    WATCH = "watch"
    WARN = "warn"
    PAGE = "page"


LEVELS: Final = (Level.WATCH, Level.WARN, Level.PAGE)
ENTER_AT: Final = {Level.WATCH: 0.2, Level.WARN: 0.5, Level.PAGE: 0.8}
"""ESCALATION section 6."""


class AlertState(StrEnum):
    """Open until somebody takes it, it is over, or it is muted for a while."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    SUPPRESSED = "suppressed"


class Leg(StrEnum):
    """What the alert is raised on."""

    CASE = "case"
    STREAM = "stream"
    AGEING = "ageing"
    DIGEST = "digest"
    """The card that stands for many: cases past their clock of one owner, or a first import."""
    HEALTH = "health"
    """A source that is silent or fails."""


class ChangeKind(StrEnum):
    """What happened to an alert; `alert.<kind>` is the type of the webhook."""

    OPENED = "opened"
    ESCALATED = "escalated"
    LOWERED = "lowered"
    ACKNOWLEDGED = "acknowledged"
    UPDATED = "updated"
    REPEATED = "repeated"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    SUPPRESSED = "suppressed"
    NOTED = "noted"
    ASSIGNED = "assigned"
    LABELLED = "labelled"
    FOLDED = "folded"


ANNOUNCED: Final = frozenset(
    {
        ChangeKind.OPENED,
        ChangeKind.ESCALATED,
        ChangeKind.LOWERED,
        ChangeKind.ACKNOWLEDGED,
        ChangeKind.UPDATED,
        ChangeKind.REPEATED,
        ChangeKind.RESOLVED,
        ChangeKind.REOPENED,
        ChangeKind.SUPPRESSED,
    }
)
"""Changes that become deliveries (SCHEMAS section 5); the others stay in the timeline."""


class Feedback(StrEnum):
    """What a person says of an alert; training rows of a later model."""

    USEFUL = "useful"
    FALSE_ALARM = "false_alarm"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    NOT_A_COMPLAINT = "not_a_complaint"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, in words and numbers: the value, what is usual or allowed, and how much it adds to the risk's log-odds."""

    code: str
    leg: str
    text: str
    value: float | None = None
    unit: str | None = None
    limit: float | None = None
    contribution: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "code": self.code,
            "leg": self.leg,
            "text": self.text,
            "value": self.value,
            "unit": self.unit,
            "limit": self.limit,
            "contribution": round(self.contribution, 3),
        }


@dataclass(frozen=True, slots=True)
class Evidence:
    """A post and the part it plays; ids only, the page joins the live text."""

    post: str
    role: str


@dataclass(frozen=True, slots=True)
class Alert:
    """What the feed shows. `sequence` orders changes over all alerts, `version` counts those of this one.

    `group` is its key: one alert that is not resolved per case, per brand's stream, per owner's digest, per source.
    `forecast` of the final size is always `None` until there is one; the column and the API's field wait for it.
    """

    id: str
    group: str
    brand: str
    leg: Leg
    level: Level
    state: AlertState
    risk: float
    title: str
    opened_at: datetime
    level_since: datetime
    sequence: int = 0
    version: int = 1
    case: str | None = None
    visibility: str = "public"
    """`private` where the case came from a ticket or a survey: not for the feed of marketing."""
    failure: str | None = None
    owner: str | None = None
    assignee: str | None = None
    acknowledge_by: datetime | None = None
    suppressed_until: datetime | None = None
    suppressed_risk: float | None = None
    resolved_at: datetime | None = None
    below_since: datetime | None = None
    folded_into: str | None = None
    is_hard: bool = False
    repeats: int = 0
    steps_done: int = 0
    next_notice_at: datetime | None = None
    reasons: tuple[Reason, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    forecast: Mapping[str, Any] | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    feedback: str | None = None


RULE: Final = "rule"
"""The actor of what no person did."""


@dataclass(frozen=True, slots=True)
class AlertChange:
    """One row of an alert's append-only history; the outbox is fed from these."""

    alert: Alert
    kind: ChangeKind
    at: datetime
    actor: str
    note: str = ""
    endpoints: tuple[str, ...] | None = None
    """Who is told; `None` = everybody whose endpoint asks for this level and brand."""


ACTIONS: Final[Mapping[AlertState, tuple[str, ...]]] = {
    AlertState.OPEN: ("acknowledge", "assign", "note", "resolve", "suppress", "label"),
    AlertState.ACKNOWLEDGED: ("assign", "note", "resolve", "suppress", "label"),
    AlertState.SUPPRESSED: ("reopen", "note", "resolve", "label"),
    AlertState.RESOLVED: ("reopen", "note", "label"),
}
"""What a person may do in which state; anything else is a conflict that names these."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where deliveries are sent. `secrets` are `whsec_…` values, newest first: two during a rotation."""

    name: str
    url: str
    kind: str = "webhook"
    secrets: tuple[str, ...] = ()
    levels: frozenset[str] = frozenset({"warn", "page"})
    brands: frozenset[str] = frozenset()
    """Empty = all brands."""
    allow_private: bool = False
    """Whether its address may be a private one."""
    hears_private: bool = False
    """Whether it is told of tickets and surveys, too."""
    max_per_hour: int = 30

    def wants(self, *, level: str, brand: str) -> bool:
        """Whether this endpoint asks for alerts of this level and brand."""
        return level in self.levels and (not self.brands or brand in self.brands)


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One delivery as it is sent: `id` is the webhook-id, constant over all attempts; `body` was frozen at insert."""

    id: str
    body: bytes
    at: datetime


class OutcomeKind(StrEnum):
    """How one attempt went."""

    DELIVERED = "delivered"
    RETRY = "retry"
    REFUSED = "refused"
    """The address may not be called, or the endpoint's configuration is wrong: no further attempt helps."""
    GONE = "gone"
    """410: the endpoint asks never to be called again."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one attempt brought; `retry_after` where the receiver asked for it."""

    kind: OutcomeKind
    status: int | None = None
    error: str | None = None
    retry_after: timedelta | None = None
    took: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one endpoint about one alert change, as the outbox holds it."""

    id: str
    endpoint: str
    alert: str
    level: str
    body: bytes
    attempts: int
    due_at: datetime
    created_at: datetime
    lease_token: str | None = None
