"""The environment over the file: `FRETWATCH_DATABASE_URL`, `FRETWATCH__SECTION__KEY`, and `*_FILE` for each."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic_settings import EnvSettingsSource
from pydantic_settings.exceptions import SettingsError

from app.domain.errors import ConfigurationError
from app.settings.configuration import read_secret
from app.settings.files import suggestion
from app.settings.raw import RawConfiguration, RawEnvironment

PREFIX: Final = "FRETWATCH__"
SHORT: Final = {"FRETWATCH_DATABASE_URL": "database_url", "FRETWATCH_QUEUE_URL": "queue_url"}
"""The two that every installation sets have a shorter name."""


def overlay(environ: Mapping[str, str]) -> tuple[dict[str, Any], dict[tuple[str, ...], str]]:
    """What the environment sets, as a file would say it, and which variable set which place.

    Raises `ConfigurationError` for a variable of ours that sets nothing, and for a file that cannot be read.
    """
    given, variables = _ours(environ)
    source = EnvSettingsSource(RawEnvironment)
    source.env_vars = {name.lower(): value for name, value in given.items()}
    try:
        return source(), variables
    except SettingsError as error:
        raise ConfigurationError(f"the environment: {error} (lists and tables are written as JSON there)") from error


def _ours(environ: Mapping[str, str]) -> tuple[dict[str, str], dict[tuple[str, ...], str]]:
    given: dict[str, str] = {}
    variables: dict[tuple[str, ...], str] = {}
    for variable, raw in environ.items():
        name, value = _plain(variable, raw)
        if name in SHORT:
            name = f"{PREFIX}{SHORT[name].upper()}"
        if not name.startswith(PREFIX):
            continue
        place = tuple(name.removeprefix(PREFIX).lower().split("__"))
        if place[0] not in RawConfiguration.model_fields:
            known = list(RawConfiguration.model_fields)
            raise ConfigurationError(
                f'environment variable {variable}: unknown key "{place[0]}"{suggestion(place[0], known)}'
            )
        given[name] = value
        variables[place] = variable
    return given, variables


def _plain(variable: str, value: str) -> tuple[str, str]:
    """A `*_FILE` variable becomes the one that it stands for, with what its file says."""
    base = variable.removesuffix("_FILE")
    is_ours = base in SHORT or base.startswith(PREFIX)
    if base == variable or not is_ours or variable.lower() == f"{PREFIX}secret_file".lower():
        return variable, value
    return base, read_secret(Path(value), base)
