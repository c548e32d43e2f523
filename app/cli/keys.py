"""`keys`: API keys, and secrets for endpoints."""

import base64
import secrets
from datetime import timedelta
from typing import Annotated

import typer

from app.cli.edge import note, opened_database
from app.cli.output import AsJson, emit_json, emit_table

keys = typer.Typer(help="API keys, and secrets for endpoints.", no_args_is_help=True)


@keys.command("create")
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Who uses it, such as grafana.", show_default=False)],
    scope: Annotated[
        list[str] | None, typer.Option(help="read, write, admin or private; may be given again. Default: read.")
    ] = None,
    brand: Annotated[list[str] | None, typer.Option(help="Only this brand; may be given again. Default: all.")] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="Days until it expires.")] = 90,
    as_json: AsJson = False,
) -> None:
    """Make an API key and print it: the only time that it is seen."""
    from app.settings import ensure_master_key
    from app.storage import keys as stored

    with opened_database(context) as (configuration, database):
        pepper, now = ensure_master_key(configuration.secret_file), database.now()
        brands = [configuration.brand(slug).slug for slug in brand or ()]
        expires_at = now + timedelta(days=days)
        with database.write() as tx:
            key = stored.create(
                tx, name=name, scopes=scope or ["read"], expires_at=expires_at, pepper=pepper, now=now, brands=brands
            )
    if as_json:
        emit_json({"key": key, "name": name, "expires_at": expires_at})
    else:
        typer.echo(key)
        note(f"Keep it: it is not shown again. It expires on {expires_at:%Y-%m-%d}.")


@keys.command("list")
def list_keys(context: typer.Context, as_json: AsJson = False) -> None:
    """List the API keys, without their secrets."""
    from app.storage import keys as stored

    with opened_database(context) as (_, database), database.read() as tx:
        found = stored.list_keys(tx)
    if as_json:
        emit_json(found)
        return
    rows = [
        (
            key.id,
            key.name,
            " ".join(key.scopes),
            " ".join(key.brands) or "all",
            f"{key.expires_at:%Y-%m-%d}",
            f"{key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never",
            "revoked" if key.revoked_at else "valid",
        )
        for key in found
    ]
    emit_table(("id", "name", "scopes", "brands", "expires", "last used", "state"), rows)


@keys.command("revoke")
def revoke(
    context: typer.Context,
    key: Annotated[str, typer.Argument(help="The id of the key, as `keys list` shows it.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Revoke an API key; it stops working at once."""
    from app.storage import keys as stored

    with opened_database(context) as (_, database):
        now = database.now()
        with database.write() as tx:
            stored.revoke(tx, key, now=now)
    if as_json:
        emit_json({"revoked": key, "at": now})
    else:
        typer.echo(f"The key {key} is revoked.")


@keys.command("secret")
def secret() -> None:
    """Make a signing secret for an endpoint (Standard Webhooks); it is stored nowhere."""
    typer.echo(f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}")
