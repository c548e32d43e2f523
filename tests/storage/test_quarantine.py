"""Quarantine: held once, listed with the reason, released to the reader, and held again where it fails again."""

import pytest

from app.domain.errors import Conflict, NotFound
from app.storage import quarantine, reports
from app.storage.database import Database, now_of
from app.storage.quarantine import Held
from tests.pipeline.monitor import Monitor, complaint, post


def held(database: Database, limit: int = 10) -> dict[str, Held]:
    with database.read() as tx:
        return {one.post.external_id: one for one in quarantine.held(tx, limit=limit)}


def release(database: Database, ids: list[str] | None = None) -> int:
    with database.write() as tx:
        return quarantine.release(tx, ids, now_of(tx))


@pytest.fixture
def monitor(database: Database) -> Monitor:
    """A monitor that holds one post that it could not read, and one that it could not store."""
    made = Monitor(database)
    made.live(complaint("1"), post("2", "explode=1"), post("x", "hello", brands=("eastwind",)))
    return made


def test_what_is_held_is_listed_with_its_stage_and_reason(monitor: Monitor) -> None:
    found = held(monitor.database)
    assert {name: (one.post.stage, one.is_releasable) for name, one in found.items()} == {
        "2": ("classify", True),
        "x": ("intake", False),
    }
    assert "the reader failed on it" in found["2"].post.reason
    assert "eastwind" in found["x"].post.reason
    assert len(held(monitor.database, limit=1)) == 1


def test_a_released_post_is_read_again_and_held_again_where_it_fails_again(monitor: Monitor) -> None:
    before = held(monitor.database)["2"]
    assert release(monitor.database, [before.id]) == 1
    assert set(held(monitor.database)) == {"x"}
    assert monitor.findings() == [], "it waits, and is not lost"
    assert monitor.read() == 1
    assert set(held(monitor.database)) == {"2", "x"}
    assert monitor.findings() == []


def test_a_released_post_that_can_be_read_now_counts(monitor: Monitor) -> None:
    edited = post("2", "complaint=0.9 failure=delay")
    monitor.live(edited)
    assert release(monitor.database) == 1
    monitor.read()
    assert monitor.counts("mentions") == {"all": 2}
    assert set(held(monitor.database)) == {"x"}
    with monitor.database.read() as tx:
        assert reports.totals(tx).quarantined == 1
    assert monitor.findings() == []


def test_release_refuses_what_is_unknown_and_what_was_never_stored(monitor: Monitor) -> None:
    with pytest.raises(NotFound, match="fretwatch quarantine list"):
        release(monitor.database, ["nobody"])
    with pytest.raises(Conflict, match="send it again"):
        release(monitor.database, [held(monitor.database)["x"].id])
    assert release(monitor.database) == 1
    assert release(monitor.database) == 0
