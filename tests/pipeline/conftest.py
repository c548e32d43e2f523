"""A monitor on each database."""

import pytest

from app.storage.database import Database
from tests.pipeline.monitor import Monitor


@pytest.fixture
def monitor(database: Database) -> Monitor:
    """The pipeline over a migrated database of each kind."""
    return Monitor(database)
