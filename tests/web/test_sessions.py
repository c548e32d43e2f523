"""One-time links and sessions, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.domain.errors import Unauthenticated
from app.storage import sessions
from app.storage.database import Database
from app.storage.tables import web_session

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def test_a_link_works_once(database: Database) -> None:
    with database.write() as tx:
        link = sessions.create_link(tx, person="Ada", now=NOW)
        session = sessions.consume_link(tx, link, NOW + timedelta(minutes=14))
        assert session.person == "Ada"
        assert session.token != link
        with pytest.raises(Unauthenticated, match="used already"):
            sessions.consume_link(tx, link, NOW)


def test_a_link_ends_after_its_lifetime(database: Database) -> None:
    with database.write() as tx:
        link = sessions.create_link(tx, person="Ada", now=NOW)
        with pytest.raises(Unauthenticated, match="too old"):
            sessions.consume_link(tx, link, NOW + sessions.LINK_LIFETIME)


def test_a_session_is_no_link_and_a_link_is_no_session(database: Database) -> None:
    with database.write() as tx:
        link = sessions.create_link(tx, person="Ada", now=NOW)
        assert sessions.load(tx, link, NOW) is None
        session = sessions.consume_link(tx, link, NOW)
        with pytest.raises(Unauthenticated):
            sessions.consume_link(tx, session.token, NOW)


def test_a_session_ends_when_idle_and_at_its_absolute_end(database: Database) -> None:
    with database.write() as tx:
        session = sessions.consume_link(tx, sessions.create_link(tx, person="Ada", now=NOW), NOW)
        assert sessions.load(tx, session.token, NOW + timedelta(minutes=30)) == session
        assert sessions.load(tx, session.token, NOW + timedelta(minutes=31)) is None
        for half_hour in range(1, 25):
            sessions.touch(tx, session.token, NOW + half_hour * timedelta(minutes=30))
        late = NOW + sessions.SESSION_LIFETIME
        assert sessions.load(tx, session.token, late - timedelta(seconds=1)) is not None
        assert sessions.load(tx, session.token, late) is None
        assert sessions.purge(tx, late) == 1


def test_signing_out_ends_it(database: Database) -> None:
    with database.write() as tx:
        session = sessions.consume_link(tx, sessions.create_link(tx, person="Ada", now=NOW), NOW)
        sessions.end(tx, session.token)
        assert sessions.load(tx, session.token, NOW) is None


def test_only_digests_are_stored(database: Database) -> None:
    with database.write() as tx:
        link = sessions.create_link(tx, person="Ada", now=NOW)
        session = sessions.consume_link(tx, link, NOW)
        stored = repr([tuple(row) for row in tx.execute(select(web_session))])
    assert link not in stored
    assert session.token not in stored
