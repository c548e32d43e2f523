"""Claims on both databases: each delivery to one worker, pages first, few per endpoint, results fenced, replay."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from app.domain.alerts import Delivery, Outcome, OutcomeKind
from app.domain.errors import Conflict, NotFound
from app.storage import outbox_claims, outbox_replay
from app.storage.database import Database
from app.storage.tables import attempt, delivery, endpoint

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DELIVERED = Outcome(OutcomeKind.DELIVERED, status=204, took=timedelta(milliseconds=12))
FAILED = Outcome(OutcomeKind.RETRY, status=500, error="answered 500", took=timedelta(milliseconds=7))


def seed(database: Database, count: int, *, name: str = "oncall", level: str = "warn", first: int = 0) -> list[str]:
    rows = [
        {
            "id": f"{name[:6]}{level}{first + number:014d}",
            "change": first + number,
            "alert_id": f"alert{number}",
            "endpoint": name,
            "level": level,
            "body": b'{"type":"alert.opened"}',
            "state": "pending",
            "event_at": NOW + number * SECOND,
            "created_at": NOW,
            "due_at": NOW,
            "attempts": 0,
        }
        for number in range(count)
    ]
    with database.write() as tx:
        tx.execute(insert(delivery), rows)
    return [str(row["id"]) for row in rows]


def seed_endpoint(database: Database, name: str = "oncall") -> None:
    row = {"name": name, "kind": "webhook", "url": "https://example.org", "config": {}, "applied_at": NOW}
    with database.write() as tx:
        tx.execute(insert(endpoint).values(row))


def claim(database: Database, now: datetime = NOW, **options: Any) -> list[Delivery]:
    with database.write() as tx:
        return outbox_claims.claim_due(tx, now=now, **{"limit": 100, "per_endpoint": 100} | options)


def finish(
    database: Database, claimed: Delivery, outcome: Outcome, *, now: datetime = NOW, next_at: datetime | None = None
) -> bool:
    with database.write() as tx:
        return outbox_claims.finish(tx, claimed, outcome, now=now, next_at=next_at)


def states(database: Database) -> dict[str, str]:
    with database.read() as tx:
        return {row.id: row.state for row in tx.execute(select(delivery.c.id, delivery.c.state))}


def attempts(database: Database) -> Sequence[Any]:
    with database.read() as tx:
        return tx.execute(select(attempt).order_by(attempt.c.delivery_id, attempt.c.n)).all()


def test_what_is_not_due_is_not_claimed(database: Database) -> None:
    seed(database, 2)
    assert claim(database, NOW - SECOND) == []
    assert len(claim(database)) == 2


def test_several_workers_claim_each_delivery_once(database: Database) -> None:
    wanted = [id_ for n in range(5) for id_ in seed(database, 40, name=f"desk-{n}", first=1000 * n)]
    barrier = threading.Barrier(6)

    def work(_: int) -> list[str]:
        barrier.wait()
        got: list[str] = []
        for _ in range(400):
            claimed = claim(database, limit=7, per_endpoint=3)
            for one in claimed:
                assert finish(database, one, DELIVERED)
                got.append(one.id)
            with database.read() as tx:
                if not claimed and not outbox_claims.is_anything_due(tx, NOW):
                    break
        return got

    with ThreadPoolExecutor(6) as pool:
        claimed = [id_ for ids in pool.map(work, range(6)) for id_ in ids]
    assert sorted(claimed) == sorted(wanted)
    assert len(attempts(database)) == 200


def test_pages_go_first(database: Database) -> None:
    seed(database, 300)
    (page,) = seed(database, 1, level="page", first=1000)
    assert claim(database, limit=5)[0].id == page


def test_one_endpoint_has_few_in_flight_and_the_last_place_is_for_a_page(database: Database) -> None:
    seed(database, 20)
    seed(database, 2, name="other")
    first = claim(database, per_endpoint=4)
    assert sorted(one.endpoint for one in first) == ["oncall"] * 3 + ["other"] * 2
    assert claim(database, per_endpoint=4) == []
    (page,) = seed(database, 1, level="page", first=1000)
    assert [one.id for one in claim(database, per_endpoint=4)] == [page]
    assert finish(database, next(one for one in first if one.endpoint == "oncall"), DELIVERED)
    assert claim(database, per_endpoint=4) == [], "three are in flight, the fourth place is the page's"


def test_an_expired_lease_is_claimed_again_and_the_slow_worker_is_fenced_off(database: Database) -> None:
    (id_,) = seed(database, 1)
    (slow,) = claim(database)
    assert claim(database, NOW + 59 * SECOND) == []
    (quick,) = claim(database, NOW + 60 * SECOND)
    assert (slow.id, slow.lease_token != quick.lease_token) == (quick.id, True)
    assert not finish(database, slow, FAILED, now=NOW + 61 * SECOND)
    assert states(database) == {id_: "pending"}
    assert finish(database, quick, DELIVERED, now=NOW + 62 * SECOND)
    assert states(database) == {id_: "delivered"}
    assert not finish(database, quick, DELIVERED, now=NOW + 63 * SECOND)
    assert [(row.n, row.outcome) for row in attempts(database)] == [(1, "retry"), (2, "delivered"), (3, "delivered")]


def test_a_failure_is_tried_again_when_it_is_due_and_then_given_up(database: Database) -> None:
    (id_,) = seed(database, 1)
    (first,) = claim(database)
    assert finish(database, first, FAILED, next_at=NOW + 5 * SECOND)
    assert claim(database, NOW + 4 * SECOND) == []
    (second,) = claim(database, NOW + 5 * SECOND)
    assert (second.attempts, second.body) == (1, first.body)
    assert finish(database, second, FAILED, now=NOW + 6 * SECOND)
    assert states(database) == {id_: "dead"}
    with database.read() as tx:
        (dead,) = outbox_replay.dead_letters(tx, limit=10)
        assert outbox_replay.dead_letters(tx, limit=10, name="other") == []
    assert (dead.id, dead.endpoint, dead.why, dead.died_at) == (id_, "oncall", "answered 500", NOW + 6 * SECOND)
    assert [(one.n, one.status, one.milliseconds) for one in dead.attempts] == [(1, 500, 7), (2, 500, 7)]


def test_a_deleted_delivery_finishes_quietly(database: Database) -> None:
    gone = Delivery("gone", "oncall", "alert", "warn", b"{}", 0, NOW, NOW, "token")
    assert not finish(database, gone, DELIVERED)
    assert attempts(database) == []


def test_failing_since_is_the_first_failure_until_a_success(database: Database) -> None:
    seed_endpoint(database)
    seed(database, 3)
    first, second, third = claim(database)
    finish(database, first, FAILED, now=NOW + SECOND)
    finish(database, second, FAILED, now=NOW + 9 * SECOND)
    with database.read() as tx:
        assert outbox_claims.failing_since(tx, "oncall") == NOW + SECOND
    finish(database, third, DELIVERED)
    with database.read() as tx:
        assert outbox_claims.failing_since(tx, "oncall") is None


def test_a_disabled_endpoint_buries_what_waits_and_replay_sends_it_under_the_same_id(database: Database) -> None:
    seed_endpoint(database)
    ids = seed(database, 3)
    (in_flight,) = claim(database, limit=1)
    with database.write() as tx:
        assert outbox_claims.disable_endpoint(tx, "oncall", why="410", now=NOW)
        assert not outbox_claims.disable_endpoint(tx, "oncall", why="410", now=NOW)
    finish(database, in_flight, FAILED, next_at=NOW + SECOND)
    assert claim(database, NOW + SECOND) == []
    assert set(states(database).values()) == {"dead"}
    with pytest.raises(Conflict, match="enable it first: fretwatch deliveries enable oncall"), database.write() as tx:
        outbox_replay.replay_dead(tx, now=NOW)
    with database.write() as tx:
        assert outbox_claims.enable_endpoint(tx, "oncall")
        assert not outbox_claims.enable_endpoint(tx, "oncall")
        letters = outbox_replay.dead_letters(tx, limit=10)
        assert outbox_replay.replay_dead(tx, now=NOW) == 3
        with pytest.raises(NotFound, match="no endpoint 'nobody'; there are: oncall"):
            outbox_claims.enable_endpoint(tx, "nobody")
    assert any("disabled" in letter.why for letter in letters)
    assert sorted(one.id for one in claim(database)) == ids


def test_replay_by_id_and_of_one_endpoint(database: Database) -> None:
    ids = seed(database, 4)
    for one in claim(database, limit=3):
        finish(database, one, DELIVERED)
    with database.write() as tx:
        assert outbox_replay.replay(tx, ids[:2], now=NOW) == 2
        assert outbox_replay.replay_dead(tx, name="oncall", now=NOW) == 0
    assert [id_ for id_, state in sorted(states(database).items()) if state == "delivered"] == [ids[2]]
    again = claim(database)
    assert sorted(one.id for one in again) == [ids[0], ids[1], ids[3]]
    finish(database, next(one for one in again if one.id == ids[0]), DELIVERED)
    assert [row.n for row in attempts(database) if row.delivery_id == ids[0]] == [1, 2], "the history is kept"


def test_replay_refuses_what_is_unknown_or_not_finished(database: Database) -> None:
    ids = seed(database, 1)
    with pytest.raises(NotFound, match="no delivery nobody"), database.write() as tx:
        outbox_replay.replay(tx, ["nobody"], now=NOW)
    with pytest.raises(Conflict, match="is pending"), database.write() as tx:
        outbox_replay.replay(tx, ids, now=NOW)
