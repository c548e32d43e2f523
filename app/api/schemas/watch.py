"""Trends, brands and sources."""

from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.api.schemas.common import EXAMPLE_AT, Format, Language, Moment, Name, Slug, example
from app.domain.brands import Brand, SourceHealth

_VALUE: Final = {"count": 190, "share": 0.461, "low": 0.413, "high": 0.51}
_POINT: Final[dict[str, Any]] = {
    "start": EXAMPLE_AT,
    "end": "2026-03-03T12:00:00Z",
    "n": 412,
    "values": {"negative": _VALUE},
    "coverage": {"mastodon": "complete", "reddit": "gap"},
    "partial": False,
}


class TrendsQuery(BaseModel):
    """What to sum, over what. `end` defaults to now, `start` to 30 days before it."""

    model_config = ConfigDict(extra="forbid")

    brand: Slug
    dimension: Name = Field("sentiment", description="A field of the taxonomy, `mentions`, `rating` or a pair.")
    interval: Literal["hour", "day", "week"] = "day"
    start: Moment | None = None
    end: Moment | None = None
    timezone: Name | None = Field(None, description="Of days and weeks; left out: the brand's.", examples=["UTC"])
    source: Name | None = None
    language: Language | None = None
    visibility: Literal["public", "all"] = Field("public", description="`all` needs the scope `private`.")
    format: Format = "json"


class TrendValue(BaseModel):
    """A count, its share of n, and the 95 % interval of that share; all null where it is unknown."""

    model_config = example(**_VALUE)

    count: int | None
    share: float | None
    low: float | None
    high: float | None


class TrendPointOut(BaseModel):
    """One bucket. `n` null = no source was read then: unknown, not zero. `partial` = it is not over yet."""

    model_config = example(**_POINT)

    start: datetime
    end: datetime
    n: int | None
    values: dict[str, TrendValue]
    coverage: dict[str, Literal["complete", "gap", "silent"]]
    partial: bool


class TrendOut(BaseModel):
    """A series, read at the revision `as_of`."""

    model_config = example(
        brand="northwind",
        dimension="sentiment",
        interval="day",
        timezone="America/Denver",
        as_of=90210,
        classifier="e5s@1",
        series=[_POINT],
    )

    brand: str
    dimension: str
    interval: str
    timezone: str
    as_of: int
    classifier: str | None
    series: list[TrendPointOut]


class BrandOut(BaseModel):
    """A brand that is watched."""

    model_config = example(
        slug="northwind",
        name="Northwind Air",
        timezone="America/Denver",
        handles={"mastodon": ["@northwind@social.example"]},
        query='"northwind air" OR @northwind',
        rivals=["southwind"],
        policy="airline",
    )

    slug: str
    name: str
    timezone: str
    handles: dict[str, list[str]]
    query: str
    rivals: list[str]
    policy: str

    @classmethod
    def of(cls, brand: Brand) -> "BrandOut":
        """As the domain has it."""
        return cls(
            slug=brand.slug,
            name=brand.name,
            timezone=brand.timezone,
            handles={kind: list(handles) for kind, handles in brand.handles.items()},
            query=brand.query,
            rivals=list(brand.rivals),
            policy=brand.policy,
        )


class BrandList(BaseModel):
    """The brands that this key may see."""

    model_config = example(items=[])

    items: list[BrandOut]


class SourceOut(BaseModel):
    """A source and how it is doing."""

    model_config = example(
        name="mastodon-northwind",
        kind="mastodon",
        brands=["northwind"],
        state="ok",
        last_success_at=EXAMPLE_AT,
        last_event_at=EXAMPLE_AT,
        next_poll_at=EXAMPLE_AT,
        fails=0,
        last_error=None,
        posts_total=8812,
        open_gaps=0,
        sees_replies=True,
    )

    name: str
    kind: str
    brands: list[str]
    state: Literal["ok", "waiting", "failing", "paused", "silent"]
    last_success_at: datetime | None
    last_event_at: datetime | None
    next_poll_at: datetime | None
    fails: int
    last_error: str | None
    posts_total: int
    open_gaps: int
    sees_replies: bool

    @classmethod
    def of(cls, health: SourceHealth) -> "SourceOut":
        """As the query gives it."""
        return cls.model_validate(
            {name: getattr(health, name) for name in cls.model_fields} | {"brands": list(health.brands)}
        )


class SourceList(BaseModel):
    """The sources that this key may see."""

    model_config = example(items=[])

    items: list[SourceOut]
