"""`kill -9` at random moments of a replay and of the sender: what is lost, what is counted twice, what differs.

    python -m benchmarks.kill [--kills 50] [--posts 3000] [--postgres URL]

Rounds: each replays the same made-up file into an empty database and is killed until it comes to its end. At the end of
each round everything is recounted; rounds go on until there were as many kills as asked for. Exit code 1: a finding.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from tests.chaos.campaign import Arena, Counts, Receiver, Round, kill_round, undisturbed


def main() -> None:
    options = _options()
    summary: dict[str, object] = {"posts_in_the_file": options.posts}
    with tempfile.TemporaryDirectory() as name, Receiver().listening() as receiver:
        arena = Arena(Path(name), receiver, options.posts)
        arena.prepare()
        stores: dict[str, Callable[[int], str]] = {}
        if not options.only_postgres:
            stores["sqlite"] = lambda number: f"sqlite:///{name}/round{number}.db"
        if options.postgres:
            stores["postgresql"] = lambda number: _fresh(options.postgres, number)
        is_clean = True
        for store, url_of in stores.items():
            summary[store] = found = campaign(arena, url_of, options.kills)
            is_clean &= not found["findings"]
        if options.postgres:
            _drop(options.postgres)
    print(json.dumps(summary, indent=2))
    sys.exit(0 if is_clean else 1)


def campaign(arena: Arena, url_of: Callable[[int], str], kills: int) -> dict[str, object]:
    """Rounds until there were enough kills; their sum, and how they compare with an undisturbed run."""
    began = time.perf_counter()
    calm, seconds = undisturbed(arena, url_of(0))
    rounds: list[Round] = []
    left = kills
    while left > 0:
        rounds.append(kill_round(arena, url_of(len(rounds) + 1), kills=left, longest=2 + seconds))
        left = kills - sum(one.kills for one in rounds)
        print(f"{kills - left} of {kills} kills, {len(rounds[-1].findings)} findings", file=sys.stderr)
    return {
        "kills": sum(one.kills for one in rounds),
        "sender_kills": sum(one.sender_kills for one in rounds),
        "rounds": len(rounds),
        "undisturbed": asdict(calm),
        "undisturbed_seconds": round(seconds, 1),
        "read_when_killed": [one.lives for one in rounds],
        "deliveries_made": sum(one.deliveries for one in rounds),
        "requests_received": sum(one.requests for one in rounds),
        "requests_repeated_with_the_same_id_and_body": sum(one.repeated for one in rounds),
        "requests_repeated_after_an_accepted_one": sum(one.doubles for one in rounds),
        "counts_that_differ": _differing(calm, rounds),
        "findings": [finding for one in rounds for finding in one.findings],
        "seconds": round(time.perf_counter() - began, 1),
    }


def _differing(calm: Counts, rounds: list[Round]) -> list[str]:
    said = []
    for number, one in enumerate(rounds, 1):
        found = asdict(one.counts) if one.counts else {}
        said += [
            f"round {number}: {name} {found.get(name)}, undisturbed {value}"
            for name, value in asdict(calm).items()
            if found.get(name) != value
        ]
    return said


def _fresh(url: str, number: int) -> str:
    server, _, name = url.rpartition("/")
    target = f"{name}_kill_{number}"
    for statement in (f'DROP DATABASE IF EXISTS "{target}" WITH (FORCE)', f'CREATE DATABASE "{target}"'):
        subprocess.run(["psql", url, "-qc", statement], check=True, capture_output=True)
    return f"{server}/{target}"


def _drop(url: str) -> None:
    name = url.rpartition("/")[2]
    listed = f"SELECT datname FROM pg_database WHERE datname LIKE '{name}_kill_%'"
    found = subprocess.run(["psql", url, "-Atqc", listed], check=True, capture_output=True, text=True).stdout
    for target in found.split():
        subprocess.run(["psql", url, "-qc", f'DROP DATABASE "{target}" WITH (FORCE)'], check=True, capture_output=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--posts", type=int, default=3000)
    parser.add_argument("--postgres", help="a database URL; databases beside it are made and dropped")
    parser.add_argument("--only-postgres", action="store_true", help="leave SQLite out")
    return parser.parse_args()


if __name__ == "__main__":
    main()
