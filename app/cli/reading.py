"""`classify`, `train`, `evaluate`: the reader by itself."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Literal, TextIO

import typer

from app.cli.edge import FAILURE, complain, configuration_of, note
from app.cli.output import AsJson, emit_json, progress

Data = Annotated[
    Path, typer.Option("--data", exists=True, file_okay=False, help="The folder of the labelled sets (docs/models.md).")
]


def classify(
    context: typer.Context,
    source: Annotated[
        Path | None,
        typer.Option("--input", "-i", exists=True, dir_okay=False, help="JSON lines; standard input if not given."),
    ] = None,
    target: Annotated[
        Path | None, typer.Option("--output", "-o", dir_okay=False, help="JSON lines; standard output if not given.")
    ] = None,
    replies: Annotated[bool, typer.Option("--replies", help="The texts are the brand's replies.")] = False,
) -> None:
    """Read posts: one JSON object with a text a line in, one prediction a line out, in the same order.

    A line that cannot be read is named on standard error; the others are read all the same, and the exit code is 1.
    """
    from app.runtime.classifying import classify_lines, open_readers

    readers = open_readers(configuration_of(context), replies=replies)
    try:
        with (
            _opened(source, sys.stdin, "r") as lines,
            _opened(target, sys.stdout, "w") as out,
            progress("posts") as advance,
        ):
            report = classify_lines(lines, out, readers, malformed=_malformed, advance=advance)
    finally:
        readers.close()
    if report.malformed_count:
        note(f"{report.malformed_count} of {report.read_count} lines could not be read; the others were written")
        raise typer.Exit(FAILURE)


def train(
    data: Data,
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder of the new artefact.")] = Path("var/model"),
    epochs: Annotated[float, typer.Option(min=0.01, help="Passes over the sentiment posts.")] = 2.0,
    rows: Annotated[
        int, typer.Option(min=0, help="Only the first rows of each set, for a quick look; 0 takes all.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Train a reader and export it. Needs the extra `torch`; goes on where a stopped run left off."""
    _require_torch()
    from models.export import export
    from models.train import TrainingKnobs
    from models.train import train as run

    knobs = TrainingKnobs(data=data, output=output / "run", epochs=epochs, row_limit=rows)
    with progress("steps") as advance:
        weights = run(knobs, lambda so_far: advance(so_far.step))
    manifest = export(weights, output, data)
    if as_json:
        emit_json(manifest)
    else:
        typer.echo(f"The reader is in {output}. Measure it: fretwatch evaluate --data {data} --model {output}")
        typer.echo(f'Use it: FRETWATCH__READER__MODEL="{output}" fretwatch serve')


def evaluate(
    context: typer.Context,
    data: Data,
    model: Annotated[
        Path | None, typer.Option(help="The folder of the artefact; the configured one if not given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure a reader on held-out posts, and write the figures into its manifest and its card."""
    from models.evaluate import evaluate as measure
    from models.loader import DEFAULT_FOLDER

    configuration = configuration_of(context)
    folder = model or configuration.model or DEFAULT_FOLDER
    metrics = measure(folder, data, workers=configuration.workers)
    if as_json:
        emit_json(metrics)
        return
    for name, figures in metrics.items():
        typer.echo(name)
        for key, value in figures.items():
            typer.echo(f"  {key}: {value}")


def _malformed(line: int, reason: str) -> None:
    complain(f"line {line}: {reason}")


def _require_torch() -> None:
    from importlib.util import find_spec

    from app.domain.errors import Unavailable

    if find_spec("torch") is None:
        raise Unavailable("Training needs torch, which is not installed: pip install 'fretwatch[torch]'")


@contextmanager
def _opened(path: Path | None, stream: TextIO, mode: Literal["r", "w"]) -> Iterator[TextIO]:
    # Bytes that are no UTF-8 become surrogates, and the line is read without them: its neighbours must not suffer.
    errors = "surrogateescape" if mode == "r" else "strict"
    if path is not None:
        with path.open(mode, encoding="utf-8", errors=errors) as file:
            yield file
        return
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(encoding="utf-8", errors=errors)
    yield stream
