"""The outbox, written: which endpoints are told about an alert change, when, and what is held back.

Rows are written in the transaction of the change, so that what is rolled back is never sent. `outbox_claims` sends
them on, `outbox_replay` looks after the dead ones.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select, update

from app.domain.alerts import AlertChange, ChangeKind, Endpoint, Level
from app.domain.clock import floor_hour
from app.domain.ids import new_id
from app.domain.messages import Announcement, alert_body, is_announced, kind_after, kind_of
from app.domain.policies import Policy
from app.storage.tables import delivery

HELD_PAGE_WAIT: Final = timedelta(minutes=5)
"""A page beyond the cap is told in a digest this soon; anything lower at the end of its hour."""

_LAST_WORDS: Final = frozenset(
    {ChangeKind.LOWERED, ChangeKind.ACKNOWLEDGED, ChangeKind.RESOLVED, ChangeKind.SUPPRESSED}
)
"""Who was told of an alert hears of these too, at whatever level it stands by then."""

_HOUR: Final = timedelta(hours=1)


def enqueue(
    tx: Connection,
    *,
    sequence: int,
    change: AlertChange,
    endpoints: Sequence[Endpoint],
    policy: Policy | None,
    public_url: str,
    now: datetime,
) -> int:
    """Write the deliveries of one alert change and return how many. `now` is the database's, `change.at` event time.

    Nothing is written for an alert that is muted or folded. An unsent message about the same alert, still in its wait,
    is replaced. Beyond `max_per_hour` (hours of event time) a message is held for a digest; pages count only pages.
    """
    chosen = _told(tx, change, endpoints) if is_announced(change) else []
    if not chosen:
        return 0
    replaced = _replace_unsent(tx, change.alert.id, [endpoint.name for endpoint in chosen], now)
    counts = _counts_of_hour(tx, [endpoint.name for endpoint in chosen], change.at)
    due_at = now + wait_of(change, policy or Policy())
    rows = []
    for endpoint in chosen:
        unsent = replaced.get(endpoint.name, ())
        kind = kind_after(change.kind, [older for older, _ in unsent])
        is_held = _is_beyond_cap(endpoint, change.alert.level, counts.get(endpoint.name, {}))
        earliest = min([due_at, *(due for _, due in unsent)])
        rows.append(
            {
                "id": new_id(),
                "change": sequence,
                "alert_id": change.alert.id,
                "endpoint": endpoint.name,
                "level": change.alert.level.value,
                "body": alert_body(Announcement(change, sequence, kind), public_url=public_url),
                "state": "held" if is_held else "pending",
                "event_at": change.at,
                "created_at": now,
                "due_at": max(due_at, now + digest_wait(change)) if is_held else earliest,
                "attempts": 0,
            }
        )
    tx.execute(insert(delivery), rows)
    return len(rows)


def wait_of(change: AlertChange, policy: Policy) -> timedelta:
    """How long a message waits: for its group, then for the end of the quiet hours, both in event time."""
    level = change.alert.level.value
    grouped_at = change.at + policy.group_wait.get(level, timedelta(0))
    return policy.delivery_time(level, grouped_at) - change.at


def digest_wait(change: AlertChange) -> timedelta:
    """How long a message that was held back waits for its digest."""
    rest = floor_hour(change.at) + _HOUR - change.at
    return min(rest, HELD_PAGE_WAIT) if change.alert.level is Level.PAGE else rest


def _told(tx: Connection, change: AlertChange, endpoints: Sequence[Endpoint]) -> list[Endpoint]:
    if change.endpoints is not None:
        return [endpoint for endpoint in endpoints if endpoint.name in change.endpoints]
    alert = change.alert
    before: set[str] = set()
    if change.kind in _LAST_WORDS:
        told = select(delivery.c.endpoint).where(delivery.c.alert_id == alert.id, delivery.c.state != "cancelled")
        before = set(tx.execute(told.distinct()).scalars())
    return [
        endpoint
        for endpoint in endpoints
        if (endpoint.hears_private or alert.visibility == "public")
        and (endpoint.wants(level=alert.level.value, brand=alert.brand) or endpoint.name in before)
    ]


def _replace_unsent(
    tx: Connection, alert_id: str, names: Sequence[str], now: datetime
) -> Mapping[str, list[tuple[ChangeKind, datetime]]]:
    """Cancel what still waits for its group, its quiet hours or its digest; what each endpoint would have been told."""
    waiting = (
        update(delivery)
        .where(
            delivery.c.alert_id == alert_id,
            delivery.c.endpoint.in_(names),
            delivery.c.state.in_(("pending", "held")),
            delivery.c.attempts == 0,
            delivery.c.lease_token.is_(None),
            delivery.c.due_at > now,
        )
        .values(state="cancelled", finished_at=now)
        .returning(delivery.c.endpoint, delivery.c.body, delivery.c.due_at)
    )
    replaced: dict[str, list[tuple[ChangeKind, datetime]]] = {}
    for row in tx.execute(waiting):
        replaced.setdefault(row.endpoint, []).append((kind_of(row.body), row.due_at))
    return replaced


def _counts_of_hour(tx: Connection, names: Sequence[str], at: datetime) -> dict[str, dict[str, int]]:
    """Messages a level that each endpoint is sent for the hour of event time around `at`."""
    start = floor_hour(at)
    counted: Any = (
        select(delivery.c.endpoint, delivery.c.level, func.count().label("n"))
        .where(
            delivery.c.endpoint.in_(names),
            delivery.c.event_at >= start,
            delivery.c.event_at < start + _HOUR,
            delivery.c.state.in_(("pending", "delivered", "dead")),
        )
        .group_by(delivery.c.endpoint, delivery.c.level)
    )
    counts: dict[str, dict[str, int]] = {}
    for row in tx.execute(counted):
        counts.setdefault(row.endpoint, {})[row.level] = row.n
    return counts


def _is_beyond_cap(endpoint: Endpoint, level: Level, counts: Mapping[str, int]) -> bool:
    pages = counts.get(Level.PAGE.value, 0)
    used = pages if level is Level.PAGE else sum(counts.values())
    return used >= endpoint.max_per_hour
