"""The edge of every command: what was refused on purpose becomes one line on standard error and an exit code."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer
from typer.core import TyperGroup

from app.domain.errors import FretwatchError, SchemaTooNew

if TYPE_CHECKING:
    from app.runtime.wiring import Product
    from app.settings import Configuration
    from app.storage.database import Database

FAILURE: Final = 1
ALERT_FIRING: Final = 3
SCHEMA_TOO_NEW: Final = 4


@dataclass(slots=True)
class Options:
    """What stands before the command."""

    config: Path | None = None


class Edge(TyperGroup):
    """A group of commands that never shows a traceback for what a person can put right."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; 0 ok, 1 failure, 2 usage, 3 alert firing, 4 schema too new."""
        try:
            return super().invoke(ctx)
        except FretwatchError as error:
            raise _refused([error]) from None
        except ExceptionGroup as group:
            errors = list(_leaves(group))
            ours = [error for error in errors if isinstance(error, FretwatchError)]
            if len(ours) < len(errors):
                raise
            raise _refused(ours) from None
        except OSError as error:
            if error.errno == errno.EPIPE or error.filename is None:
                raise
            complain(f"{error.filename}: {error.strerror}")
            raise typer.Exit(FAILURE) from None


def complain(message: str) -> None:
    """Say on standard error what is wrong and what to do; red where colours are wanted."""
    plain = "NO_COLOR" in os.environ
    typer.secho(f"error: {message}", err=True, fg=None if plain else typer.colors.RED)


def note(message: str) -> None:
    """Say something on standard error that is no result."""
    typer.echo(message, err=True)


def configuration_of(context: typer.Context) -> "Configuration":
    """The configuration that `--config` names, with the environment over it."""
    from app.settings import load

    options = context.find_root().obj
    return load(options.config if isinstance(options, Options) else None)


@contextmanager
def opened_database(context: typer.Context) -> "Iterator[tuple[Configuration, Database]]":
    """The configuration and its database, migrated."""
    from app.runtime.wiring import open_database

    configuration = configuration_of(context)
    database = open_database(configuration)
    try:
        yield configuration, database
    finally:
        database.close()


@contextmanager
def opened_product(context: typer.Context) -> "Iterator[Product]":
    """The whole product, with the database agreeing with the files."""
    from app.observability import configure_logging
    from app.runtime.wiring import apply_configuration, open_product

    configure_logging(level="WARNING")
    product = open_product(configuration_of(context))
    try:
        apply_configuration(product.configuration, product.database)
        yield product
    finally:
        product.close()


def _refused(errors: list[FretwatchError]) -> typer.Exit:
    for message in dict.fromkeys(error.message for error in errors):
        complain(message)
    is_too_new = any(isinstance(error, SchemaTooNew) for error in errors)
    return typer.Exit(SCHEMA_TOO_NEW if is_too_new else FAILURE)


def _leaves(group: ExceptionGroup[Exception]) -> Iterator[Exception]:
    for error in group.exceptions:
        if isinstance(error, ExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
