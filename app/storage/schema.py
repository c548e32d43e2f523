"""Migrations: bring a database to the newest revision, and refuse one that belongs to a newer program."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import CompileError

from app.domain.errors import SchemaTooNew, Unavailable
from app.storage.database import Database
from app.storage.tables import metadata

_PACKAGE = Path(__file__).resolve().parents[1]


def upgrade(database: Database) -> str:
    """Migrate to the newest revision and return its id. Raises `SchemaTooNew`, and then changes nothing."""
    config = _config()
    with database.write() as connection:
        _refuse_newer(connection, config)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        return current(connection) or ""


def require_current(database: Database) -> None:
    """Raise `Unavailable` unless the database stands at the newest revision that this program knows."""
    config = _config()
    with database.read() as connection:
        _refuse_newer(connection, config)
        at, head = current(connection), ScriptDirectory.from_config(config).get_current_head()
    if at != head:
        message = f"The database stands at revision {at or 'none'}, this program needs {head}: run `fretwatch migrate`."
        raise Unavailable(message)


def downgrade(database: Database, revision: str) -> None:
    """Go back to an older revision (`base` for an empty database); for tests and emergencies."""
    config = _config()
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


def current(connection: Connection) -> str | None:
    """The revision that the database stands at."""
    return MigrationContext.configure(connection).get_current_revision()


def differences(database: Database) -> list[str]:
    """What the tables in the database lack against the code; empty when they agree."""
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        try:
            return [str(difference) for difference in compare_metadata(context, metadata)]
        except CompileError as error:
            return [str(error)]


def _refuse_newer(connection: Connection, config: Config) -> None:
    at = current(connection)
    known = {revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()}
    if at is not None and at not in known:
        message = (
            f"The database was migrated to revision {at} by a newer Fretwatch. "
            "Start that version, or restore a backup from before the upgrade."
        )
        raise SchemaTooNew(message)


def _config() -> Config:
    shipped = _PACKAGE / "_alembic"
    folder = shipped if shipped.is_dir() else _PACKAGE.parent / "alembic"
    config = Config()
    config.set_main_option("script_location", str(folder))
    return config
