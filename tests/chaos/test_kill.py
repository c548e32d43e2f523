"""`kill -9` of a replay and of its sender, again and again: nothing lost, nothing twice, every delivery made.

The whole campaign of 50 kills is `python -m benchmarks.kill`; this is a part of it that a test run can afford.
"""

from pathlib import Path

import pytest

from tests.chaos.campaign import Arena, Receiver, Round, kill_round, undisturbed

POSTS = 900


def comes_through(folder: Path, calm_url: str, url: str, *, kills: int) -> Round:
    with Receiver().listening() as receiver:
        arena = Arena(folder, receiver, POSTS)
        arena.prepare()
        calm, seconds = undisturbed(arena, calm_url)
        found = kill_round(arena, url, kills=kills, longest=2 + seconds)
    assert found.findings == []
    assert found.counts is not None
    assert (found.counts.posts, found.counts.read) == (POSTS, calm.read)
    assert (found.counts.complaints, found.counts.cases) == (calm.complaints, calm.cases)
    assert found.counts.cases < found.counts.complaints, "authors complained again, and joined their case"
    assert found.deliveries > 0
    assert found.kills > 0
    return found


@pytest.mark.slow
def test_a_killed_replay_loses_nothing_and_counts_nothing_twice_on_sqlite(tmp_path: Path) -> None:
    comes_through(tmp_path, f"sqlite:///{tmp_path}/calm.db", f"sqlite:///{tmp_path}/killed.db", kills=8)


@pytest.mark.slow
def test_a_killed_replay_loses_nothing_and_counts_nothing_twice_on_postgresql(
    tmp_path: Path, postgres_url: str
) -> None:
    comes_through(tmp_path, f"sqlite:///{tmp_path}/calm.db", postgres_url, kills=4)
