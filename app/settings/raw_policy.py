"""The shape of `policies/<name>.toml`."""

from datetime import time, timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from app.domain.taxonomy import Failure, ReplyAct, Severity
from app.settings import words
from app.settings.raw import Level, Raw, Slug, Span, Zone

Clock = Annotated[time, BeforeValidator(words.clock)]
Hours = Annotated[dict[int, tuple[time, time]] | None, BeforeValidator(words.opening_hours)]
FailureOrAll = Annotated[str, AfterValidator(lambda value: words.code(value, ("*", *Failure), what="failure"))]
SeverityOrAll = Annotated[str, AfterValidator(lambda value: words.code(value, ("*", *Severity), what="severity"))]
Act = Annotated[str, AfterValidator(lambda value: words.code(value, ReplyAct, what="reply act"))]


class RawQuietHours(Raw):
    """`quiet_hours`."""

    start: Annotated[Clock, Field(alias="from")]
    end: Annotated[Clock, Field(alias="to")]
    exempt: Annotated[tuple[Level, ...], Field(alias="except")] = ("page",)


class RawSpans(Raw):
    """A span for each level."""

    page: Span | None = None
    warn: Span | None = None
    watch: Span | None = None

    def given(self) -> dict[str, timedelta]:
        """The levels that were written."""
        spans = {"page": self.page, "warn": self.warn, "watch": self.watch}
        return {level: span for level, span in spans.items() if span is not None}


class RawRepeat(RawSpans):
    """`repeat`: how often by level, and how many times at most."""

    most: Annotated[int, Field(alias="max", ge=0)] = 3


class RawStep(Raw):
    """One of `steps`."""

    after: Span
    endpoint: str


class RawReply(Raw):
    """`[reply]`."""

    require_any: list[Annotated[list[Act], Field(min_length=1)]] | None = None
    forbid: list[Act] | None = None
    next_contact_within: Span | None = None


class RawSettlement(Raw):
    """`settle`."""

    limit: Annotated[float, Field(ge=0)]
    currency: str
    what: str


class RawRow(Raw):
    """`[[row]]`."""

    failure: FailureOrAll = "*"
    severity: SeverityOrAll = "*"
    owner: str | None = None
    reply_within: Span = timedelta(hours=24)
    settle: RawSettlement | None = None


class RawBudget(Raw):
    """`[budget]`: new case alerts a brand and day, by level."""

    watch: Annotated[int, Field(ge=0)] = 2
    warn: Annotated[int, Field(ge=0)] = 2
    page: Annotated[int, Field(ge=0)] = 1


class RawPolicy(Raw):
    """A policy file."""

    name: Slug
    version: Annotated[int, Field(ge=1)]
    timezone: Zone = "UTC"
    business_hours: Hours = None
    quiet_hours: RawQuietHours | None = None
    group_wait: RawSpans = RawSpans()
    acknowledge_within: RawSpans | None = None
    repeat: RawRepeat | None = None
    steps: tuple[RawStep, ...] = ()
    promises: tuple[str, ...] = ()
    reply: RawReply = RawReply()
    row: tuple[RawRow, ...] = ()
    budget: RawBudget = RawBudget()
