"""The program: every command by name. What a command needs is imported when it runs, so that `--help` is quick."""

from pathlib import Path
from typing import Annotated

import typer

from app import __version__
from app.cli import deliveries, exporting, feeding, health, holding, keys, reading, serving, setting_up
from app.cli.edge import Edge, Options

program = typer.Typer(
    cls=Edge,
    name="fretwatch",
    help="Hears a brand crisis before it breaks: reads public complaints, follows each until it is answered.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

program.command("init")(setting_up.init)
program.command("apply")(setting_up.apply)
program.command("migrate")(setting_up.migrate)
program.command("serve")(serving.serve)
program.command("demo")(serving.demo)
program.command("replay")(feeding.replay)
program.command("collect")(feeding.collect)
program.command("classify")(reading.classify)
program.command("train")(reading.train)
program.command("evaluate")(reading.evaluate)
program.command("doctor")(health.doctor)
program.command("openapi")(exporting.openapi)
program.add_typer(exporting.exports, name="export")
program.add_typer(keys.keys, name="keys")
program.add_typer(deliveries.deliveries, name="deliveries")
program.add_typer(holding.quarantine, name="quarantine")


def _print_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"fretwatch {__version__}")
        raise typer.Exit


@program.callback()
def options(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="The configuration file; fretwatch.toml here if not given.")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Hears a brand crisis before it breaks: reads public complaints, follows each until it is answered."""
    del version
    context.obj = Options(config)
