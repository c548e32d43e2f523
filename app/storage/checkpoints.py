"""Where each collector stopped, how its last run went, and what it could not read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, delete, func, or_, select, update

from app.domain.brands import SourceConfig
from app.domain.ids import new_id
from app.domain.ports import Checkpoint
from app.domain.posts import Gap
from app.domain.serialise import source_from_json
from app.storage.bulk import upsert
from app.storage.tables import checkpoint, gap, run, source

POLL_LEASE: Final = timedelta(seconds=120)
RUNS_KEPT_FOR: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Due:
    """A source that this worker may poll now, until its lease runs out."""

    source: SourceConfig
    token: str
    fails: int
    is_first_import: bool
    checkpoint: Checkpoint | None


def claim_due(tx: Connection, *, now: datetime, limit: int, names: Sequence[str] | None = None) -> list[Due]:
    """Sources whose poll is due (or those named, due or not), each leased to one worker."""
    free = or_(source.c.lease_until.is_(None), source.c.lease_until < now)
    statement = select(source).where(source.c.retired_at.is_(None), source.c.next_poll_at.is_not(None), free)
    if names is None:
        statement = statement.where(source.c.next_poll_at <= now, source.c.paused_why.is_(None))
    else:
        statement = statement.where(source.c.name.in_(names))
    rows = tx.execute(statement.order_by(source.c.next_poll_at).limit(limit).with_for_update(skip_locked=True)).all()
    return [_lease(tx, row, now) for row in rows]


def _lease(tx: Connection, row: Any, now: datetime) -> Due:
    token = new_id()
    tx.execute(update(source).where(source.c.name == row.name).values(lease_until=now + POLL_LEASE, lease_token=token))
    value = tx.execute(select(checkpoint.c.value).where(checkpoint.c.source == row.name)).scalar()
    return Due(
        source=source_from_json(row.config),
        token=token,
        fails=row.fails,
        is_first_import=row.first_import_done_at is None,
        checkpoint=None if value is None else Checkpoint(value),
    )


def renew(tx: Connection, name: str, token: str, now: datetime) -> bool:
    """Hold a source longer; false where its lease went to another worker. Its row stays locked until the end."""
    held = update(source).where(source.c.name == name, source.c.lease_token == token)
    return tx.execute(held.values(lease_until=now + POLL_LEASE)).rowcount == 1


def save_checkpoint(tx: Connection, name: str, value: Checkpoint, now: datetime) -> None:
    """In the transaction of the posts that it covers."""
    upsert(tx, checkpoint, [{"source": name, "value": dict(value.value), "saved_at": now}], key=("source",))


def start_run(tx: Connection, name: str, now: datetime) -> str:
    """A run begins."""
    identity = new_id()
    tx.execute(run.insert().values(id=identity, source=name, started_at=now, seen=0, stored=0))
    return identity


def count_run(tx: Connection, run_id: str, *, seen: int, stored: int) -> None:
    """What one stored batch adds to its run."""
    tx.execute(update(run).where(run.c.id == run_id).values(seen=run.c.seen + seen, stored=run.c.stored + stored))


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended, and when the source is polled next."""

    outcome: str
    next_poll_at: datetime
    fails: int
    error: str | None = None
    paused_why: str | None = None


def finish_run(tx: Connection, run_id: str, due: Due, ending: Ending, now: datetime) -> None:
    """Record the outcome and free the source; a worker that lost its lease changes nothing of the source."""
    tx.execute(
        update(run).where(run.c.id == run_id).values(finished_at=now, outcome=ending.outcome, error=ending.error)
    )
    values: dict[str, Any] = {
        "lease_until": None,
        "lease_token": None,
        "fails": ending.fails,
        "next_poll_at": ending.next_poll_at,
        "last_error": ending.error,
        "paused_why": ending.paused_why,
    }
    if ending.error is None:
        values["last_success_at"] = now
        values["first_import_done_at"] = func.coalesce(source.c.first_import_done_at, now)
    tx.execute(update(source).where(source.c.name == due.source.name, source.c.lease_token == due.token).values(values))


def purge_runs(tx: Connection, now: datetime) -> None:
    """Forget the runs that are older than `RUNS_KEPT_FOR`."""
    tx.execute(delete(run).where(run.c.started_at < now - RUNS_KEPT_FOR))


def saw_events(tx: Connection, name: str, event_at: datetime) -> None:
    """The newest event that a source brought."""
    newer = or_(source.c.last_event_at.is_(None), source.c.last_event_at < event_at)
    tx.execute(update(source).where(source.c.name == name, newer).values(last_event_at=event_at))


def add_gaps(tx: Connection, name: str, gaps: Sequence[Gap]) -> None:
    """Stretches that could not be read; trends show them as holes."""
    if gaps:
        tx.execute(
            gap.insert(),
            [{"id": new_id(), "source": name, "start_at": g.start, "end_at": g.end, "why": g.why} for g in gaps],
        )


@dataclass(frozen=True, slots=True)
class Watched:
    """A source that is polled, and how its runs went."""

    source: SourceConfig
    applied_at: datetime
    last_success_at: datetime | None
    fails: int
    last_error: str | None
    paused_why: str | None


def watched_sources(tx: Connection) -> list[Watched]:
    """Every source that a file names."""
    statement = select(source).where(source.c.retired_at.is_(None), source.c.next_poll_at.is_not(None))
    return [
        Watched(
            source_from_json(row.config),
            row.applied_at,
            row.last_success_at,
            row.fails,
            row.last_error,
            row.paused_why,
        )
        for row in tx.execute(statement)
    ]
