"""Alert changes as they happen: server-sent events that lose nothing, because they are read from the database."""

from collections.abc import AsyncIterator
from typing import Annotated, Final

import anyio
from fastapi import APIRouter, Header
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse, ServerSentEvent

from app.api.context import ApiContext
from app.api.deps import Context, Credentials, Reader
from app.api.schemas.alerts import LiveOut
from app.api.schemas.common import failures
from app.domain.access import Principal, Sight
from app.domain.errors import Unauthenticated
from app.queries import feed
from app.queries.feed import LiveChange
from app.storage import keys

router = APIRouter(tags=["alerts"])

_PAGE: Final = 200
_RETRY_MS: Final = 2_000
_VERIFY_EVERY: Final = 60
"""Looks after which the key is verified again: a listener whose key was revoked hears on for about a minute."""
LastEventId = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        pattern=r"^\d{1,18}$",
        description="The id of the last event seen: everything after it is sent first. Left out: from now on.",
        examples=["4711"],
    ),
]


@router.get("/alerts/stream", operation_id="stream_alerts", response_class=EventSourceResponse, responses=failures(400))
async def stream_alerts(
    context: Context, principal: Reader, credentials: Credentials, last_event_id: LastEventId = None
) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events, one per alert change; the id is its sequence. A comment every 15 s keeps the line open.

    It ends after an hour, and when the key holds no more: connect again with `Last-Event-ID`.
    """
    since = await _start(context, last_event_id)
    yield ServerSentEvent(retry=_RETRY_MS, comment="fretwatch alerts")
    until = anyio.current_time() + context.stream_life.total_seconds()
    looks = 0
    while anyio.current_time() < until:
        looks += 1
        if looks % _VERIFY_EVERY == 0 and credentials is not None:
            try:
                principal = await run_in_threadpool(_verified, context, credentials.credentials)
            except Unauthenticated:
                return
        found = await run_in_threadpool(_read, context, since, principal.sight)
        for live in found:
            body = LiveOut.of(live)
            yield ServerSentEvent(data=body.model_dump(mode="json"), event=body.type, id=str(body.sequence))
            since = body.sequence
        if len(found) < _PAGE:
            await context.wait_for_change(context.stream_poll.total_seconds())


async def _start(context: ApiContext, last_event_id: str | None) -> int:
    if last_event_id is not None:
        return int(last_event_id)
    return await run_in_threadpool(_newest, context)


def _verified(context: ApiContext, key: str) -> Principal:
    now = context.database.now()
    with context.database.read() as tx:
        return keys.verify(tx, key, pepper=context.pepper, now=now).principal


def _newest(context: ApiContext) -> int:
    with context.database.read() as tx:
        return feed.last_sequence(tx)


def _read(context: ApiContext, since: int, sight: Sight) -> tuple[LiveChange, ...]:
    with context.database.read() as tx:
        return feed.changes_since(tx, since, limit=_PAGE, sight=sight)
