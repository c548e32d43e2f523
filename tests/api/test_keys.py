"""API keys and idempotency records in the database."""

import re
import zlib
from datetime import timedelta

import pytest

from app.domain.access import Principal, Scope
from app.domain.errors import Conflict, Forbidden, NotFound, Refused, Unauthenticated
from app.storage import idempotency, keys
from app.storage.database import Database
from app.storage.idempotency import StoredAnswer
from tests.api.builders import NOON, PEPPER

MONTH = timedelta(days=30)
MINUTE = timedelta(minutes=1)


def make(database: Database, **given: object) -> str:
    values = {
        "name": "reporting",
        "scopes": ["read"],
        "expires_at": NOON + MONTH,
        "pepper": PEPPER,
        "now": NOON,
    } | given
    with database.write() as tx:
        return keys.create(tx, **values)  # type: ignore[arg-type]


def verify(database: Database, token: str, *, pepper: bytes = PEPPER, after: timedelta = MINUTE) -> keys.KeyHolder:
    with database.read() as tx:
        return keys.verify(tx, token, pepper=pepper, now=NOON + after)


def test_a_key_is_shown_once_and_holds(database: Database) -> None:
    token = make(database, scopes=["read", "private"], brands=("northwind",), env="test")
    assert re.fullmatch(r"fw_test_[0-9A-Z]{26}_[0-9a-f]{72}", token)
    holder = verify(database, token)
    assert holder.principal.scopes == {Scope.READ, Scope.PRIVATE}
    assert holder.principal.brands == {"northwind"}
    with database.read() as tx:
        (listed,) = keys.list_keys(tx)
    assert token.rsplit("_", 1)[1] not in repr(listed)
    assert make(database) != make(database)


@pytest.mark.parametrize("token", ["", "fw", "Bearer x", "fw_live_x_y", "fw_live_" + "0" * 26 + "_" + "0" * 72, "\x00"])
def test_nonsense_does_not_hold(database: Database, token: str) -> None:
    with pytest.raises(Unauthenticated):
        verify(database, token)


def test_a_mistyped_key_is_told_by_its_sum_and_a_forged_one_by_its_digest(database: Database) -> None:
    token = make(database)
    start = token[:-9] + ("0" if token[-9] != "0" else "1")
    for wrong in (start + token[-8:], start + f"{zlib.crc32(start.encode()):08x}"):
        with pytest.raises(Unauthenticated):
            verify(database, wrong)
    with pytest.raises(Unauthenticated):
        verify(database, token, pepper=b"another master key")


def test_a_key_ends(database: Database) -> None:
    token = make(database)
    with pytest.raises(Unauthenticated, match="expired"):
        verify(database, token, after=MONTH)
    identity = verify(database, token).principal.id
    with database.write() as tx:
        keys.revoke(tx, identity, now=NOON)
        keys.revoke(tx, identity, now=NOON + MINUTE)
    with pytest.raises(Unauthenticated, match=r"revoked on 2026-03-02T12:00:00Z"):
        verify(database, token)
    with database.write() as tx, pytest.raises(NotFound):
        keys.revoke(tx, "unknown", now=NOON)


@pytest.mark.parametrize(
    "given",
    [
        {"scopes": []},
        {"scopes": ["read", "fly"]},
        {"name": " "},
        {"expires_at": NOON},
        {"expires_at": NOON + timedelta(days=367)},
    ],
)
def test_a_key_that_makes_no_sense_is_refused(sqlite_database: Database, given: dict[str, object]) -> None:
    with pytest.raises(Refused):
        make(sqlite_database, **given)


def test_use_is_recorded_at_most_once_a_minute(database: Database) -> None:
    token = make(database)
    assert verify(database, token).is_stale
    identity = verify(database, token).principal.id
    for after in (MINUTE, 1.5 * MINUTE):
        with database.write() as tx:
            keys.touch(tx, identity, NOON + after)
    assert not verify(database, token, after=1.9 * MINUTE).is_stale
    assert verify(database, token, after=2 * MINUTE).is_stale
    with database.read() as tx:
        assert keys.list_keys(tx)[0].last_used_at == NOON + MINUTE


def test_admin_includes_reading_and_writing_but_nothing_private() -> None:
    admin = Principal("id", "name", frozenset({Scope.ADMIN}))
    admin.require(Scope.READ)
    admin.require(Scope.WRITE)
    assert not admin.sight.private
    with pytest.raises(Forbidden):
        admin.require(Scope.PRIVATE)
    limited = Principal("id", "name", frozenset({Scope.READ}), frozenset({"northwind"}))
    assert (limited.sight.covers("northwind"), limited.sight.covers("southwind")) == (True, False)


def test_a_claim_is_kept_given_back_or_runs_out(database: Database) -> None:
    with database.write() as tx:
        assert idempotency.claim(tx, "k", b"one", now=NOON)
        assert not idempotency.claim(tx, "k", b"one", now=NOON)
        assert idempotency.answer_of(tx, "k") is None
        idempotency.release(tx, "k")
        assert idempotency.claim(tx, "k", b"two", now=NOON)
        with pytest.raises(Conflict):
            idempotency.claim(tx, "k", b"one", now=NOON)
        # Whoever claimed it was killed.
        assert idempotency.claim(tx, "k", b"two", now=NOON + MINUTE)
        idempotency.keep(tx, "k", StoredAnswer(200, {"a": [1, "ü"]}))
        assert not idempotency.claim(tx, "k", b"two", now=NOON + timedelta(hours=23))
        assert idempotency.answer_of(tx, "k") == StoredAnswer(200, {"a": [1, "ü"]})
        idempotency.release(tx, "k")
        assert idempotency.answer_of(tx, "k") is not None
        assert idempotency.purge(tx, NOON + timedelta(hours=24)) == 0
        assert idempotency.purge(tx, NOON + timedelta(hours=25)) == 1
