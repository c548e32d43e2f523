"""What is watched, as the last `apply` left it: brands, policies, endpoints, sources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from app.domain.alerts import Endpoint
from app.domain.brands import Brand, SourceConfig
from app.domain.policies import Policy
from app.domain.ports import Capabilities
from app.domain.serialise import (
    brand_from_json,
    brand_to_json,
    endpoint_from_json,
    endpoint_to_json,
    policy_from_json,
    policy_to_json,
    source_from_json,
    source_to_json,
)
from app.storage.bulk import insert_missing, upsert
from app.storage.tables import brand, endpoint, policy, source


@dataclass(frozen=True, slots=True)
class Watch:
    """All that a configuration names; `capabilities` says of each source kind what its collector can see."""

    brands: Sequence[Brand] = ()
    policies: Sequence[Policy] = ()
    endpoints: Sequence[Endpoint] = ()
    sources: Sequence[SourceConfig] = ()
    capabilities: Mapping[str, Capabilities] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """What an `apply` changes: added, changed or retired things, by kind and name."""

    kind: str
    name: str
    change: str


def differences(tx: Connection, watch: Watch) -> list[Difference]:
    """What applying this configuration would change."""
    wanted: dict[str, dict[str, Any]] = {
        "brand": {item.slug: brand_to_json(item) for item in watch.brands},
        "policy": {item.reference: policy_to_json(item) for item in watch.policies},
        "endpoint": {item.name: endpoint_to_json(item) for item in watch.endpoints},
        "source": {item.name: source_to_json(item) for item in watch.sources},
    }
    stored: dict[str, dict[str, Any]] = {
        "brand": {slug: brand_to_json(item) for slug, item in load_brands(tx).items()},
        "policy": {f"{row.name}@{row.version}": row.body for row in tx.execute(select(policy))},
        "endpoint": {item.endpoint.name: endpoint_to_json(item.endpoint) for item in endpoint_states(tx)},
        "source": {item.name: source_to_json(item) for item in load_sources(tx)},
    }
    return [found for kind in wanted for found in _compare(kind, stored[kind], wanted[kind])]


def _compare(kind: str, stored: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[Difference]:
    added = [Difference(kind, name, "added") for name in wanted if name not in stored]
    changed = [Difference(kind, name, "changed") for name in wanted if name in stored and wanted[name] != stored[name]]
    # An old version of a policy stays: alerts quote it.
    retired = [] if kind == "policy" else [Difference(kind, name, "retired") for name in stored if name not in wanted]
    return added + changed + retired


def apply(tx: Connection, watch: Watch, now: datetime) -> list[Difference]:
    """Make the database agree with the configuration; what is no longer named is retired.

    An endpoint that is no longer named is deleted; its deliveries stay. One that was disabled stays so, unless its URL
    is another now.
    """
    found = differences(tx, watch)
    _apply_brands(tx, watch, now)
    rows = [
        {"name": item.name, "version": item.version, "body": policy_to_json(item), "applied_at": now}
        for item in watch.policies
    ]
    upsert(tx, policy, rows, key=("name", "version"))
    _apply_endpoints(tx, watch, now)
    _apply_sources(tx, watch, now)
    return found


def add_sources(tx: Connection, sources: Sequence[SourceConfig], capabilities: Capabilities, now: datetime) -> None:
    """Register sources that no file names (pushed, replayed) unless they are there; nothing polls them."""
    rows = [
        {
            "name": item.name,
            "kind": item.kind,
            "config": source_to_json(item),
            "sees_replies": capabilities.sees_replies,
            "answerable": capabilities.answerable,
            "fails": 0,
            "next_poll_at": None,
            "applied_at": now,
        }
        for item in sources
    ]
    insert_missing(tx, source, rows, key=("name",))


def load_brands(tx: Connection) -> dict[str, Brand]:
    """The brands that are watched, by slug."""
    rows = tx.execute(select(brand.c.config).where(brand.c.retired_at.is_(None)).order_by(brand.c.slug))
    return {item.slug: item for item in (brand_from_json(row.config) for row in rows)}


def load_policies(tx: Connection) -> dict[str, Policy]:
    """The newest version of each policy, by name."""
    rows = tx.execute(select(policy.c.body).order_by(policy.c.name, policy.c.version))
    return {item.name: item for item in (policy_from_json(row.body) for row in rows)}


def load_endpoints(tx: Connection) -> list[Endpoint]:
    """The endpoints that are not disabled; secrets come from the configuration, never from the database."""
    return [state.endpoint for state in endpoint_states(tx) if state.disabled_at is None]


@dataclass(frozen=True, slots=True)
class EndpointState:
    """An endpoint that a file names, and since when and why it is disabled; `None` = it is not."""

    endpoint: Endpoint
    disabled_at: datetime | None
    disabled_why: str | None


def endpoint_states(tx: Connection) -> list[EndpointState]:
    """Every endpoint, the disabled ones too."""
    rows = tx.execute(select(endpoint).order_by(endpoint.c.name))
    found = ((endpoint_from_json(row.config, secrets=()), row) for row in rows)
    return [EndpointState(item, row.disabled_at, row.disabled_why) for item, row in found]


def load_sources(tx: Connection) -> list[SourceConfig]:
    """The sources that a file names and that are not retired."""
    statement = select(source.c.config).where(source.c.retired_at.is_(None), source.c.next_poll_at.is_not(None))
    return [source_from_json(row.config) for row in tx.execute(statement.order_by(source.c.name))]


@dataclass(frozen=True, slots=True)
class SourceSight:
    """What can be seen on a source: the brand's replies, and whether it could reply there at all."""

    sees_replies: bool
    answerable: bool


