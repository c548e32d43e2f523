"""`replay` and `collect`: posts come in, from a file or from the sources."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.edge import FAILURE, complain, note, opened_product
from app.cli.output import AsJson, emit_facts, emit_json, emit_table, progress

if TYPE_CHECKING:
    from app.runtime.replay import ReplayReport

File = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV, or JSON lines.", show_default=False)
]


def replay(
    context: typer.Context,
    file: File,
    mapping: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Which column is what; none for normalised posts.")
    ] = None,
    speed: Annotated[
        str, typer.Option(help="max, or how many seconds of the file pass in one second: 1 is real time.")
    ] = "max",
    source: Annotated[
        str, typer.Option(help="The name of the source under which posts without one are stored.")
    ] = "replay",
    as_json: AsJson = False,
) -> None:
    """Play a file through the whole pipeline, in its own time. A second run stores nothing twice."""
    from app.runtime.replay import Pace
    from app.runtime.replay import replay as play

    pace = Pace(_speed(speed))
    with opened_product(context) as product, progress("posts") as advance:
        report = asyncio.run(
            play(product, file, mapping, source=source, pace=pace, progress=lambda so_far: advance(so_far.read))
        )
    _tell(report, as_json=as_json)
    if report.malformed_count:
        raise typer.Exit(FAILURE)


def collect(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Read every source once, now, and leave.")] = False,
    source: Annotated[list[str] | None, typer.Option(help="Only this source; may be given again.")] = None,
    as_json: AsJson = False,
) -> None:
    """Read the sources of fretwatch.toml once. To read them on their schedule, run: fretwatch serve."""
    if not once:
        raise typer.BadParameter("write `fretwatch collect --once`; on a schedule, `fretwatch serve` collects")
    from app.runtime.collecting import collect_once

    with opened_product(context) as product:
        reports = asyncio.run(collect_once(product, tuple(source or ())))
    if as_json:
        emit_json(reports)
    else:
        rows = [(run.source, run.outcome, run.seen, run.stored, run.error or "") for run in reports]
        emit_table(("source", "outcome", "seen", "stored", "error"), rows)
    if any(run.error for run in reports):
        raise typer.Exit(FAILURE)


def _speed(value: str) -> float | None:
    if value == "max":
        return None
    try:
        speed = float(value)
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise typer.BadParameter(f'{value!r} is no speed; write "max", or a number above 0', param_hint="--speed")
    return speed


def _tell(report: "ReplayReport", *, as_json: bool) -> None:
    for line, reason in report.malformed:
        complain(f"line {line} {reason}")
    unshown = report.malformed_count - len(report.malformed)
    if unshown:
        note(f"… and {unshown} more lines that cannot be read")
    if as_json:
        emit_json(report)
        return
    emit_facts(
        {
            "read": report.read,
            "stored": report.stored,
            "known already": report.duplicates,
            "edited": report.edited,
            "about no brand": report.unmatched,
            "quarantined": report.quarantined,
            "malformed": report.malformed_count,
            "complaints": report.complaints,
            "cases": report.cases,
            "alerts": report.alerts,
            "seconds": f"{report.seconds:.1f}",
        }
    )
