"""The docs are true: every command, option, setting and default that there is stands in them, and none that is not."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import BaseModel

from app.cli.program import program
from app.settings.raw import RawBrand, RawConfiguration, RawEndpoint, RawReader, RawServer, RawSource
from app.settings.raw_policy import RawBudget, RawPolicy, RawReply, RawRow

DOCS = Path(__file__).resolve().parents[2] / "docs"
CLI = (DOCS / "cli.md").read_text(encoding="utf-8")
CONFIGURATION = (DOCS / "configuration.md").read_text(encoding="utf-8")
TABLES: list[tuple[str, type[BaseModel]]] = [
    ("## Keys of the file", RawConfiguration),
    ("### `[server]`", RawServer),
    ("### `[reader]`", RawReader),
    ("### `[[brand]]`", RawBrand),
    ("### `[[source]]`", RawSource),
    ("### `[[endpoint]]`", RawEndpoint),
    ("## Policies", RawPolicy),
    ("### `[reply]`", RawReply),
    ("### `[[row]]`", RawRow),
    ("### `[budget]`", RawBudget),
]


def commands() -> Iterator[tuple[str, Any]]:
    group: Any = typer.main.get_command(program)
    for name, command in group.commands.items():
        yield name, command
        for below, inner in getattr(command, "commands", {}).items():
            yield f"{name} {below}", inner


def section(text: str, heading: str) -> str:
    assert f"\n{heading}\n" in text, heading
    after = text.split(f"\n{heading}\n", 1)[1]
    return re.split(r"\n##+ ", after, maxsplit=1)[0]


@pytest.mark.parametrize("name", [name for name, _ in commands() if not name.startswith("export ")])
def test_every_command_has_a_heading(name: str) -> None:
    level = "###" if " " in name else "##"
    assert section(CLI, f"{level} {name}").strip()


def test_no_heading_is_of_a_command_that_is_not_there() -> None:
    names = {name for name, _ in commands()}
    assert set(re.findall(r"^##+ (.+)$", CLI, flags=re.MULTILINE)) <= names


@pytest.mark.parametrize(("name", "command"), list(commands()))
def test_every_command_says_what_it_does_and_every_option_has_a_help(name: str, command: Any) -> None:
    assert command.help, name
    for parameter in command.params:
        assert parameter.name == "help" or parameter.help, f"{name} {parameter.name}"


@pytest.mark.parametrize(("heading", "model"), TABLES, ids=[model.__name__ for _, model in TABLES])
def test_every_setting_has_a_row_and_every_row_a_setting(heading: str, model: type[BaseModel]) -> None:
    rows = set(re.findall(r"^\| `([a-z_]+)` \|", section(CONFIGURATION, heading), flags=re.MULTILINE))
    assert rows == {field.alias or name for name, field in model.model_fields.items()}


@pytest.mark.parametrize(("heading", "model"), TABLES, ids=[model.__name__ for _, model in TABLES])
def test_what_is_needed_is_said_to_be_needed(heading: str, model: type[BaseModel]) -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \|.*\| (.*) \|$", section(CONFIGURATION, heading), flags=re.MULTILINE)
    said = {name for name, default in rows if default == "needed"}
    assert said == {name for name, field in model.model_fields.items() if field.is_required()}


def test_the_options_that_the_docs_name_are_there() -> None:
    known = {option for _, command in commands() for parameter in command.params for option in parameter.opts}
    assert set(re.findall(r"`(--[a-z-]+)", CLI)) <= known | {"--help", "--config"}
