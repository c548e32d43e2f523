"""Engine and transactions. A transaction is opened at the edge (a request, a job step); nothing inside commits.

SQLite: WAL, one writer at a time (`BEGIN IMMEDIATE` under a lock of the process), `synchronous=FULL`.
PostgreSQL: psycopg 3.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from app.domain.errors import ConfigurationError, DatabaseUnavailable

BUSY_TIMEOUT_MS = 10_000


class Database:
    """One relational database: the truth, the schedule, the log and the outbox.

    `url` is `sqlite:///path` or `postgresql://…`. Raises `ConfigurationError` for a URL of another kind.
    """

    def __init__(self, url: str) -> None:
        self.url = _driver_url(url)
        self.is_sqlite = self.url.startswith("sqlite")
        if self.is_sqlite:
            _make_folder(self.url)
        options: dict[str, Any] = {} if self.is_sqlite else {"pool_pre_ping": True, "pool_size": 8, "max_overflow": 8}
        connect: dict[str, Any] = {"timeout": BUSY_TIMEOUT_MS / 1000} if self.is_sqlite else {"connect_timeout": 5}
        self._engine = create_engine(self.url, connect_args=connect, hide_parameters=True, **options)
        self._writer = threading.RLock() if self.is_sqlite else nullcontext()
        if self.is_sqlite:
            event.listen(self._engine, "connect", _prepare_sqlite)
            event.listen(self._engine, "begin", _begin_sqlite)

    @property
    def label(self) -> str:
        """The URL without its password, for messages."""
        return make_url(self.url).render_as_string(hide_password=True)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that may write; committed at the end, rolled back by any exception.

        Raises `DatabaseUnavailable` where the database does not answer, is full or read-only.
        """
        with self._writer, _readable(self.label):
            connection = self._engine.connect().execution_options(writes=True)
            with connection, connection.begin():
                yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent look; nothing may be written."""
        with _readable(self.label):
            connection = self._engine.connect()
            with connection, connection.begin():
                yield connection

    def now(self) -> datetime:
        """`DbClock`: the database's own now, so that workers with different clocks agree on leases."""
        if self.is_sqlite:
            return datetime.now(UTC)
        with self.read() as connection:
            value = connection.execute(select(func.now())).scalar_one()
        assert isinstance(value, datetime)
        return value.astimezone(UTC)

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()


def now_of(connection: Connection) -> datetime:
    """The database's now, inside a transaction."""
    if connection.dialect.name == "sqlite":
        return datetime.now(UTC)
    value = connection.execute(select(func.clock_timestamp())).scalar_one()
    assert isinstance(value, datetime)
    return value.astimezone(UTC)


def _driver_url(url: str) -> str:
    try:
        parsed = make_url(url)
    except ArgumentError:
        message = f"{url!r} is no database URL; use sqlite:///var/fretwatch.db or postgresql://user@host/name"
        raise ConfigurationError(message) from None
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        message = f"the database must be SQLite or PostgreSQL, not {parsed.get_backend_name()}"
        raise ConfigurationError(message)
    return parsed.render_as_string(hide_password=False)


def _make_folder(url: str) -> None:
    path = make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)


def _prepare_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA cache_size=-32000")
    cursor.execute("PRAGMA temp_store=MEMORY")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that upgrades to a write gets SQLITE_BUSY in spite of the timeout.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _readable(label: str) -> Iterator[None]:
    try:
        yield
    except NoSuchModuleError as error:
        raise ConfigurationError(f"no driver for {label}: {error}") from error
    except OperationalError as error:
        raise DatabaseUnavailable(_said(label, error)) from error
    except DBAPIError as error:
        # SQLite's own way to say that a file is no database, or a damaged one.
        if error.connection_invalidated or type(error) is DatabaseError:
            raise DatabaseUnavailable(_said(label, error)) from error
        raise


def _said(label: str, error: DBAPIError) -> str:
    first = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__
    return (
        f"The database {label} does not answer ({first}). "
        "Start it, or set FRETWATCH_DATABASE_URL to the right address; nothing that was stored is lost."
    )


Transaction = Connection
"""An open transaction, as `read` and `write` give it; the name that everything outside this package uses."""
