"""`init`, `apply`, `migrate`: from nothing to a database that knows what is watched."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.edge import configuration_of, note, opened_database
from app.cli.output import AsJson, emit_json, emit_table

Brand = Annotated[str, typer.Argument(help='The name of the brand, such as "Northwind Air".', show_default=False)]
Folder = Annotated[Path, typer.Option("--folder", help="Where to write the files.")]
Slug = Annotated[
    str | None, typer.Option(help="The short name for addresses and commands; made of the name if not given.")
]
On = Annotated[
    Path | None,
    typer.Option(
        "--on",
        exists=True,
        dir_okay=False,
        help="A file of posts (a line each, or JSON lines with a text) to try the query on.",
    ),
]


def init(brand: Brand, folder: Folder = Path(), slug: Slug = None, on: On = None, as_json: AsJson = False) -> None:
    """Write a commented fretwatch.toml, a policy and the master key, and show what the query matches.

    Nothing is stored, and no file that exists is overwritten.
    """
    from app.cli.starting import new_brand, preview, sample_texts, texts_of, write_files

    chosen = new_brand(brand, slug=slug)
    written = write_files(chosen, folder)
    found = preview(chosen, texts_of(on) if on else sample_texts(chosen))
    if as_json:
        emit_json({"brand": chosen.slug, "query": chosen.query, "written": written, "preview": found})
        return
    for path in written:
        typer.echo(f"wrote {path}")
    typer.echo(f"\nThe query: {chosen.query}")
    typer.echo(f"It matches {found.matched_count} of {found.seen_count} {'posts' if on else 'made-up samples'}:")
    for matches, text in found.examples:
        typer.echo(f"  {'match   ' if matches else 'no match'}  {text}")
    note("\nNothing is stored yet. Edit fretwatch.toml (sources, endpoints), then: fretwatch apply && fretwatch serve")


def apply(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make the database agree with fretwatch.toml and the policies, and say what changed."""
    from app.runtime.wiring import apply_configuration

    with opened_database(context) as (configuration, database):
        if not configuration.brands:
            note("fretwatch.toml names no brand: whatever was watched before is retired.")
        found = apply_configuration(configuration, database, only_show=dry_run)
    if as_json:
        emit_json({"dry_run": dry_run, "changes": found})
    elif found:
        emit_table(("change", "what", "name"), [(item.change, item.kind, item.name) for item in found])
    else:
        typer.echo("Nothing changes: the database agrees with the files.")


def migrate(context: typer.Context, as_json: AsJson = False) -> None:
    """Bring the database to the newest revision."""
    from app.storage import schema
    from app.storage.database import Database

    database = Database(configuration_of(context).database_url)
    try:
        revision = schema.upgrade(database)
    finally:
        database.close()
    if as_json:
        emit_json({"database": database.label, "revision": revision})
    else:
        typer.echo(f"{database.label} stands at revision {revision}.")
