"""A house on each database for the queries."""

import pytest

from app.storage.database import Database
from tests.api.builders import House, build_house


@pytest.fixture
def house(database: Database) -> House:
    """Two brands on each database."""
    return build_house(database)
