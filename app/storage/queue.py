"""The SQL of the database queue: chunks of mentions, claimed by lease, acknowledged by deletion.

Chunks are also the outbox of the hand-over: intake writes them in the transaction of their posts, so that a post
which is stored is a post which will be read.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, func, or_, select, update

from app.domain.ids import new_id
from app.domain.ports import Chunk, ChunkLease, QueueStats
from app.storage.bulk import insert_missing
from app.storage.tables import work_chunk

LEASE: Final = timedelta(seconds=120)
CHUNK_SIZE: Final = 64
"""Mentions a chunk; SCALE_AND_UX section 1.2: 64 posts a message make one fsync a message cheap."""


def publish(tx: Connection, chunks: Sequence[Chunk], now: datetime) -> None:
    """Make the chunks durable with the transaction; an id that is known is ignored."""
    base = int(now.timestamp() * 1_000_000)
    rows = [
        {
            "id": chunk.id,
            "sequence": base + offset,
            "mentions": list(chunk.mentions),
            "state": "pending",
            "attempt": 0,
            "published_at": now,
            "due_at": now,
        }
        for offset, chunk in enumerate(chunks)
    ]
    insert_missing(tx, work_chunk, rows, key=("id",))


def chunks_of(mention_ids: Sequence[str]) -> list[Chunk]:
    """Mentions packed in order; each chunk is named after a fresh id."""
    return [
        Chunk(new_id(), tuple(mention_ids[start : start + CHUNK_SIZE]))
        for start in range(0, len(mention_ids), CHUNK_SIZE)
    ]


def claim(tx: Connection, most: int, now: datetime) -> list[ChunkLease]:
    """Up to `most` chunks that are due, oldest first, for `LEASE`."""
    free = or_(work_chunk.c.lease_until.is_(None), work_chunk.c.lease_until < now)
    due = (
        select(work_chunk.c.id)
        .where(work_chunk.c.state == "pending", work_chunk.c.due_at <= now, free)
        .order_by(work_chunk.c.sequence)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    ids = list(tx.execute(due).scalars())
    if not ids:
        return []
    token, until = new_id(), now + LEASE
    statement = (
        update(work_chunk)
        .where(work_chunk.c.id.in_(ids))
        .values(lease_token=token, lease_until=until, attempt=work_chunk.c.attempt + 1)
        .returning(work_chunk.c.id, work_chunk.c.mentions, work_chunk.c.attempt, work_chunk.c.sequence)
    )
    rows = sorted(tx.execute(statement), key=lambda row: row.sequence)
    return [ChunkLease(Chunk(row.id, tuple(row.mentions)), token, row.attempt, until) for row in rows]


def acknowledge(tx: Connection, leases: Sequence[ChunkLease]) -> None:
    """Forget the chunks; a lease that was lost to another worker changes nothing."""
    for token, ids in _by_token(leases).items():
        tx.execute(delete(work_chunk).where(work_chunk.c.id.in_(ids), work_chunk.c.lease_token == token))


def give_back(tx: Connection, leases: Sequence[ChunkLease], due_at: datetime) -> None:
    """Free the chunks for another try at `due_at`."""
    for token, ids in _by_token(leases).items():
        tx.execute(
            update(work_chunk)
            .where(work_chunk.c.id.in_(ids), work_chunk.c.lease_token == token)
            .values(lease_until=None, lease_token=None, due_at=due_at)
        )


def extend(tx: Connection, leases: Sequence[ChunkLease], until: datetime) -> None:
    """Hold the chunks longer."""
    for token, ids in _by_token(leases).items():
        tx.execute(
            update(work_chunk)
            .where(work_chunk.c.id.in_(ids), work_chunk.c.lease_token == token)
            .values(lease_until=until)
        )


def bury(tx: Connection, lease: ChunkLease, why: str) -> None:
    """Keep the chunk with its reason; nobody claims it again."""
    tx.execute(
        update(work_chunk)
        .where(work_chunk.c.id == lease.chunk.id, work_chunk.c.lease_token == lease.token)
        .values(state="dead", why=why, lease_until=None)
    )


def stats(tx: Connection, now: datetime) -> QueueStats:
    """How full the queue is."""
    in_flight = work_chunk.c.lease_until >= now
    row = tx.execute(
        select(
            func.count(),
            func.count().filter(in_flight),
            func.count().filter(work_chunk.c.attempt > 1),
            func.min(work_chunk.c.published_at),
        ).where(work_chunk.c.state == "pending")
    ).one()
    age = None if row[3] is None else now - row[3]
    return QueueStats(pending=row[0] - row[1], in_flight=row[1], redelivered=row[2], oldest_age=age)


def _by_token(leases: Sequence[ChunkLease]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for held in leases:
        grouped.setdefault(held.token, []).append(held.chunk.id)
    return grouped
