"""What was sent, and what the demo's receiver got."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from app.queries import feed
from app.queries.feed import DeliveryFilters
from app.web.reading import looking
from app.web.security import Context, Visitor

MOST_LINES: Final = 100
MOST_BYTES: Final = 1_000_000
"""Read of the end of the receiver's log at most."""


@dataclass(frozen=True, slots=True)
class Received:
    """One line of the receiver's log."""

    received_at: str
    id: str
    type: str
    level: str
    title: str
    verified: bool
    duplicate: bool


def add_routes(router: APIRouter) -> None:
    """Register the deliveries page."""
    router.add_api_route("/deliveries", show_deliveries, methods=["GET"])


def show_deliveries(request: Request, context: Context, visitor: Visitor) -> Response:
    """The outbox, newest first, and beside it the receiver's own log in the demo."""
    lines = None if context.receiver_log is None else read_log(context.receiver_log)
    with looking(request, context, visitor) as look:
        page = look.page
        found = feed.deliveries(
            look.tx,
            DeliveryFilters(brand=page.brand),
            sight=look.principal.sight,
            cursor=page.address.get("cursor") or None,
        )
        return page.render(
            "deliveries.html",
            deliveries=found.deliveries,
            next=page.address.with_(cursor=found.next_cursor) if found.next_cursor else "",
            received=None if lines is None else lines[:MOST_LINES],
            received_more=max(len(lines or ()) - MOST_LINES, 0),
        )


def read_log(path: Path) -> list[Received]:
    """The lines of the receiver's log, newest first; a line that is being written is left out."""
    if not path.exists():
        return []
    with path.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(file.tell() - MOST_BYTES, 0))
        written = file.read().decode("utf-8", errors="replace").splitlines()
    found = (_line(line) for line in reversed(written))
    return [line for line in found if line is not None]


def _line(written: str) -> Received | None:
    try:
        line = json.loads(written)
    except ValueError:
        return None
    if not isinstance(line, Mapping):
        return None
    return Received(
        received_at=_moment(line.get("received_at")),
        id=str(line.get("webhook_id") or line.get("webhook-id") or ""),
        type=str(line.get("type") or "unknown"),
        level=str(line.get("level") or ""),
        title=str(line.get("title") or ""),
        verified=line.get("verified") is True,
        duplicate=line.get("duplicate") is True,
    )


def _moment(value: Any) -> str:
    try:
        return datetime.fromisoformat(str(value)).strftime("%H:%M:%S")
    except ValueError:
        return str(value or "")
