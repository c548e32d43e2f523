"""Predictions and active readings: inserting a reading is what makes a mention count, once."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from app.domain.predictions import Labels, Prediction
from app.storage.bulk import Row, insert_missing_returning, upsert
from app.storage.tables import prediction, reading


def labels_from_json(value: Mapping[str, Any]) -> Labels:
    """The labels of a stored reading."""
    return Labels(
        sentiment=value["sentiment"],
        complaint=value["complaint"],
        severity=value["severity"],
        failure=value["failure"],
        stage=value["stage"],
        justice=tuple(value["justice"]),
        origin=tuple(value["origin"]),
        standard=tuple(value["standard"]),
        signals=tuple(value["signals"]),
    )


def insert_readings(tx: Connection, rows: Sequence[Row]) -> set[str]:
    """Insert the readings of mentions that have none; the mentions for which a row was really inserted."""
    return insert_missing_returning(tx, reading, rows, key=("mention_id",), returning="mention_id")


def replace_readings(tx: Connection, rows: Sequence[Row]) -> None:
    """Replace the active readings of edited posts."""
    upsert(tx, reading, rows, key=("mention_id",))


@dataclass(frozen=True, slots=True)
class Held:
    """An active reading: what was read, and the hash of the text in which it was read."""

    labels: Labels
    content_hash: str


def held(tx: Connection, mention_ids: Sequence[str], *, but: Set[str] = frozenset()) -> dict[str, Held]:
    """The active readings of these mentions, held until the transaction ends: two edits come one after the other."""
    wanted = sorted(set(mention_ids) - but)
    if not wanted:
        return {}
    statement = (
        select(reading.c.mention_id, reading.c.labels, reading.c.content_hash)
        .where(reading.c.mention_id.in_(wanted))
        .order_by(reading.c.mention_id)
        .with_for_update()
    )
    return {row[0]: Held(labels_from_json(row[1]), row[2]) for row in tx.execute(statement)}


def save_predictions(tx: Connection, parts: Sequence[tuple[str, Prediction]], at: datetime) -> None:
    """Keep what each classifier said of each mention; a second reading by the same version replaces the first."""
    rows = [
        {"mention_id": mention_id, "classifier": part.classifier, "body": _body(part), "at": at}
        for mention_id, part in parts
    ]
    upsert(tx, prediction, rows, key=("mention_id", "classifier"))


def _body(part: Prediction) -> dict[str, Any]:
    heads = {name: _rounded(values) for name, values in part.heads.items() if values is not None}
    body: dict[str, Any] = {"heads": heads, "truncated": part.truncated, "uncertain": part.uncertain}
    if part.complaint is not None:
        body["complaint"] = round(part.complaint, 4)
    return body


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {code: round(value, 4) for code, value in values.items() if value >= 0.0001}
