"""`kill -9` of a replay and of its sender, again and again: nothing lost, nothing twice, every delivery made.

The whole campaign of 50 kills is `python -m benchmarks.kill`; this is a part of it that a test run can afford.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.storage import schema
from app.storage.database import Database
from tests.chaos.campaign import Arena, Counts, Receiver, kill_round, undisturbed

POSTS = 400
LEAST_KILLS = 2
MOST_ROUNDS = 5


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """A made-up house with a receiver that listens."""
    with Receiver().listening() as receiver:
        made = Arena(tmp_path_factory.mktemp("house"), receiver, POSTS)
        made.prepare()
        yield made


@pytest.fixture(scope="module")
def calm(arena: Arena) -> tuple[Counts, float]:
    """What a replay counts that nobody kills, and its seconds."""
    return undisturbed(arena, f"sqlite:///{arena.folder}/calm.db")


def comes_through(arena: Arena, calm: tuple[Counts, float], fresh: Callable[[int], str], *, kills: int) -> None:
    """A fast machine may finish a short file after one kill: then it is played again, until there were two."""
    made = 0
    for number in range(MOST_ROUNDS):
        made += survives(arena, calm, fresh(number), kills=kills)
        if made >= LEAST_KILLS:
            return
    pytest.fail(f"only {made} kills in {MOST_ROUNDS} rounds")


def survives(arena: Arena, calm: tuple[Counts, float], url: str, *, kills: int) -> int:
    """One round; how many kills it came through."""
    expected, seconds = calm
    found = kill_round(arena, url, kills=kills, longest=1 + seconds)
    assert found.findings == []
    assert found.counts is not None
    assert (found.counts.posts, found.counts.read) == (POSTS, expected.read)
    assert (found.counts.complaints, found.counts.cases) == (expected.complaints, expected.cases)
    assert found.counts.cases < found.counts.complaints, "authors complained again, and joined their case"
    assert found.deliveries > 20
    return found.kills


@pytest.mark.slow
def test_a_killed_replay_loses_nothing_on_sqlite(arena: Arena, calm: tuple[Counts, float], tmp_path: Path) -> None:
    comes_through(arena, calm, lambda number: f"sqlite:///{tmp_path}/killed{number}.db", kills=8)


@pytest.mark.slow
def test_a_killed_replay_loses_nothing_on_postgresql(
    arena: Arena, calm: tuple[Counts, float], postgres_url: str
) -> None:
    def emptied(_: int) -> str:
        database = Database(postgres_url)
        schema.upgrade(database)
        schema.downgrade(database, "base")
        database.close()
        return postgres_url

    comes_through(arena, calm, emptied, kills=4)
