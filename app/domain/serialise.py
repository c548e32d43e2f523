"""Brands, sources, endpoints and policies as JSON objects and back: what the configuration tables hold.

Spans are seconds, clock times `HH:MM`. `x_from_json(x_to_json(value)) == value` for every value without secrets. A key
that is missing takes the default of its field, so that rows of an older version stay readable.
"""

from collections.abc import Iterable, Mapping
from datetime import time, timedelta
from typing import Any

from app.domain.alerts import Endpoint
from app.domain.brands import Brand, SourceConfig
from app.domain.policies import (
    BusinessHours,
    DailyBudget,
    Policy,
    PolicyRow,
    QuietHours,
    Repeats,
    ReplyRules,
    Settlement,
    Step,
)

Json = Mapping[str, Any]


def brand_to_json(brand: Brand) -> dict[str, Any]:
    """A brand as a JSON object."""
    return {
        "slug": brand.slug,
        "name": brand.name,
        "timezone": brand.timezone,
        "handles": {kind: list(handles) for kind, handles in sorted(brand.handles.items())},
        "query": brand.query,
        "rivals": list(brand.rivals),
        "policy": brand.policy,
    }


def brand_from_json(value: Json) -> Brand:
    """The brand that `brand_to_json` wrote."""
    default = Brand(slug=value["slug"], name=value["name"])
    return Brand(
        slug=default.slug,
        name=default.name,
        timezone=value.get("timezone", default.timezone),
        handles={kind: tuple(handles) for kind, handles in value.get("handles", {}).items()},
        query=value.get("query", default.query),
        rivals=tuple(value.get("rivals", ())),
        policy=value.get("policy", default.policy),
    )


def source_to_json(source: SourceConfig) -> dict[str, Any]:
    """A source as a JSON object; it names the variable of its token, never the token."""
    return {
        "name": source.name,
        "kind": source.kind,
        "brands": list(source.brands),
        "interval": _seconds(source.interval),
        "base_url": source.base_url,
        "url": source.url,
        "token_env": source.token_env,
        "allow_private": source.allow_private,
        "money_cap": source.money_cap,
        "options": dict(source.options),
    }


def source_from_json(value: Json) -> SourceConfig:
    """The source that `source_to_json` wrote."""
    default = SourceConfig(name=value["name"], kind=value["kind"], brands=tuple(value.get("brands", ())))
    return SourceConfig(
        name=default.name,
        kind=default.kind,
        brands=default.brands,
        interval=_span(value.get("interval"), default.interval),
        base_url=value.get("base_url"),
        url=value.get("url"),
        token_env=value.get("token_env"),
        allow_private=value.get("allow_private", default.allow_private),
        money_cap=value.get("money_cap"),
        options=dict(value.get("options", {})),
    )


def endpoint_to_json(endpoint: Endpoint) -> dict[str, Any]:
    """An endpoint as a JSON object, without its secrets."""
    return {
        "name": endpoint.name,
        "kind": endpoint.kind,
        "url": endpoint.url,
        "levels": sorted(endpoint.levels),
        "brands": sorted(endpoint.brands),
        "allow_private": endpoint.allow_private,
        "hears_private": endpoint.hears_private,
        "max_per_hour": endpoint.max_per_hour,
    }


def endpoint_from_json(value: Json, *, secrets: Iterable[str] = ()) -> Endpoint:
    """The endpoint that `endpoint_to_json` wrote, with the secrets that are kept apart from it."""
    default = Endpoint(name=value["name"], url=value["url"])
    return Endpoint(
        name=default.name,
        url=default.url,
        kind=value.get("kind", default.kind),
        secrets=tuple(secrets),
        levels=frozenset(value.get("levels", default.levels)),
        brands=frozenset(value.get("brands", default.brands)),
        allow_private=value.get("allow_private", default.allow_private),
        hears_private=value.get("hears_private", default.hears_private),
        max_per_hour=value.get("max_per_hour", default.max_per_hour),
    )


