"""Brands, what they are watched for, and the sources that are pulled for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Brand:
    """What is watched: names, handles by source kind, a query, a time zone, the policy that owns its failures."""

    slug: str
    name: str
    timezone: str = "UTC"
    handles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    query: str = ""
    rivals: tuple[str, ...] = ()
    policy: str = "default"


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """One place that is pulled, as `fretwatch.toml` names it; `options` is what its collector alone understands."""

    name: str
    kind: str
    brands: tuple[str, ...]
    interval: timedelta = timedelta(minutes=5)
    base_url: str | None = None
    url: str | None = None
    token_env: str | None = None
    allow_private: bool = False
    money_cap: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


LEAST_SILENCE: Final = timedelta(minutes=15)


def silent_after(interval: timedelta) -> timedelta:
    """How long after its last run that succeeded a source counts as silent: three of its intervals, at least 15 min."""
    return max(LEAST_SILENCE, 3 * interval)


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How a source is doing; the sources page and the API show it."""

    name: str
    kind: str
    brands: tuple[str, ...]
    state: str
    """`ok`, `waiting` (never run), `failing`, `paused`, `silent`."""
    last_success_at: datetime | None
    last_event_at: datetime | None
    next_poll_at: datetime | None
    fails: int
    last_error: str | None
    posts_total: int
    open_gaps: int
    sees_replies: bool