def load_sights(tx: Connection) -> dict[str, SourceSight]:
    """What can be seen, by source."""
    rows = tx.execute(select(source.c.name, source.c.sees_replies, source.c.answerable))
    return {row.name: SourceSight(row.sees_replies, row.answerable) for row in rows}


def _apply_brands(tx: Connection, watch: Watch, now: datetime) -> None:
    rows = [
        {
            "slug": item.slug,
            "name": item.name,
            "timezone": item.timezone,
            "policy": item.policy,
            "config": brand_to_json(item),
            "applied_at": now,
            "retired_at": None,
        }
        for item in watch.brands
    ]
    upsert(tx, brand, rows, key=("slug",))
    names = [item.slug for item in watch.brands]
    tx.execute(update(brand).where(brand.c.slug.not_in(names), brand.c.retired_at.is_(None)).values(retired_at=now))


def _apply_endpoints(tx: Connection, watch: Watch, now: datetime) -> None:
    names = [item.name for item in watch.endpoints]
    tx.execute(endpoint.delete().where(endpoint.c.name.not_in(names)))
    urls = {row.name: row.url for row in tx.execute(select(endpoint.c.name, endpoint.c.url))}
    rows = [
        {
            "name": item.name,
            "kind": item.kind,
            "url": item.url,
            "config": endpoint_to_json(item),
            "applied_at": now,
        }
        for item in watch.endpoints
    ]
    upsert(tx, endpoint, rows, key=("name",))
    # What went wrong at the old address says nothing about the new one; at the same address it still holds.
    moved = [item.name for item in watch.endpoints if urls.get(item.name, item.url) != item.url]
    fresh = {"disabled_at": None, "disabled_why": None, "failing_since": None}
    tx.execute(update(endpoint).where(endpoint.c.name.in_(moved)).values(fresh))


def _apply_sources(tx: Connection, watch: Watch, now: datetime) -> None:
    names = [item.name for item in watch.sources]
    named = source.c.next_poll_at.is_not(None)
    tx.execute(
        update(source).where(source.c.name.not_in(names), named, source.c.retired_at.is_(None)).values(retired_at=now)
    )
    known = {row.name: row for row in tx.execute(select(source))}
    rows = []
    for item in watch.sources:
        sight = watch.capabilities[item.kind]
        before = known.get(item.name)
        rows.append(
            {
                "name": item.name,
                "kind": item.kind,
                "config": source_to_json(item),
                "sees_replies": sight.sees_replies,
                "answerable": sight.answerable,
                "fails": 0,
                "paused_why": None,
                "next_poll_at": now if before is None or before.next_poll_at is None else before.next_poll_at,
                "applied_at": now,
                "retired_at": None,
            }
        )
    upsert(tx, source, rows, key=("name",))
