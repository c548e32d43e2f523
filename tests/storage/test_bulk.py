"""Set-based statements mean the same on both databases, with the characters and numbers that people send."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.domain.errors import ConfigurationError
from app.storage import bulk, tables
from app.storage.database import Database, now_of

T0 = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)
NASTY = ["", "'; DROP TABLE post; --", '%(x)s :y \\ " {}', "Tiếng Việt ☃ 🎸", "a\nb\tc", "x" * 20_000]


def sample(post_id: str, at: datetime, views: int | None) -> dict[str, object]:
    return {"post_id": post_id, "at": at, "views": views, "likes": None, "shares": None, "replies": 2**40}


def samples(database: Database) -> list[tuple[object, ...]]:
    with database.read() as tx:
        return sorted(tuple(row) for row in tx.execute(tables.engagement_sample.select()))


def test_missing_rows_are_inserted_and_the_others_left(database: Database) -> None:
    with database.write() as tx:
        bulk.insert_missing(tx, tables.engagement_sample, [sample("a", T0, 1)], key=("post_id", "at"))
        again = [sample("a", T0, 9), sample("b", T0, None), sample("b", T0, 3)]
        bulk.insert_missing(tx, tables.engagement_sample, again, key=("post_id", "at"))
    assert samples(database) == [("a", T0, 1, None, None, 2**40), ("b", T0, None, None, None, 2**40)]


def test_only_what_was_really_inserted_is_returned(database: Database) -> None:
    rows = [{"key": f"k{n}", "value": {"n": n}} for n in range(3)]
    with database.write() as tx:
        first = bulk.insert_missing_returning(tx, tables.setting, rows[:1], key=("key",), returning="key")
        second = bulk.insert_missing_returning(tx, tables.setting, rows, key=("key",), returning="key")
        nothing = bulk.insert_missing_returning(tx, tables.setting, [], key=("key",), returning="key")
    assert (first, second, nothing) == ({"k0"}, {"k1", "k2"}, set())


def test_upsert_replaces_all_but_the_key(database: Database) -> None:
    with database.write() as tx:
        bulk.upsert(tx, tables.setting, [{"key": "a", "value": 1}, {"key": "b", "value": [1, None]}], key=("key",))
        bulk.upsert(tx, tables.setting, [{"key": "a", "value": {"x": "y"}}], key=("key",))
        found = {row.key: row.value for row in tx.execute(tables.setting.select())}
    assert found == {"a": {"x": "y"}, "b": [1, None]}


def test_counts_add_up_and_may_fall(database: Database) -> None:
    rows = [{"brand": "n", "stream": name, "slot": T0, "n": n} for name, n in (("b", 2), ("a", 1))]
    less = [{"brand": "n", "stream": "a", "slot": T0, "n": -3}]
    with database.write() as tx:
        for given in (rows, rows, less):
            bulk.add_counts(tx, tables.stream_count, given, key=("brand", "stream", "slot"), count="n")
        assert {row.stream: row.n for row in tx.execute(tables.stream_count.select())} == {"a": -1, "b": 4}


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_any_text_comes_back_as_it_was(database: Database, text: str) -> None:
    with database.write() as tx:
        bulk.insert(tx, tables.setting, [{"key": text[:64], "value": {text[:9]: text}}])
        assert [(row.key, row.value) for row in tx.execute(tables.setting.select())] == [(text[:64], {text[:9]: text})]


def test_times_come_back_in_utc_to_the_microsecond(database: Database) -> None:
    elsewhere = T0.astimezone(timezone(timedelta(hours=-7)))
    with database.write() as tx:
        bulk.insert(tx, tables.engagement_sample, [sample("a", elsewhere, 1)])
    ((_, at, *_rest),) = samples(database)
    assert at == T0
    assert isinstance(at, datetime)
    assert at.tzinfo is UTC


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.write() as tx:
            bulk.insert(tx, tables.setting, [{"key": "a", "value": 1}])
            raise LookupError("stop")

    with pytest.raises(LookupError):
        fail()
    with database.read() as tx:
        assert tx.execute(tables.setting.select()).all() == []


def test_the_databases_now_is_aware(database: Database) -> None:
    with database.read() as tx:
        assert abs(now_of(tx) - database.now()) < timedelta(minutes=1)


@pytest.mark.parametrize("url", ["mysql://u@h/d", "no url", "sqlite", "oracle+cx://x"])
def test_another_kind_of_database_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        Database(url)


def test_the_label_hides_the_password() -> None:
    database = Database("postgresql://someone:very-secret@127.0.0.1:1/none")
    assert "very-secret" not in database.label
    database.close()
