"""What was answered under an Idempotency-Key, for a day: the same request again gets the same answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import and_, delete, or_, select, update

from app.domain.errors import Conflict
from app.storage.bulk import insert_into
from app.storage.database import Transaction
from app.storage.tables import idempotency

KEPT_FOR: Final = timedelta(hours=24)
ABANDONED_AFTER: Final = timedelta(seconds=60)
"""A request that has not finished by then was killed: the next one with its key does the work."""
_IN_PROGRESS: Final = 0


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """The answer that the first request got."""

    status: int
    body: Mapping[str, Any]


def claim(tx: Transaction, key: str, digest: bytes, *, now: datetime) -> bool:
    """Whether this request is the one that does the work. False: look for the answer of the one that does.

    Raises `Conflict` where the key stands for another body.
    """
    outdated = or_(
        idempotency.c.at <= now - KEPT_FOR,
        and_(idempotency.c.status == _IN_PROGRESS, idempotency.c.at <= now - ABANDONED_AFTER),
    )
    tx.execute(delete(idempotency).where(idempotency.c.key == key, outdated))
    values = {"key": key, "digest": digest, "status": _IN_PROGRESS, "body": {}, "at": now}
    statement = insert_into(tx, idempotency).values(values).on_conflict_do_nothing().returning(idempotency.c.key)
    if tx.execute(statement).first() is not None:
        return True
    _require_same(tx, key, digest)
    return False


def answer_of(tx: Transaction, key: str) -> StoredAnswer | None:
    """The stored answer; `None` while the work is being done, or after it was given up."""
    query = select(idempotency.c.status, idempotency.c.body)
    row = tx.execute(query.where(idempotency.c.key == key, idempotency.c.status != _IN_PROGRESS)).first()
    return None if row is None else StoredAnswer(row.status, row.body)


def keep(tx: Transaction, key: str, answer: StoredAnswer) -> None:
    """Store the answer of the work that was claimed."""
    values = {"status": answer.status, "body": dict(answer.body)}
    tx.execute(update(idempotency).where(idempotency.c.key == key).values(values))


def release(tx: Transaction, key: str) -> None:
    """Give a claim back: the work failed, and the next request with the key may try."""
    tx.execute(delete(idempotency).where(idempotency.c.key == key, idempotency.c.status == _IN_PROGRESS))


def purge(tx: Transaction, now: datetime) -> int:
    """Forget answers that are older than a day; how many."""
    return tx.execute(delete(idempotency).where(idempotency.c.at <= now - KEPT_FOR)).rowcount


def _require_same(tx: Transaction, key: str, digest: bytes) -> None:
    stored = tx.execute(select(idempotency.c.digest).where(idempotency.c.key == key)).scalar()
    if stored is not None and bytes(stored) != digest:
        message = "This Idempotency-Key was used for another body. Use a new key for a new request."
        raise Conflict(message)
