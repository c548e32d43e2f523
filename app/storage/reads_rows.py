"""Rows to domain values, and the conditions that every read shares: who may see which brand, and what is private."""

from dataclasses import fields
from typing import Final

from sqlalchemy import ColumnElement, RowMapping, Table, and_, true

from app.domain.access import Sight
from app.domain.alerts import Alert, AlertState, Evidence, Leg, Level, Reason
from app.domain.cases import Case, CaseState
from app.domain.posts import PostKind
from app.storage import tables as t

_CASE_FIELDS: Final = tuple(field.name for field in fields(Case))
_ALERT_FIELDS: Final = tuple(field.name for field in fields(Alert) if field.name not in {"group", "case"})


def seen_by(sight: Sight, table: Table) -> ColumnElement[bool]:
    """The rows of a table with `brand` and `visibility` that this reader may see."""
    conditions: list[ColumnElement[bool]] = [true()]
    if sight.brands is not None:
        conditions.append(table.c.brand.in_(sorted(sight.brands)))
    if not sight.private and "visibility" in table.c:
        conditions.append(table.c.visibility == "public")
    return and_(*conditions)


def posts_seen_by(sight: Sight) -> ColumnElement[bool]:
    """The rows of mention joined with post that may be shown one by one; staff feedback never is."""
    conditions: list[ColumnElement[bool]] = [t.post.c.kind != PostKind.STAFF_FEEDBACK.value]
    if sight.brands is not None:
        conditions.append(t.mention.c.brand.in_(sorted(sight.brands)))
    if not sight.private:
        conditions.append(t.post.c.visibility == "public")
    return and_(*conditions)


def case_of(row: RowMapping) -> Case:
    """A row of complaint_case."""
    values = {name: row[name] for name in _CASE_FIELDS}
    values |= {"state": CaseState(row["state"]), "signals": frozenset(row["signals"])}
    return Case(**values)


def alert_of(row: RowMapping) -> Alert:
    """A row of alert."""
    values = {name: row[name] for name in _ALERT_FIELDS}
    values |= {
        "group": row["group_key"],
        "case": row["case_id"],
        "leg": Leg(row["leg"]),
        "level": Level(row["level"]),
        "state": AlertState(row["state"]),
        "reasons": tuple(Reason(**reason) for reason in row["reasons"]),
        "evidence": tuple(Evidence(post=item["post"], role=item["role"]) for item in row["evidence"]),
    }
    return Alert(**values)
