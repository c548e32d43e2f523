"""Set-based statements on both databases: insert-or-nothing, insert-or-add, insert-or-replace.

SQLite executes one prepared statement for all rows. PostgreSQL gets all rows as one JSON parameter and unfolds them
itself: a statement with a thousand parameters costs its driver more than the database (`benchmarks/pipeline.py`).
A statement is built once for each table and shape.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Table, TextClause, text
from sqlalchemy.dialects import postgresql, sqlite

Row = Mapping[str, Any]
Names = tuple[str, ...]
Writer = Callable[[Any], Any]
"""Turns a value into what the driver stores."""


def insert(tx: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows of which none is there yet."""
    if rows:
        _execute(tx, table, rows, "")


def insert_missing(tx: Connection, table: Table, rows: Sequence[Row], *, key: Names) -> None:
    """Insert the rows whose key is not there yet; leave the others as they are."""
    if rows:
        _execute(tx, table, rows, f"ON CONFLICT ({', '.join(key)}) DO NOTHING")


def insert_missing_returning(
    tx: Connection, table: Table, rows: Sequence[Row], *, key: Names, returning: str
) -> set[Any]:
    """As `insert_missing`; the values of one column of the rows that were really inserted."""
    if not rows:
        return set()
    if tx.dialect.name == "postgresql":
        conflict = f"ON CONFLICT ({', '.join(key)}) DO NOTHING RETURNING {returning}"
        return set(tx.execute(_unfolding(table, tuple(rows[0]), conflict), {"rows": _json(rows)}).scalars())
    return set(tx.execute(_missing_returning(table, key, returning), list(rows)).scalars())


def upsert(tx: Connection, table: Table, rows: Sequence[Row], *, key: Names) -> None:
    """Insert the rows, or replace what is there under the same key."""
    if rows:
        _execute(tx, table, rows, _replacing(key, tuple(rows[0])))


def add_counts(
    tx: Connection, table: Table, rows: Sequence[Row], *, key: Names, count: str, replace: Names = ()
) -> None:
    """Insert the rows, or add their `count` to what is there; the keys are sorted, so that workers never deadlock."""
    if rows:
        ordered = sorted(rows, key=lambda row: tuple(row[name] for name in key))
        changed = [f"{count} = {table.name}.{count} + excluded.{count}"]
        changed += [f"{name} = excluded.{name}" for name in replace]
        _execute(tx, table, ordered, f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {', '.join(changed)}")


def insert_into(tx: Connection, table: Table) -> Any:
    """The dialect's own INSERT, which knows ON CONFLICT; for one row at a time."""
    return sqlite.insert(table) if tx.dialect.name == "sqlite" else postgresql.insert(table)


def _execute(tx: Connection, table: Table, rows: Sequence[Row], conflict: str) -> None:
    columns = tuple(rows[0])
    if tx.dialect.name == "postgresql":
        tx.execute(_unfolding(table, columns, conflict), {"rows": _json(rows)})
    else:
        statement, writers = _repeating(table, columns, conflict)
        tx.exec_driver_sql(statement, [_values(row, writers) for row in rows])


def _json(rows: Sequence[Row]) -> str:
    # `str` is for times: PostgreSQL reads "2026-03-02 12:00:00+00:00".
    return json.dumps([dict(row) for row in rows], default=str, ensure_ascii=False)


def _values(row: Row, writers: Sequence[tuple[str, Writer | None]]) -> tuple[Any, ...]:
    return tuple(
        value if write is None or value is None else write(value) for value, write in ((row[n], w) for n, w in writers)
    )


def _replacing(key: Names, columns: Names) -> str:
    changed = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in key)
    return f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changed}"


@lru_cache(maxsize=256)
def _unfolding(table: Table, columns: Names, conflict: str) -> TextClause:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    names = ", ".join(columns)
    typed = ", ".join(f"{name} {table.c[name].type.compile(dialect)}" for name in columns)
    return text(
        f"INSERT INTO {table.name} ({names}) SELECT {names} "
        f"FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS given({typed}) {conflict}"
    )


@lru_cache(maxsize=256)
def _repeating(table: Table, columns: Names, conflict: str) -> tuple[str, tuple[tuple[str, Writer | None], ...]]:
    """The statement for SQLite's own executemany, and how each column's values are written as the ORM types do."""
    dialect = sqlite.dialect()
    writers = tuple((name, table.c[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in columns)
    places = ", ".join("?" for _ in columns)
    return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({places}) {conflict}", writers


@lru_cache(maxsize=256)
def _missing_returning(table: Table, key: Names, returning: str) -> Any:
    return sqlite.insert(table).on_conflict_do_nothing(index_elements=list(key)).returning(table.c[returning])
