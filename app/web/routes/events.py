"""The live stream of the feed: which alerts changed, told by server-sent events."""

import json
from collections.abc import AsyncIterator

from anyio import sleep
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from app.domain.access import Sight
from app.queries import feed
from app.queries.feed import LiveChange
from app.web.context import WebContext
from app.web.reading import principal_of
from app.web.security import Context, SignInNeeded, Visitor, signed_in

KEEP_ALIVE_AFTER = 15
"""Looks at the database without news before a comment keeps proxies from closing the stream."""
MOST_LOOKS = 3_600
"""A stream ends by itself after this many looks, and the browser comes back: a session that ended is noticed."""


def add_routes(router: APIRouter) -> None:
    """Register the stream."""
    router.add_api_route("/events", stream_changes, methods=["GET"])


async def stream_changes(request: Request, context: Context, visitor: Visitor, after: int = 0) -> Response:
    """Changes after `Last-Event-ID`, or after the sequence that the page was made at."""
    told = request.headers.get("last-event-id", "")
    start = int(told) if told.isascii() and told.isdigit() else after
    sight = principal_of(context, visitor).sight
    brand = request.query_params.get("brand")
    return StreamingResponse(_events(request, context, start, sight=sight, brand=brand), media_type="text/event-stream")


async def _events(
    request: Request, context: WebContext, start: int, *, sight: Sight, brand: str | None
) -> AsyncIterator[str]:
    sequence, quiet = start, 0
    yield "retry: 2000\n\n"
    for look in range(MOST_LOOKS):
        if look % 60 == 59 and not await _still_signed_in(request, context):
            return
        found = await run_in_threadpool(_changes, context, sequence, sight)
        told = [change for change in found if brand in (None, change.brand)]
        if found:
            sequence = found[-1].change.sequence
        if told:
            quiet = 0
            yield event(sequence, told)
        elif (quiet := quiet + 1) % KEEP_ALIVE_AFTER == 0:
            yield ": still here\n\n"
        if await request.is_disconnected():
            return
        await sleep(context.stream_poll.total_seconds())


async def _still_signed_in(request: Request, context: WebContext) -> bool:
    try:
        await signed_in(request, context)
    except SignInNeeded:
        return False
    return True


def event(sequence: int, changes: list[LiveChange]) -> str:
    """One server-sent event: ids and levels, no text of a post."""
    alerts = list(dict.fromkeys(change.change.alert for change in changes))
    gravest = max(changes, key=lambda change: ("watch", "warn", "page").index(change.change.level))
    told = {"alerts": alerts, "level": gravest.change.level, "title": gravest.title}
    return f"id: {sequence}\nevent: changed\ndata: {json.dumps(told)}\n\n"


def _changes(context: WebContext, sequence: int, sight: Sight) -> tuple[LiveChange, ...]:
    with context.database.read() as tx:
        return feed.changes_since(tx, sequence, sight=sight)
