"""What cannot work says so in a sentence that names what to do, before anything is stored."""

import json
import socket
import sqlite3
from pathlib import Path

import pytest

from tests.bad_input.conftest import Run, said_clearly

POST = {"id": "1", "text": "Northwind lost my bag", "created_at": "2026-03-02T12:00:00Z", "brands": ["northwind"]}
DATABASE = "var/fretwatch.db"


@pytest.fixture(autouse=True)
def _posts(folder: Path) -> None:
    (folder / "posts.jsonl").write_text(json.dumps(POST) + "\n", encoding="utf-8")


def stored(folder: Path) -> int:
    with sqlite3.connect(folder / DATABASE) as connection:
        (count,) = connection.execute("SELECT count(*) FROM post").fetchone()
    connection.close()
    return int(count)


def test_malformed_lines_are_named_and_their_neighbours_stored(folder: Path, run: Run) -> None:
    good = [json.dumps({**POST, "id": str(number)}) for number in range(3)]
    lines = [good[0], "{broken", good[1], "[1]", '{"id": "x"}', '{"id": "y", "txet": "?"}', good[2]]
    (folder / "posts.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    result = run("replay", "posts.jsonl", "--json")
    said_clearly(result, "line 2 is not JSON", "line 4 is no JSON object", "line 5 has no text", "did you mean 'text'")
    counts = json.loads(result.stdout)
    assert (counts["stored"], counts["malformed_count"]) == (3, 4)
    assert stored(folder) == 3


def test_bytes_of_another_encoding_say_which_key_to_write(folder: Path, run: Run) -> None:
    (folder / "posts.csv").write_bytes("id,text\n1,Hành lý thất lạc\n".encode("utf-16-le")[1:])
    (folder / "mapping.toml").write_text('id = "id"\ntext = "text"\n', encoding="utf-8")
    (folder / "posts.csv").write_bytes(b"id,text\n1,caf\xe9 Northwind\n")
    said_clearly(run("replay", "posts.csv", "--mapping", "mapping.toml"), "is not UTF-8", "encoding =")


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ('id = "idd"\ntext = "text"\n', ("'idd'", "did you mean 'id'?")),
        ('id = "id"\n', ("text is not mapped", "write text =")),
        ('id = "id"\ntext = "text"\nauthr = "a"\n', ("unknown key 'authr'", "did you mean 'author'?")),
        ("id = \n", ("is not TOML",)),
    ],
)
def test_a_wrong_mapping_stores_nothing(folder: Path, run: Run, mapping: str, words: tuple[str, ...]) -> None:
    (folder / "mapping.toml").write_text(mapping, encoding="utf-8")
    said_clearly(run("replay", "posts.jsonl", "--mapping", "mapping.toml"), *words)
    assert stored(folder) == 0


@pytest.mark.parametrize("command", ["replay posts.jsonl", "serve", "collect --once", "apply", "doctor"])
def test_an_unknown_key_names_its_line_and_the_right_one(folder: Path, run: Run, command: str) -> None:
    (folder / "fretwatch.toml").write_text('[[brand]]\nslug = "a"\nname = "A"\nquerry = "x"\n', encoding="utf-8")
    said_clearly(run(*command.split()), "fretwatch.toml, line 4", 'unknown key "querry"', 'did you mean "query"?')


@pytest.mark.parametrize("command", ["replay posts.jsonl", "serve --port 0", "collect --once", "apply", "doctor"])
def test_an_unreachable_database_says_what_to_start_or_set(
    run: Run, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRETWATCH_DATABASE_URL", "postgresql://fretwatch:geheim@127.0.0.1:1/fretwatch")
    said = said_clearly(run(*command.split()), "does not answer", "FRETWATCH_DATABASE_URL")
    assert "geheim" not in said, "a password is nothing for a terminal"


@pytest.mark.parametrize("command", ["replay posts.jsonl", "serve --port 0", "doctor", "apply"])
def test_a_file_that_is_no_database_is_left_alone(
    folder: Path, run: Run, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "a letter to my grandmother, and not a database. " * 40
    (folder / "letter.db").write_text(text, encoding="utf-8")
    monkeypatch.setenv("FRETWATCH_DATABASE_URL", "sqlite:///letter.db")
    said_clearly(run(*command.split()), "file is not a database", "FRETWATCH_DATABASE_URL")
    assert (folder / "letter.db").read_text(encoding="utf-8") == text


@pytest.mark.parametrize("command", ["replay posts.jsonl", "serve --port 0", "classify -i posts.jsonl", "doctor"])
def test_a_missing_model_says_how_to_get_one(run: Run, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRETWATCH__READER__MODEL", "nowhere")
    said_clearly(run(*command.split()), "There is no model at nowhere", "fretwatch train")


def test_a_port_in_use_is_found_before_anything_is_opened(folder: Path, run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said_clearly(run("serve", "--port", str(port)), f"127.0.0.1:{port}", f"--port {port + 1}")
    assert not (folder / DATABASE).exists()


@pytest.mark.parametrize(
    ("command", "code"), [("replay posts.jsonl", 4), ("serve --port 0", 4), ("migrate", 4), ("doctor", 1)]
)
def test_a_database_of_a_newer_version_is_not_touched(folder: Path, run: Run, command: str, code: int) -> None:
    assert run("migrate").exit_code == 0
    with sqlite3.connect(folder / DATABASE) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'from-the-future'")
    connection.close()
    said_clearly(run(*command.split()), "newer Fretwatch", "Start that version", code=code)
    assert stored(folder) == 0


def test_a_read_only_database_says_so(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("apply").exit_code == 0
    monkeypatch.setenv("FRETWATCH_DATABASE_URL", f"sqlite:///file:{DATABASE}?mode=ro&uri=true")
    said_clearly(run("replay", "posts.jsonl"), "readonly database", "nothing that was stored is lost")


@pytest.mark.slow
def test_a_locked_database_is_waited_for_and_then_said(folder: Path, run: Run) -> None:
    assert run("apply").exit_code == 0
    other = sqlite3.connect(folder / DATABASE)
    other.execute("BEGIN IMMEDIATE")
    try:
        said_clearly(run("replay", "posts.jsonl"), "database is locked", "nothing that was stored is lost")
    finally:
        other.close()
    assert run("replay", "posts.jsonl").exit_code == 0
    assert stored(folder) == 1
