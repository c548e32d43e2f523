"""What could not be taken in or read, each with its reason; its neighbours passed. A mention can be read again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, tuple_, update

from app.domain.errors import Conflict, NotFound
from app.domain.ids import new_id
from app.storage import queue
from app.storage.bulk import insert, upsert
from app.storage.tables import quarantine

INTAKE, CLASSIFY, RECORD = "intake", "classify", "record"
"""Where a post was stopped: before it was stored (nothing of it is kept), in the reader, or when it was to count."""


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A post that was stopped; `mention_id` is `None` where it was never stored."""

    stage: str
    source: str
    external_id: str
    reason: str
    mention_id: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A post in quarantine."""

    id: str
    at: datetime
    post: Quarantined

    @property
    def is_releasable(self) -> bool:
        """Whether there is something to read again."""
        return self.post.mention_id is not None


def put(tx: Connection, posts: Sequence[Quarantined], now: datetime) -> None:
    """Hold these posts; one that was held before is held once."""
    rows = [
        {
            "id": new_id(),
            "stage": post.stage,
            "mention_id": post.mention_id,
            "source": post.source,
            "external_id": post.external_id,
            "reason": post.reason,
            "at": now,
            "released_at": None,
        }
        for post in posts
    ]
    upsert(tx, quarantine, [row for row in rows if row["mention_id"] is not None], key=("mention_id",))
    refused = [row for row in rows if row["mention_id"] is None]
    if refused:
        # A post that was refused before, and comes again, is still one.
        keys = [(row["source"], row["external_id"]) for row in refused]
        same = tuple_(quarantine.c.source, quarantine.c.external_id).in_(keys)
        tx.execute(delete(quarantine).where(quarantine.c.mention_id.is_(None), same))
    insert(tx, quarantine, refused)


def held(tx: Connection, *, limit: int) -> list[Held]:
    """What is in quarantine and was not released, the newest first."""
    query = select(quarantine).where(quarantine.c.released_at.is_(None))
    rows = tx.execute(query.order_by(quarantine.c.at.desc(), quarantine.c.id.desc()).limit(limit))
    return [
        Held(row.id, row.at, Quarantined(row.stage, row.source, row.external_id, row.reason, row.mention_id))
        for row in rows
    ]


def release(tx: Connection, ids: Sequence[str] | None, now: datetime) -> int:
    """Give these to the reader again, or all that it could not read; how many.

    Raises `NotFound` for an id that is not held, `Conflict` for a post that was never stored.
    """
    query = select(quarantine.c.id, quarantine.c.mention_id).where(quarantine.c.released_at.is_(None))
    chosen = quarantine.c.mention_id.is_not(None) if ids is None else quarantine.c.id.in_(ids)
    mentions = {row.id: row.mention_id for row in tx.execute(query.where(chosen).order_by(quarantine.c.id))}
    unknown = sorted(set(ids or ()) - set(mentions))
    if unknown:
        raise NotFound(f"Nothing is in quarantine as {unknown[0]}: copy the id from: fretwatch quarantine list")
    never_stored = [id_ for id_, mention in mentions.items() if mention is None]
    if never_stored:
        message = f"{never_stored[0]} was refused before it was stored: put it right at its source, and send it again."
        raise Conflict(message)
    queue.publish(tx, queue.chunks_of(list(mentions.values())), now)
    tx.execute(update(quarantine).where(quarantine.c.id.in_(mentions)).values(released_at=now))
    return len(mentions)
