"""`quarantine`: posts that could not be taken in or read, and reading them again."""

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.edge import opened_database
from app.cli.output import AsJson, emit_json, emit_table
from app.domain.clock import iso

if TYPE_CHECKING:
    from app.storage.quarantine import Held

quarantine = typer.Typer(help="Posts that could not be taken in or read.", no_args_is_help=True)


@quarantine.command("list")
def list_held(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="At most this many, the newest first.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List what is held, each with its reason."""
    from app.storage import quarantine as stored

    with opened_database(context) as (_, database), database.read() as tx:
        found = stored.held(tx, limit=limit)
    if as_json:
        emit_json([{**_shown(one), "releasable": one.is_releasable} for one in found])
    elif found:
        rows = [(*_shown(one).values(), "yes" if one.is_releasable else "no") for one in found]
        emit_table(("id", "since", "stage", "source", "post", "reason", "releasable"), rows)
    else:
        typer.echo("Nothing is in quarantine.")


@quarantine.command("release")
def release(
    context: typer.Context,
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Ids of `quarantine list`.", show_default=False)
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that the reader could not read.")] = False,
    as_json: AsJson = False,
) -> None:
    """Give posts to the reader again; `serve` reads them. What fails again is held again."""
    from app.storage import quarantine as stored
    from app.storage.database import now_of

    if everything == bool(ids):
        raise typer.BadParameter("name what to release, or write --all")
    with opened_database(context) as (_, database), database.write() as tx:
        count = stored.release(tx, ids or None, now_of(tx))
    if as_json:
        emit_json({"released": count})
    else:
        typer.echo(f"{count} posts will be read again.")


def _shown(one: "Held") -> dict[str, str]:
    return {
        "id": one.id,
        "at": iso(one.at),
        "stage": one.post.stage,
        "source": one.post.source,
        "external_id": one.post.external_id,
        "reason": one.post.reason,
    }
