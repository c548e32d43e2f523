"""Random histories: however the events are cut into batches, and whenever time passes, the same world comes out."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.ports import Event
from app.domain.posts import Post
from app.storage import schema, tables
from app.storage.database import Database
from tests.pipeline.monitor import DAY, EMPTY, GOOD, HOUR, T0, Monitor, complaint, gone, post, reply

STEP = 5 * HOUR


@dataclass(frozen=True)
class Move:
    """One event of a history: `edit` and `gone` speak of an earlier post, `tick` lets time pass."""

    kind: str
    who: int
    marks: str
    back: int
    cuts: bool
    """Whether a batch ends after it."""


MOVES = st.builds(
    Move,
    kind=st.sampled_from(["complaint"] * 4 + ["calm", "thanks", "reply", "reply", "edit", "gone", "tick", "again"]),
    who=st.integers(0, 3),
    marks=st.sampled_from(
        ["failure=delay", "failure=billing signals=churn", "failure=safety", "failure=other southwind severity=blame"]
    ),
    back=st.integers(0, 5),
    cuts=st.booleans(),
)


@contextmanager
def monitor() -> Iterator[Monitor]:
    """A monitor of its own for each history."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.db"
        path.write_bytes(TEMPLATE.read_bytes())
        database = Database(f"sqlite:///{path}")
        yield Monitor(database, as_live=True)
        database.close()


def template() -> Path:
    """A migrated database to copy: migrating once a history would take most of the time."""
    path = Path(tempfile.mkdtemp()) / "template.db"
    database = Database(f"sqlite:///{path}")
    schema.upgrade(database)
    database.close()
    return path


TEMPLATE = template()


def event_of(place: int, move: Move, stored: list[str]) -> Event | None:
    """What the source sends; `None` for a move that needs a post and has none yet."""
    at = T0 + place * STEP
    author = f"author-{move.who}"
    earlier = stored[-1 - move.back] if move.back < len(stored) else None
    match move.kind:
        case "complaint":
            return complaint(f"p{place}", move.marks, author=author, at=at, rating=float(move.back))
        case "calm":
            return post(f"p{place}", "sentiment=positive", author=author, at=at)
        case "thanks":
            return post(f"p{place}", "signals=resolved", author=author, at=at)
        case "reply" if earlier is not None:
            brand = "northwind" if move.who else "southwind"
            return reply(f"p{place}", GOOD if move.who % 2 else EMPTY, to=earlier, brand=brand, at=at)
        case _:
            return None


def told_again(event: Event, words: str) -> Event:
    """The same post in other words that mean the same."""
    assert isinstance(event, Post)
    return replace(event, text=f"{event.text} {words}")


def play(own: Monitor, moves: list[Move], *, in_batches: bool) -> None:
    """All events, in the batches that the moves say or in one; what was removed is removed at the end of either."""
    batch: list[Event] = []
    events: dict[str, Event] = {}
    stored: list[str] = []
    removed: list[tuple[str, datetime]] = []
    for place, move in enumerate(moves):
        event = event_of(place, move, stored)
        if event is not None:
            events[f"p{place}"] = event
            batch.append(event)
            if move.kind != "reply":
                stored.append(f"p{place}")
        elif move.kind in ("edit", "again") and stored:
            name = stored[-1 - move.back % len(stored)]
            batch.append(told_again(events[name], "edited") if move.kind == "edit" else events[name])
            events[name] = batch[-1]
        elif move.kind == "gone" and stored:
            removed.append((stored[0], T0 + place * STEP))
        if in_batches and (move.cuts or move.kind == "tick"):
            own.live(*batch)
            batch = []
            if move.kind == "tick":
                own.tick(T0 + place * STEP)
            assert own.findings() == []
    own.live(*batch)
    own.live(*(gone(name, at) for name, at in removed))


def world(own: Monitor) -> dict[str, Any]:
    """Posts, complaints, cases and buckets, without the ids that chance gave them."""
    assert own.findings() == []
    members = own.members()
    cases = Counter(
        (
            case.brand,
            frozenset(members[case.id]),
            case.state,
            case.opened_at,
            case.clock_from,
            case.due_at,
            case.complaint_count,
            case.reply_count,
            case.gravity,
            case.signals,
        )
        for case in own.cases()
    )
    posts = {(row.external_id, row.text, row.author) for row in own.rows(tables.post)}
    return {"posts": posts, "cases": cases, "buckets": own.buckets(), "rings": own.rings()}


@given(st.lists(MOVES, min_size=1, max_size=25))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
def test_the_cut_of_batches_and_the_passing_of_time_change_nothing(moves: list[Move]) -> None:
    with monitor() as cut, monitor() as whole:
        play(cut, moves, in_batches=True)
        play(whole, moves, in_batches=False)
        end = T0 + len(moves) * STEP + 2 * DAY
        cut.tick(end)
        whole.tick(end)
        assert world(cut) == world(whole)
