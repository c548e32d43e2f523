"""`Idempotency-Key`: the same request again, even at the same time, is done once and answered alike."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

from fastapi import Header

from app.api.context import ApiContext
from app.domain.access import Principal
from app.domain.errors import Conflict
from app.storage import idempotency
from app.storage.database import now_of
from app.storage.idempotency import StoredAnswer

_PAUSE: Final = 0.05
_WAITS: Final = 200
"""A twin waits for the first at most this often: 10 s."""

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=200,
        pattern=r"^[\x21-\x7E]+$",
        description="Any text that names this request; kept for 24 h. Another body under the same key: 409.",
        examples=["7f1c2a40-push-1"],
    ),
]


def once(
    context: ApiContext, principal: Principal, key: str | None, body: bytes, *, work: Callable[[], Mapping[str, Any]]
) -> Mapping[str, Any]:
    """The answer of `work`, done once for this key of this principal; without a key it is simply done.

    Raises `Conflict` for another body under the same key, and where its twin does not finish within ten seconds.
    """
    if key is None:
        return work()
    name = f"{principal.id}:{key}"
    digest = hashlib.sha256(body).digest()
    for _ in range(_WAITS):
        with context.database.write() as tx:
            is_first = idempotency.claim(tx, name, digest, now=now_of(tx))
            stored = None if is_first else idempotency.answer_of(tx, name)
        if is_first:
            return _do(context, name, work)
        if stored is not None:
            return stored.body
        context.pause(_PAUSE)
    message = "The first request with this Idempotency-Key is still being worked on. Try again in a moment."
    raise Conflict(message)


def _do(context: ApiContext, name: str, work: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    is_done = False
    try:
        body = work()
        is_done = True
    finally:
        if not is_done:
            with context.database.write() as tx:
                idempotency.release(tx, name)
    with context.database.write() as tx:
        idempotency.keep(tx, name, StoredAnswer(200, body))
    return body
