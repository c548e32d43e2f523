"""A folder of its own for each test, and the program as an operator runs it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli.program import program

HOUSE = '[[brand]]\nslug = "northwind"\nname = "Northwind"\n'
Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration, in which commands run, and no variable of ours set."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("FRETWATCH")]:
        monkeypatch.delenv(name)
    (tmp_path / "fretwatch.toml").write_text(HOUSE, encoding="utf-8")
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:
    """A command in that folder; an exception that the edge lets through fails the test."""

    def command(*arguments: str) -> Result:
        return CliRunner().invoke(program, list(arguments), catch_exceptions=False)

    return command


def said_clearly(result: Result, *words: str, code: int = 1) -> str:
    """What a failed command said: the exit code, every one of these words, and nothing of a traceback."""
    said = result.output
    assert result.exit_code == code, said
    assert "Traceback" not in said
    missing = [word for word in words if word not in " ".join(said.split())]
    assert not missing, f"{missing} not in: {said}"
    return said
