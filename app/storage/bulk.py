"""Set-based statements that both databases understand: insert-or-nothing, insert-or-add, insert-or-replace."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

Row = Mapping[str, Any]


def insert_into(tx: Connection, table: Table) -> Any:
    """The dialect's own INSERT, which knows ON CONFLICT."""
    return sqlite.insert(table) if tx.dialect.name == "sqlite" else postgresql.insert(table)


def insert_missing(tx: Connection, table: Table, rows: Sequence[Row], *, key: Sequence[str]) -> None:
    """Insert the rows whose key is not there yet; leave the others as they are."""
    if rows:
        tx.execute(insert_into(tx, table).on_conflict_do_nothing(index_elements=list(key)), list(rows))


def insert_missing_returning(
    tx: Connection, table: Table, rows: Sequence[Row], *, key: Sequence[str], returning: str
) -> set[Any]:
    """As `insert_missing`; the values of one column of the rows that were really inserted."""
    if not rows:
        return set()
    statement = insert_into(tx, table).on_conflict_do_nothing(index_elements=list(key)).returning(table.c[returning])
    return set(tx.execute(statement, list(rows)).scalars())


def upsert(tx: Connection, table: Table, rows: Sequence[Row], *, key: Sequence[str]) -> None:
    """Insert the rows, or replace what is there under the same key."""
    if not rows:
        return
    statement = insert_into(tx, table)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in key}
    tx.execute(statement.on_conflict_do_update(index_elements=list(key), set_=changed), list(rows))


def add_counts(
    tx: Connection, table: Table, rows: Sequence[Row], *, key: Sequence[str], count: str, replace: Iterable[str] = ()
) -> None:
    """Insert the rows, or add their `count` to what is there; the keys are sorted, so that workers never deadlock."""
    if not rows:
        return
    ordered = sorted(rows, key=lambda row: tuple(row[name] for name in key))
    statement = insert_into(tx, table)
    changed = {count: table.c[count] + statement.excluded[count]}
    changed |= {name: statement.excluded[name] for name in replace}
    tx.execute(statement.on_conflict_do_update(index_elements=list(key), set_=changed), ordered)
