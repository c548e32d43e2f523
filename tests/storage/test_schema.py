"""Migrations run up and down on both databases, agree with the tables, and refuse a newer database."""

import pytest
from sqlalchemy import text

from app.domain.errors import DatabaseUnavailable, SchemaTooNew, Unavailable
from app.storage import schema
from app.storage.database import Database


def test_up_down_up(database: Database) -> None:
    schema.downgrade(database, "base")
    with pytest.raises(Unavailable, match="fretwatch migrate"):
        schema.require_current(database)
    schema.upgrade(database)
    schema.require_current(database)


def test_the_revisions_agree_with_the_tables(database: Database) -> None:
    assert schema.differences(database) == []


def test_a_newer_database_is_refused(database: Database) -> None:
    with database.write() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaTooNew, match="newer Fretwatch"):
        schema.upgrade(database)


def test_an_unreachable_database_says_what_to_do() -> None:
    database = Database("postgresql://nobody:secret@127.0.0.1:1/none")
    with pytest.raises(DatabaseUnavailable, match="FRETWATCH_DATABASE_URL") as caught:
        schema.require_current(database)
    assert "secret" not in str(caught.value)
