"""A client of the API over a house on each database."""

from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient

from app.api.application import build_api
from app.api.context import ApiContext
from app.domain.clock import ManualClock
from app.pipeline.intake import Intake
from app.pipeline.match import Match
from app.pipeline.normalise import Normalise
from app.queries.health import watched_brands
from app.storage.database import Database
from tests.api.builders import NOON, PEPPER, House, build_house

Asking = Callable[[str], TestClient]


@pytest.fixture
def house(database: Database) -> House:
    """Two brands on each database."""
    return build_house(database)


@pytest.fixture
def small_house(sqlite_database: Database) -> House:
    """The same on SQLite only, for what is not about the database."""
    return build_house(sqlite_database)


def context_for(house: House) -> ApiContext:
    """What the runtime would compose, with a clock that stands still."""
    with house.database.read() as tx:
        brands = watched_brands(tx)
    clock = ManualClock(NOON)
    intake = Intake(house.database, (Normalise(lambda _: "en"), Match(brands)), clock=clock)
    return ApiContext(
        database=house.database, clock=clock, intake=intake, pepper=PEPPER, public_url="https://fretwatch.example"
    )


@pytest.fixture
def asking(house: House) -> Iterator[Asking]:
    """A client that sends the key of this name."""
    yield from _clients(house)


@pytest.fixture
def asking_small(small_house: House) -> Iterator[Asking]:
    """The same on SQLite only."""
    yield from _clients(small_house)


def _clients(house: House) -> Iterator[Asking]:
    api = build_api(context_for(house))
    opened: list[TestClient] = []

    def client(key: str) -> TestClient:
        headers = {"Authorization": f"Bearer {house.keys.get(key, key)}"} if key else {}
        opened.append(TestClient(api, headers=headers))
        return opened[-1]

    yield client
    for one in opened:
        one.close()
