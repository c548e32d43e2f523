"""Run the revisions over the connection that `app.storage.schema` hands in, or over FRETWATCH_DATABASE_URL."""

import os

from alembic import context

from app.storage.database import Database
from app.storage.tables import metadata


def run(connection: object) -> None:
    """Migrate over an open connection; SQLite alters tables by copying them (batch mode)."""
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    database = Database(os.environ.get("FRETWATCH_DATABASE_URL", "sqlite:///var/fretwatch.db"))
    with database.write() as opened:
        run(opened)
