"""`doctor`: looks at everything that the service needs, and says what to do about what is missing."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.edge import ALERT_FIRING, FAILURE, configuration_of
from app.cli.output import AsJson, emit_json, emit_table
from app.domain.errors import FretwatchError

if TYPE_CHECKING:
    from app.settings import Configuration
    from app.storage.database import Database

WELL, WRONG, FIRING = "ok", "wrong", "firing"


@dataclass(frozen=True, slots=True)
class Finding:
    """One look: what was looked at, how it is, and what to do."""

    what: str
    state: str
    said: str


def doctor(
    context: typer.Context,
    audit: Annotated[
        bool, typer.Option("--audit", help="Also recount the trends and the cases from the rows; reads every post.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check configuration, reader, secrets, database, sources and alerts. 1: something is wrong; 3: a page is open."""
    findings = list(_look(context, audit=audit))
    if as_json:
        emit_json({"ok": not any(finding.state == WRONG for finding in findings), "findings": findings})
    else:
        emit_table(("what", "state", ""), [(found.what, found.state, found.said) for found in findings])
    states = {finding.state for finding in findings}
    if WRONG in states:
        raise typer.Exit(FAILURE)
    if FIRING in states:
        raise typer.Exit(ALERT_FIRING)


def _look(context: typer.Context, *, audit: bool) -> Iterator[Finding]:
    try:
        configuration = configuration_of(context)
    except FretwatchError as error:
        yield Finding("configuration", WRONG, error.message)
        return
    where = configuration.path or "no fretwatch.toml here; the defaults hold"
    yield Finding("configuration", WELL, f"{where}: {len(configuration.brands)} brands")
    yield _looked("reader", lambda: _reader(configuration))
    yield _looked("master key", lambda: _master_key(configuration))
    for endpoint in configuration.endpoints:
        yield _looked(f"endpoint {endpoint.name}", lambda name=endpoint.name: _secret(configuration, name))  # type: ignore[misc]
    yield from _look_into_database(configuration, audit=audit)


def _look_into_database(configuration: "Configuration", *, audit: bool) -> Iterator[Finding]:
    from app.storage import schema
    from app.storage.database import Database

    try:
        database = Database(configuration.database_url)
        schema.require_current(database)
    except FretwatchError as error:
        yield Finding("database", WRONG, error.message)
        return
    try:
        yield Finding("database", WELL, database.label)
        yield from _sources(database)
        yield _alerts(database)
        if audit:
            yield from _audit(database)
    finally:
        database.close()


def _looked(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, WELL, look())
    except FretwatchError as error:
        return Finding(what, WRONG, error.message)


def _reader(configuration: "Configuration") -> str:
    from models.loader import DEFAULT_FOLDER, verify

    folder = configuration.model or DEFAULT_FOLDER
    verify(folder)
    return f"{os.path.relpath(folder)}, every file as its manifest says"


def _master_key(configuration: "Configuration") -> str:
    from app.settings import master_key

    master_key(configuration.secret_file)
    return f"{configuration.secret_file}, for its owner alone"


def _secret(configuration: "Configuration", name: str) -> str:
    configuration.endpoint(name)
    return "its signing secret is set"


def _sources(database: "Database") -> Iterator[Finding]:
    from app.queries.health import sources_health
    from app.storage.database import now_of

    with database.read() as tx:
        found = sources_health(tx, now=now_of(tx))
    for source in found:
        is_wrong = source.state in ("failing", "paused", "silent")
        said = f"{source.state}: {source.last_error}" if source.last_error else source.state
        yield Finding(f"source {source.name}", WRONG if is_wrong else WELL, said)


def _alerts(database: "Database") -> Finding:
    from app.queries.feed import alert_feed
    from app.runtime.clocks import event_clock
    from app.storage.reads_feed import AlertFilters

    now = event_clock(database).now()
    with database.read() as tx:
        cards = alert_feed(tx, AlertFilters(state="open", level="page"), now=now, limit=20).cards
    if not cards:
        return Finding("alerts", WELL, "no page is open")
    return Finding("alerts", FIRING, "; ".join(f"{card.alert.brand}: {card.alert.title}" for card in cards))


def _audit(database: "Database") -> Iterator[Finding]:
    from app.storage.audit import audit
    from app.storage.database import now_of

    with database.read() as tx:
        report = audit(tx, now_of(tx))
    for finding in report.findings:
        yield Finding("audit", WRONG, finding)
    if report.is_clean:
        counts = f"{report.mentions} mentions, {report.complaints} complaints, {report.buckets} trend buckets"
        yield Finding("audit", WELL, f"{counts}: all agree with a recount")
