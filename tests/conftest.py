"""What every part shares: a migrated database of each kind, the folder of real data, a clock that stands still."""

import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from app.domain.clock import ManualClock
from app.storage import schema
from app.storage.database import Database

POSTGRES = os.environ.get("FRETWATCH_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
UNDER_CI = os.environ.get("CI") == "true"


def missing(what: str) -> None:
    """Skip loudly, or fail where a continuous integration must have it."""
    if UNDER_CI:
        pytest.fail(f"{what}: required under CI=true")
    pytest.skip(what)


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """The URL of a PostgreSQL server on which throw-away databases may be made."""
    try:
        engine = create_engine(POSTGRES, connect_args={"connect_timeout": 3})
        with engine.connect():
            pass
        engine.dispose()
    except OperationalError as error:
        missing(f"no PostgreSQL at {POSTGRES} ({str(error.orig).splitlines()[0]})")
    return POSTGRES


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """An empty PostgreSQL database, dropped afterwards."""
    name = f"fretwatch_test_{uuid.uuid4().hex[:12]}"
    engine = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    yield postgres_server.rsplit("/", 1)[0] + f"/{name}"
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/fretwatch.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated database of each kind."""
    opened = Database(database_url)
    schema.upgrade(opened)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Iterator[Database]:
    """A migrated SQLite database, for tests that are not about the database."""
    opened = Database(f"sqlite:///{tmp_path}/fretwatch.db")
    schema.upgrade(opened)
    yield opened
    opened.close()


@pytest.fixture
def shared() -> Path:
    """The folder of real data and recordings beside the repository."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip(f"the real data is not here ({folder.name}/ beside the repository)")
    return folder


@pytest.fixture
def clock() -> ManualClock:
    """A clock at a made-up noon."""
    return ManualClock(datetime(2026, 3, 2, 12, 0, tzinfo=UTC))
