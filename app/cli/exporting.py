"""`export` and `openapi`: what is stored, and what the API promises, as files."""

import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TextIO

import typer

from app.cli.edge import opened_database
from app.cli.output import json_line, plain, progress

if TYPE_CHECKING:
    from app.domain.access import Sight
    from app.storage.database import Database, Transaction

Row = Mapping[str, Any]
Span = Literal["hour", "day", "week"]
_Range = tuple[datetime | None, datetime | None]
PAGE: Final = 500
"""Rows a transaction."""


class Form(StrEnum):
    """How it is written."""

    JSONL = "jsonl"
    CSV = "csv"


As = Annotated[Form, typer.Option("--format", help="JSON lines, or CSV that is safe in a spreadsheet.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", dir_okay=False, help="Standard output if not given.")]
OneBrand = Annotated[str | None, typer.Option("--brand", help="Only this brand.")]
Since = Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="From this day (UTC).")]
Until = Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Up to, and without, this day.")]
WithPrivate = Annotated[bool, typer.Option("--private", help="Also tickets and surveys.")]

exports = typer.Typer(help="Write posts, alerts or trends as JSON lines or CSV.", no_args_is_help=True)


@exports.command("posts")
def posts(
    context: typer.Context,
    form: As = Form.JSONL,
    output: Output = None,
    brand: OneBrand = None,
    since: Since = None,
    until: Until = None,
    private: WithPrivate = False,
) -> None:
    """Write the posts, newest first, each with its labels."""
    range_ = (_utc(since), _utc(until))
    _export(context, lambda database: _posts(database, brand, range_, private=private), form, output)


@exports.command("alerts")
def alerts(
    context: typer.Context,
    form: As = Form.JSONL,
    output: Output = None,
    brand: OneBrand = None,
    since: Since = None,
    until: Until = None,
    private: WithPrivate = False,
) -> None:
    """Write the alerts, the folded ones among them, each with its reasons."""
    range_ = (_utc(since), _utc(until))
    _export(context, lambda database: _alerts(database, brand, range_, private=private), form, output)


@exports.command("trends")
def trends(
    context: typer.Context,
    brand: Annotated[str, typer.Argument(help="The brand.", show_default=False)],
    form: As = Form.JSONL,
    output: Output = None,
    since: Since = None,
    until: Until = None,
    dimension: Annotated[str, typer.Option(help="sentiment, failure, severity, …")] = "sentiment",
    interval: Annotated[Span, typer.Option(help="The length of a bucket.")] = "day",
) -> None:
    """Write one series: counts, shares and their intervals; the last 30 days if no range is given."""
    range_ = (_utc(since), _utc(until))
    _export(context, lambda database: _trends(database, brand, range_, dimension, interval), form, output)


def openapi(output: Output = None) -> None:
    """Write the OpenAPI document of the API."""
    from app.api.application import openapi_document

    text = json.dumps(openapi_document(), ensure_ascii=False, indent=2) + "\n"
    with _file(output) as out:
        out.write(text)


def _export(
    context: typer.Context, read: "Callable[[Database], Iterator[Row]]", form: Form, output: Path | None
) -> None:
    with opened_database(context) as (_, database), _file(output) as out, progress("rows") as advance:
        _write(read(database), out, form, advance)


def _posts(database: "Database", brand: str | None, range_: _Range, *, private: bool) -> Iterator[Row]:
    from app.queries.posts import posts
    from app.storage.reads_posts import PostFilters

    filters = PostFilters(brand=brand, since=range_[0], until=range_[1])

    def page(tx: "Transaction", cursor: str | None) -> tuple[Iterable[Any], str | None]:
        found = posts(tx, filters, sight=_sight(private=private), cursor=cursor, limit=PAGE)
        return found.posts, found.next_cursor

    return _paged(database, page)


def _alerts(database: "Database", brand: str | None, range_: _Range, *, private: bool) -> Iterator[Row]:
    from app.queries.feed import alert_feed
    from app.storage.reads_feed import AlertFilters

    now = _now(database)

    def page(tx: "Transaction", cursor: str | None) -> tuple[Iterable[Any], str | None]:
        filters = AlertFilters(brand=brand, folded=True)
        found = alert_feed(
            tx, filters, now=now, sight=_sight(private=private), order="recent", cursor=cursor, limit=PAGE
        )
        return (card.alert for card in found.cards), found.next_cursor

    start, end = range_
    for row in _paged(database, page):
        opened_at = datetime.fromisoformat(row["opened_at"])
        if (start is None or opened_at >= start) and (end is None or opened_at < end):
            yield row


def _trends(database: "Database", brand: str, range_: _Range, dimension: str, interval: Span) -> Iterator[Row]:
    from app.queries.trends import TrendQuery, trend

    now = _now(database)
    end = range_[1] or now
    start = range_[0] or end - timedelta(days=30)
    query = TrendQuery(brand, start, end, dimension, interval)
    with database.read() as tx:
        answer = trend(tx, query, now=now)
    for point in answer.series:
        shown = point.as_dict()
        for value, share in shown["values"].items():
            yield {
                "brand": answer.brand,
                "dimension": answer.dimension,
                "start": shown["start"],
                "end": shown["end"],
                "n": shown["n"],
                "value": value,
                **share,
                "partial": shown["partial"],
            }


def _paged(
    database: "Database", page: "Callable[[Transaction, str | None], tuple[Iterable[Any], str | None]]"
) -> Iterator[Row]:
    cursor: str | None = None
    while True:
        with database.read() as tx:
            found, cursor = page(tx, cursor)
            rows = [plain(item) for item in found]
        yield from rows
        if cursor is None:
            return


def _write(rows: Iterable[Row], out: TextIO, form: Form, advance: Callable[[int], None]) -> None:
    writer: csv.DictWriter[str] | None = None
    for number, row in enumerate(rows, start=1):
        if form is Form.JSONL:
            out.write(json_line(row) + "\n")
        else:
            if writer is None:
                writer = csv.DictWriter(out, fieldnames=list(row))
                writer.writeheader()
            writer.writerow({key: _cell(value) for key, value in row.items()})
        advance(number)


def _cell(value: Any) -> str:
    from app.api.csv_tables import cell

    return cell(json_line(value) if isinstance(value, list | dict) else value)


def _sight(*, private: bool) -> "Sight":
    from app.domain.access import Sight

    return Sight(private=private)


def _now(database: "Database") -> datetime:
    from app.runtime.clocks import event_clock

    return event_clock(database).now()


def _utc(day: datetime | None) -> datetime | None:
    return None if day is None else day.replace(tzinfo=UTC)


@contextmanager
def _file(path: Path | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        yield file
