"""`serve` and `demo`: the processes that stay."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.edge import configuration_of
from app.cli.output import AsJson, emit_json

Host = Annotated[str | None, typer.Option(help="The address to listen on; [server] host if not given.")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="The port to listen on; [server] port if not given.")]


def serve(
    context: typer.Context,
    host: Host = None,
    port: Port = None,
    roles: Annotated[
        str, typer.Option(help="What this process does: all, or some of web,collect,read,tick,deliver.")
    ] = "all",
) -> None:
    """Run the service: pages, API, collecting, reading, ticking and delivering in one process."""
    from app.runtime.server import serve as run

    configuration = configuration_of(context)
    run(
        configuration,
        host=host or configuration.host,
        port=configuration.port if port is None else port,
        roles=tuple(role.strip() for role in roles.split(",") if role.strip()),
    )


def demo(
    context: typer.Context,
    host: Host = None,
    port: Port = None,
    seconds: Annotated[float, typer.Option(min=0, help="How long the ten months shall take.")] = 120.0,
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its database and its key.")] = Path("var/demo"),
    leave: Annotated[
        bool, typer.Option("--leave", help="Leave when the story is told, instead of serving it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Play the story of the broken guitar through the whole product, and keep serving it."""
    from app.runtime.demo import run_demo

    configuration = configuration_of(context)
    report = run_demo(
        host=host or configuration.host,
        port=configuration.port if port is None else port,
        seconds=seconds,
        folder=folder,
        keep_serving=not leave,
    )
    if as_json:
        emit_json(report)
