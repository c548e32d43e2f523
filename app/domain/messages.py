"""What endpoints are sent: the bodies of SCHEMAS section 5, frozen when the delivery is written.

Ids, labels, numbers and words of ours; never the text or the author of a post. A body stays under 20 kB.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.domain.alerts import ANNOUNCED, LEVELS, AlertChange, AlertState, ChangeKind, Leg, Reason
from app.domain.clock import iso

MAX_BODY: Final = 20_000
"""Bytes; Standard Webhooks asks for payloads under 20 kB."""

SOURCE_SILENT: Final = "source.silent"
ENDPOINT_DISABLED: Final = "endpoint.disabled"
ENDPOINT_HEALTH: Final = "health:endpoint:"
"""How the group of an alert on the health of an endpoint begins; the endpoint's name follows."""
ENDPOINT_TEST: Final = "endpoint.test"
_HEALTH: Final = frozenset({SOURCE_SILENT, ENDPOINT_DISABLED})
"""What the opening of a health alert is called."""
MESSAGE_TYPES: Final = frozenset({f"alert.{kind.value}" for kind in ANNOUNCED} | _HEALTH | {ENDPOINT_TEST})

_MAX_TITLE: Final = 300
_MAX_REASON: Final = 500
_MAX_DIGEST_LINES: Final = 50

_FIRST_NEWS: Final = (ChangeKind.OPENED, ChangeKind.REOPENED)
_OUTLIVES: Final[Mapping[ChangeKind, tuple[ChangeKind, ...]]] = {
    ChangeKind.ESCALATED: _FIRST_NEWS,
    ChangeKind.LOWERED: _FIRST_NEWS,
    ChangeKind.UPDATED: (*_FIRST_NEWS, ChangeKind.ESCALATED),
    ChangeKind.REPEATED: (*_FIRST_NEWS, ChangeKind.ESCALATED),
}
"""Which kind of an unsent message lives on in the newer one that replaces it."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """A change as it is told: `kind` may be older news than the change itself, when that was never sent."""

    change: AlertChange
    sequence: int
    kind: ChangeKind


def is_announced(change: AlertChange) -> bool:
    """Whether a change is told to endpoints: never while the alert is muted or folded into another."""
    alert = change.alert
    if change.kind not in ANNOUNCED or alert.folded_into is not None:
        return False
    return alert.state is not AlertState.SUPPRESSED or change.kind is ChangeKind.SUPPRESSED


def kind_after(kind: ChangeKind, unsent: Collection[ChangeKind]) -> ChangeKind:
    """The kind of the message that replaces unsent ones: who never heard of an alert is told that it was opened."""
    return next((older for older in _OUTLIVES.get(kind, ()) if older in unsent), kind)


def kind_of(body: bytes) -> ChangeKind:
    """The kind that a stored body of ours announces."""
    name = str(json.loads(body)["type"])
    return ChangeKind.OPENED if name in _HEALTH else ChangeKind(name.removeprefix("alert."))


def alert_body(told: Announcement, *, public_url: str) -> bytes:
    """The body about one alert change; reasons are left out from the end where it would pass `MAX_BODY`."""
    change, alert = told.change, told.change.alert
    shown: dict[str, Any] = {
        "id": alert.id,
        "version": alert.version,
        "sequence": told.sequence,
        "level": alert.level.value,
        "state": alert.state.value,
        "brand": alert.brand,
        "leg": alert.leg.value,
        "title": alert.title[:_MAX_TITLE],
        "reasons": [_reason(reason) for reason in alert.reasons],
        "owner": alert.owner,
        "acknowledge_by": None if alert.acknowledge_by is None else iso(alert.acknowledge_by),
        "url": f"{public_url.rstrip('/')}/alerts/{alert.id}",
    }
    message = {
        "type": _type(told),
        "timestamp": iso(change.at),
        "data": {"alert": shown},
    }
    return _trimmed(message, shown, "reasons")


def _type(told: Announcement) -> str:
    alert = told.change.alert
    if alert.leg is Leg.HEALTH and told.kind is ChangeKind.OPENED:
        return ENDPOINT_DISABLED if alert.group.startswith(ENDPOINT_HEALTH) else SOURCE_SILENT
    return f"alert.{told.kind.value}"


def digest_body(bodies: Sequence[bytes]) -> bytes:
    """One message for many that were held back: the loudest in full, all as lines of `data.digest`."""
    messages = sorted((json.loads(body) for body in bodies), key=_loudness, reverse=True)
    lead = messages[0]["data"]["alert"]
    alerts = {message["data"]["alert"]["id"] for message in messages}
    times = sorted(message["timestamp"] for message in messages)
    digest: dict[str, Any] = {
        "messages": len(messages),
        "alerts": len(alerts),
        "from": times[0],
        "until": times[-1],
        "lines": [_digest_line(message) for message in messages[:_MAX_DIGEST_LINES]],
    }
    message = {
        "type": f"alert.{ChangeKind.UPDATED.value}",
        "timestamp": messages[0]["timestamp"],
        "data": {"alert": lead | {"reasons": lead["reasons"][:5]}, "digest": digest},
    }
    return _trimmed(message, digest, "lines")


def loudest(bodies: Sequence[bytes]) -> int:
    """Which of several stored bodies leads their digest."""
    return max(range(len(bodies)), key=lambda index: _loudness(json.loads(bodies[index])))


def endpoint_test_body(endpoint: str, at: datetime) -> bytes:
    """What `endpoint.test` sends: no alert, only the proof that signing and reaching work."""
    text = "A test by Fretwatch: the endpoint is reached and the signature can be checked."
    return _encode(
        {"type": ENDPOINT_TEST, "timestamp": iso(at), "data": {"endpoint": endpoint, "text": text}},
    )


def _reason(reason: Reason) -> dict[str, Any]:
    return {"code": reason.code, "text": reason.text[:_MAX_REASON], "value": reason.value, "limit": reason.limit}


def _digest_line(message: Mapping[str, Any]) -> dict[str, Any]:
    alert = message["data"]["alert"]
    return {"type": message["type"], **{key: alert[key] for key in ("id", "level", "brand", "title", "url")}}


def _loudness(message: Mapping[str, Any]) -> tuple[int, int]:
    alert = message["data"]["alert"]
    return [level.value for level in LEVELS].index(alert["level"]), alert["sequence"]


def _trimmed(message: Mapping[str, Any], holder: dict[str, Any], key: str) -> bytes:
    """Encode; drop the last entries of a list, and say how many, until the body fits."""
    whole = len(holder[key])
    body = _encode(message)
    while len(body) >= MAX_BODY and holder[key]:
        holder[key] = holder[key][: len(holder[key]) - max(1, len(holder[key]) // 8)]
        holder[f"{key}_left_out"] = whole - len(holder[key])
        body = _encode(message)
    return body


def _encode(message: Mapping[str, Any]) -> bytes:
    # "replace": a lone surrogate in a configured name must not stop an alert.
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