def policy_to_json(policy: Policy) -> dict[str, Any]:
    """A policy as a JSON object."""
    return {
        "name": policy.name,
        "version": policy.version,
        "timezone": policy.timezone,
        "business_hours": _hours_to_json(policy.business_hours),
        "quiet_hours": _quiet_to_json(policy.quiet_hours),
        "group_wait": _spans_to_json(policy.group_wait),
        "acknowledge_within": _spans_to_json(policy.acknowledge_within),
        "repeat": {"every": _spans_to_json(policy.repeat.every), "most": policy.repeat.most},
        "steps": [{"after": _seconds(step.after), "endpoint": step.endpoint} for step in policy.steps],
        "promises": list(policy.promises),
        "reply": {
            "require_any": [sorted(acts) for acts in policy.reply.require_any],
            "forbid": sorted(policy.reply.forbid),
            "next_contact_within": _seconds(policy.reply.next_contact_within),
        },
        "rows": [_row_to_json(row) for row in policy.rows],
        "budget": {"watch": policy.budget.watch, "warn": policy.budget.warn, "page": policy.budget.page},
    }


def policy_from_json(value: Json) -> Policy:
    """The policy that `policy_to_json` wrote."""
    default = Policy()
    return Policy(
        name=value.get("name", default.name),
        version=value.get("version", default.version),
        timezone=value.get("timezone", default.timezone),
        business_hours=_hours_from_json(value.get("business_hours")),
        quiet_hours=_quiet_from_json(value.get("quiet_hours")),
        group_wait=_spans(value.get("group_wait"), default.group_wait),
        acknowledge_within=_spans(value.get("acknowledge_within"), default.acknowledge_within),
        repeat=_repeat_from_json(value.get("repeat", {})),
        steps=tuple(Step(_span(step["after"], timedelta(0)), step["endpoint"]) for step in value.get("steps", ())),
        promises=tuple(value.get("promises", ())),
        reply=_reply_from_json(value.get("reply", {})),
        rows=tuple(_row_from_json(row) for row in value["rows"]) if "rows" in value else default.rows,
        budget=DailyBudget(**value.get("budget", {})),
    )


def _row_to_json(row: PolicyRow) -> dict[str, Any]:
    settle = row.settle
    return {
        "failure": row.failure,
        "severity": row.severity,
        "owner": row.owner,
        "reply_within": _seconds(row.reply_within),
        "settle": settle and {"limit": settle.limit, "currency": settle.currency, "what": settle.what},
    }


def _row_from_json(value: Json) -> PolicyRow:
    default = PolicyRow()
    settle = value.get("settle")
    return PolicyRow(
        failure=value.get("failure", default.failure),
        severity=value.get("severity", default.severity),
        owner=value.get("owner"),
        reply_within=_span(value.get("reply_within"), default.reply_within),
        settle=Settlement(**settle) if settle else None,
    )


def _reply_from_json(value: Json) -> ReplyRules:
    default = ReplyRules()
    required = value.get("require_any")
    return ReplyRules(
        require_any=default.require_any if required is None else tuple(frozenset(acts) for acts in required),
        forbid=frozenset(value.get("forbid", default.forbid)),
        next_contact_within=_span(value.get("next_contact_within"), default.next_contact_within),
    )


def _repeat_from_json(value: Json) -> Repeats:
    default = Repeats()
    return Repeats(every=_spans(value.get("every"), default.every), most=value.get("most", default.most))


def _hours_to_json(hours: BusinessHours | None) -> dict[str, list[str]] | None:
    if hours is None:
        return None
    return {str(day): [_clock(opens), _clock(closes)] for day, (opens, closes) in sorted(hours.windows.items())}


def _hours_from_json(value: Mapping[str, list[str]] | None) -> BusinessHours | None:
    if value is None:
        return None
    return BusinessHours(
        {int(day): (time.fromisoformat(opens), time.fromisoformat(closes)) for day, (opens, closes) in value.items()}
    )


def _quiet_to_json(quiet: QuietHours | None) -> dict[str, Any] | None:
    if quiet is None:
        return None
    return {"from": _clock(quiet.start), "to": _clock(quiet.end), "except": sorted(quiet.exempt)}


def _quiet_from_json(value: Json | None) -> QuietHours | None:
    if value is None:
        return None
    return QuietHours(time.fromisoformat(value["from"]), time.fromisoformat(value["to"]), frozenset(value["except"]))


def _spans_to_json(spans: Mapping[str, timedelta]) -> dict[str, float]:
    return {key: _seconds(span) for key, span in sorted(spans.items())}


def _spans(value: Mapping[str, float] | None, default: Mapping[str, timedelta]) -> Mapping[str, timedelta]:
    return default if value is None else {key: timedelta(seconds=seconds) for key, seconds in value.items()}


def _span(value: float | None, default: timedelta) -> timedelta:
    return default if value is None else timedelta(seconds=value)


def _seconds(span: timedelta) -> float:
    return span.total_seconds()


def _clock(moment: time) -> str:
    return moment.isoformat(timespec="minutes")
