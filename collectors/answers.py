"""What a status says about a source: the same words for every collector that speaks HTTP."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from app.domain.errors import (
    AddressRefused,
    AnswerTooLarge,
    CollectorError,
    EgressError,
    SourceGone,
    SourceRefused,
    SourceThrottled,
    SourceUnreadable,
)
from app.domain.ports import CollectRequest
from app.egress import Answer, Egress
from app.egress.waiting import http_date, retry_after

DEFAULT_WAIT: Final = timedelta(minutes=1)
"""For a 429 or 503 that does not say for how long."""
LONGEST_WAIT: Final = timedelta(days=7)


async def fetch(
    egress: Egress, request: CollectRequest, url: str, *, headers: Mapping[str, str], **options: Any
) -> Answer:
    """GET for a collector; what keeps the answer away comes as a `CollectorError` with the source's name."""
    name = request.source.name
    sent = dict(headers)
    if request.token:
        sent["Authorization"] = f"Bearer {request.token}"
    try:
        return await egress.request("GET", url, headers=sent, allow_private=request.source.allow_private, **options)
    except AddressRefused as error:
        raise SourceRefused(f"{name}: {error.message}") from error
    except AnswerTooLarge as error:
        raise SourceUnreadable(f"{name}: {error.message}") from error
    except EgressError as error:
        raise CollectorError(f"{name}: {error.message}; it is tried again") from error


def raise_for_status(answer: Answer, name: str, *, now: datetime, default_wait: timedelta = DEFAULT_WAIT) -> None:
    """Nothing for a 2xx or 304; else the `CollectorError` that the status means."""
    status = answer.status
    if 200 <= status < 300 or status == 304:
        return
    if status in (401, 403):
        raise SourceRefused(
            f"{name}: {place(answer.url)} answered {status}: check token_env and whether it may be read"
        )
    if status == 410:
        raise SourceGone(f"{name}: {place(answer.url)} answered 410: it is gone for good; take the source out")
    if status in (429, 503):
        # A date is read by the source's own clock.
        there = http_date(answer.headers.get("date", "")) or now
        wait = retry_after(answer.headers.get("retry-after"), there, longest=LONGEST_WAIT) or default_wait
        raise SourceThrottled(
            f"{name}: {place(answer.url)} answered {status} and wants {wait.total_seconds():.0f} s of quiet",
            retry_after=wait,
        )
    if 300 <= status < 400:
        moved = place(answer.headers.get("location", "")) or "an unknown address"
        raise SourceUnreadable(f"{name}: {place(answer.url)} has moved to {moved}: put the new address into the source")
    if status == 404:
        raise SourceUnreadable(f"{name}: {place(answer.url)} answered 404: nothing is there; check the address")
    if status >= 500:
        raise CollectorError(f"{name}: {place(answer.url)} answered {status}; it is tried again")
    raise SourceUnreadable(
        f"{name}: {place(answer.url)} answered {status}, which is no answer to a plain reading request"
    )


def place(url: str) -> str:
    """An address without credentials and query, for messages."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "the address"
    return f"{parts.scheme}://{host}{port}{parts.path}" if host else parts.path
