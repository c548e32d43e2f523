"""`deliveries`: what could not be delivered, sending it again, and endpoints that were disabled."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.edge import FAILURE, complain, opened_database, opened_product
from app.cli.output import AsJson, emit_json, emit_table, plain

if TYPE_CHECKING:
    from app.domain.alerts import Outcome
    from app.runtime.wiring import Product

Name = Annotated[str, typer.Argument(metavar="ENDPOINT", help="The name of the [[endpoint]].", show_default=False)]
OfEndpoint = Annotated[str | None, typer.Option("--endpoint", help="Only those to this endpoint.")]

deliveries = typer.Typer(help="Dead letters, sending again, and disabled endpoints.", no_args_is_help=True)


@deliveries.command("dead")
def dead(
    context: typer.Context,
    endpoint: OfEndpoint = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many, the newest first.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List the dead letters: deliveries that were given up, and why."""
    from app.storage import outbox_replay

    with opened_database(context) as (_, database), database.read() as tx:
        found = outbox_replay.dead_letters(tx, limit=limit, name=endpoint)
    if as_json:
        emit_json([{**plain(letter), "why": letter.why} for letter in found])
    elif found:
        rows = [(one.id, one.endpoint, one.level, f"{one.died_at:%Y-%m-%d %H:%M}", one.why) for one in found]
        emit_table(("id", "endpoint", "level", "given up at (UTC)", "why"), rows)
    else:
        typer.echo("There are no dead letters.")


@deliveries.command("replay")
def replay(
    context: typer.Context,
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Webhook-ids.", show_default=False)] = None,
    all_dead: Annotated[bool, typer.Option("--dead", help="All dead letters, instead of ids.")] = False,
    endpoint: OfEndpoint = None,
    as_json: AsJson = False,
) -> None:
    """Send deliveries again under the same webhook-ids: those named, or all dead letters. `serve` sends them."""
    from app.storage import outbox_replay
    from app.storage.database import now_of

    if all_dead == bool(ids):
        raise typer.BadParameter("name the deliveries, or write --dead for all dead letters")
    if endpoint is not None and not all_dead:
        raise typer.BadParameter("--endpoint goes with --dead", param_hint="--endpoint")
    with opened_database(context) as (_, database), database.write() as tx:
        if ids:
            count = outbox_replay.replay(tx, ids, now=now_of(tx))
        else:
            count = outbox_replay.replay_dead(tx, now=now_of(tx), name=endpoint)
    if as_json:
        emit_json({"replayed": count})
    else:
        typer.echo(f"{count} deliveries will be sent again.")


@deliveries.command("enable")
def enable(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Send to a disabled endpoint again; its dead letters wait for `deliveries replay`."""
    from app.storage import outbox_claims

    with opened_database(context) as (_, database), database.write() as tx:
        was_disabled = outbox_claims.enable_endpoint(tx, name)
    if as_json:
        emit_json({"endpoint": name, "was_disabled": was_disabled})
    elif was_disabled:
        typer.echo(f"{name} is enabled. Its dead letters: fretwatch deliveries replay --dead --endpoint {name}")
    else:
        typer.echo(f"{name} was not disabled.")


@deliveries.command("test")
def send_test(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Send `endpoint.test` to an endpoint now, and say how it went; nothing is stored."""
    from app.domain.alerts import OutcomeKind

    with opened_product(context) as product:
        outcome = asyncio.run(_sent(product, name))
    is_well = outcome.kind is OutcomeKind.DELIVERED
    if as_json:
        milliseconds = round(outcome.took.total_seconds() * 1000)
        shown = {"outcome": outcome.kind, "status": outcome.status, "error": outcome.error}
        emit_json({"endpoint": name, **shown, "milliseconds": milliseconds})
    elif is_well:
        typer.echo(f"{name} answered {outcome.status} after {outcome.took.total_seconds():.2f} s.")
    else:
        complain(f"{name}: {outcome.error}")
    if not is_well:
        raise typer.Exit(FAILURE)


async def _sent(product: "Product", name: str) -> "Outcome":
    egress = product.egress()
    try:
        return await product.dispatcher(egress, as_configured=True).send_test(name)
    finally:
        await egress.close()
