"""Commands that need no other process: what they write, what they print, how they end, and never a traceback."""

import json
import os
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import perf_counter

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from app import __version__
from app.cli.program import program
from app.settings import load
from app.storage import outbox_claims, quarantine, tables
from app.storage.database import Database
from app.storage.quarantine import Quarantined

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("FRETWATCH")]:
        monkeypatch.delenv(name)


def run(*arguments: str, given: str | bytes | None = None) -> Result:
    return CliRunner().invoke(program, list(arguments), input=given, catch_exceptions=False)


def failed(result: Result, *, code: int = 1) -> str:
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result.stderr


def test_version_and_help() -> None:
    assert run("--version").stdout == f"fretwatch {__version__}\n"
    assert "doctor" in run("--help").stdout


def test_an_unknown_command_is_wrong_usage() -> None:
    assert "serve" in failed(run("serv"), code=2)


def test_init_writes_what_can_be_loaded_and_overwrites_nothing(tmp_path: Path) -> None:
    first = run("init", "Café Đông Á", "--json")
    assert first.exit_code == 0
    said = json.loads(first.stdout)
    assert said["written"] == ["fretwatch.toml", "policies/cafe-dong-a.toml", "var/secret"]
    assert said["preview"]["matched_count"] == 4
    assert (tmp_path / "var" / "secret").stat().st_mode & 0o777 == 0o600
    configuration = load(tmp_path / "fretwatch.toml", environ={})
    assert configuration.brand("cafe-dong-a").name == "Café Đông Á"
    assert configuration.policy("cafe-dong-a").row_for("billing", None).owner == "refunds"
    before = (tmp_path / "fretwatch.toml").read_bytes()
    assert "is not overwritten" in failed(run("init", "Café Đông Á"))
    assert (tmp_path / "fretwatch.toml").read_bytes() == before


def test_init_tries_the_query_on_a_file_and_stores_nothing(tmp_path: Path) -> None:
    (tmp_path / "posts.txt").write_text(
        'Northwind Air lost my bag\n{"text": "I love @northwindair"}\n\nnothing here\n', encoding="utf-8"
    )
    found = json.loads(run("init", "Northwind Air", "--on", "posts.txt", "--json").stdout)["preview"]
    assert (found["seen_count"], found["matched_count"]) == (3, 2)
    assert not list(tmp_path.glob("**/*.db"))


@pytest.mark.parametrize("name", ["東京", "!!!", " "])
def test_init_asks_for_a_slug_where_the_name_makes_none(name: str) -> None:
    assert "--slug" in failed(run("init", name))


@pytest.mark.parametrize("name", ['Say "Cheese"', "Jack's Cafe", "$5 Diner"])
def test_init_writes_valid_files_for_awkward_names(tmp_path: Path, name: str) -> None:
    assert run("init", name).exit_code == 0
    assert load(tmp_path / "fretwatch.toml", environ={}).brands[0].name == name


def test_apply_shows_then_does_then_has_nothing_to_do() -> None:
    run("init", "Northwind Air")
    shown = json.loads(run("apply", "--dry-run", "--json").stdout)
    done = json.loads(run("apply", "--json").stdout)
    assert shown["changes"] == done["changes"] != []
    assert {"kind": "brand", "name": "northwind-air", "change": "added"} in done["changes"]
    assert "Nothing changes" in run("apply").stdout


def test_a_wrong_key_is_one_line_and_a_failure(tmp_path: Path) -> None:
    (tmp_path / "fretwatch.toml").write_text('publik_url = "x"\n', encoding="utf-8")
    said = failed(run("apply"))
    assert said == 'error: fretwatch.toml, line 1: unknown key "publik_url"; did you mean "public_url"?\n'
    assert "elsewhere.toml" in failed(run("--config", "elsewhere.toml", "apply"))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://nobody@127.0.0.1:1/none", "does not answer"),
        ("mysql://host/name", "must be SQLite or PostgreSQL"),
        ("what", "is no database URL"),
    ],
)
def test_a_database_that_cannot_be_used_is_said_clearly(monkeypatch: pytest.MonkeyPatch, url: str, said: str) -> None:
    monkeypatch.setenv("FRETWATCH_DATABASE_URL", url)
    assert said in failed(run("migrate"))


def test_a_database_of_a_newer_version_ends_with_four(tmp_path: Path) -> None:
    import sqlite3

    run("migrate")
    with sqlite3.connect(tmp_path / "var" / "fretwatch.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'from-the-future'")
    connection.close()
    assert "newer Fretwatch" in failed(run("migrate"), code=4)


def test_keys_are_made_listed_and_revoked() -> None:
    made = json.loads(run("keys", "create", "grafana", "--scope", "read", "--days", "7", "--json").stdout)
    assert made["key"].startswith("fw_live_")
    (listed,) = json.loads(run("keys", "list", "--json").stdout)
    assert listed["name"] == "grafana"
    assert made["key"].split("_")[-1] not in json.dumps(listed)
    assert run("keys", "revoke", listed["id"]).exit_code == 0
    assert "revoked" in run("keys", "list").stdout
    assert "keys list" in failed(run("keys", "revoke", "nobody"))
    assert "scope" in failed(run("keys", "create", "x", "--scope", "everything")).lower()


def test_a_secret_is_one_that_the_configuration_takes(tmp_path: Path) -> None:
    secret = run("keys", "secret").stdout.strip()
    (tmp_path / "f.toml").write_text(
        '[[endpoint]]\nname = "a"\nurl = "https://a.example"\nsecret_env = "A"\n', encoding="utf-8"
    )
    assert load(tmp_path / "f.toml", environ={"A": secret}).endpoint("a").secrets == (secret,)


def test_classify_keeps_the_order_and_names_the_lines_it_cannot_read() -> None:
    lines = [
        json.dumps({"id": "b", "text": "You lost my suitcase and nobody answers, worst airline ever"}),
        "no json",
        "",
        '{"txt": "x"}',
        "[1]",
        json.dumps({"text": "Thank you, lovely crew!", "lang": "en", "target": "Northwind Air"}),
        json.dumps({"id": "nul", "text": "a\u0000b \ud800 c"}),
    ]
    result = run("classify", given="\n".join(lines))
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ["b", "6", "nul"]
    said = failed(result)
    assert [line.split(":")[1] for line in said.splitlines()[:3]] == [" line 2", " line 4", " line 5"]
    first = json.loads(result.stdout.splitlines()[0])
    assert first["labels"]["complaint"] is True
    assert first["labels"]["failure"] == "lost_or_damaged"


def test_classify_reads_and_writes_files_and_ends_well(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "one"}\n{"text": "two"}\n', encoding="utf-8")
    assert run("classify", "--input", "in.jsonl", "--output", "out.jsonl").exit_code == 0
    out = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in out] == ["1", "2"]


def test_classify_survives_bytes_that_are_no_text() -> None:
    result = run("classify", given=b'{"text": "a \xff b"}\n{"text": "fine"}\n')
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 2


def test_classify_reads_replies() -> None:
    text = "We are sorry. We have refunded your fare today. ^Ann"
    answer = json.loads(run("classify", "--replies", given=json.dumps({"text": text})).stdout)
    assert set(answer) >= {"reply_acts", "answered_by"}
    assert {"apologise", "remedy"} <= set(answer["labels"]["reply_acts"])


def test_a_missing_model_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRETWATCH__READER__MODEL", "nowhere")
    assert "fretwatch train" in failed(run("classify", given="{}"))


def test_doctor_names_what_is_missing_and_then_is_content() -> None:
    states = {found["what"]: found for found in json.loads(run("doctor", "--json").stdout)["findings"]}
    assert states["master key"]["state"] == states["database"]["state"] == "wrong"
    run("init", "Northwind Air")
    run("apply")
    result = run("doctor", "--audit", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["ok"] is True


def test_doctor_says_which_secret_is_not_set(tmp_path: Path) -> None:
    run("init", "Northwind Air")
    with (tmp_path / "fretwatch.toml").open("a", encoding="utf-8") as file:
        file.write('[[endpoint]]\nname = "oncall"\nurl = "https://a.example"\nsecret_env = "ONCALL_SECRET"\n')
    run("apply")
    result = run("doctor")
    assert result.exit_code == 1
    assert "ONCALL_SECRET" in result.stdout


def test_export_of_nothing_is_nothing_and_of_an_unknown_brand_a_failure() -> None:
    run("init", "Northwind Air")
    run("apply")
    for what in ("posts", "alerts"):
        assert run("export", what).stdout == ""
    rows = [json.loads(line) for line in run("export", "trends", "northwind-air").stdout.splitlines()]
    assert not any(row["count"] for row in rows)
    assert "northwind-air" in failed(run("export", "trends", "nobody"))


def test_openapi_is_written_as_a_file(tmp_path: Path) -> None:
    run("openapi", "--output", "openapi.json")
    assert json.loads((tmp_path / "openapi.json").read_text(encoding="utf-8"))["openapi"].startswith("3.1")


@pytest.mark.parametrize("speed", ["0", "-1", "fast", "inf", "nan"])
def test_a_speed_that_is_none_is_wrong_usage(tmp_path: Path, speed: str) -> None:
    (tmp_path / "x.jsonl").write_text("", encoding="utf-8")
    assert "speed" in failed(run("replay", "x.jsonl", "--speed", speed), code=2)


def test_the_demo_empties_no_folder_that_holds_something_else(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("ten years", encoding="utf-8")
    assert "thesis.txt" in failed(run("demo", "--folder", str(tmp_path)))
    assert (tmp_path / "thesis.txt").exists()


def test_a_port_in_use_and_an_unknown_role_are_said_clearly() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert str(port) in failed(run("serve", "--port", str(port)))
    assert "deliver" in failed(run("serve", "--roles", "fly"))


def test_replay_stores_what_it_can_read_once_and_names_the_rest(tmp_path: Path) -> None:
    run("init", "Northwind Air")
    table = "id,who,when,words\n1,ann,2026-01-05 10:00:00 +0000,Northwind Air lost my bag\n"
    table += "2,bob,2026-01-05 11:00:00 +0000,Thanks @northwindair for the help\n3,eve,soon,northwind air\n"
    (tmp_path / "posts.csv").write_text(table, encoding="utf-8")
    (tmp_path / "mapping.toml").write_text(
        'id = "id"\nauthor = "who"\ntext = "words"\n'
        'created_at = { column = "when", format = "%Y-%m-%d %H:%M:%S %z" }\n',
        encoding="utf-8",
    )
    first = run("replay", "posts.csv", "--mapping", "mapping.toml", "--json")
    assert "line 4" in failed(first)
    counts = json.loads(first.stdout)
    assert (counts["stored"], counts["malformed_count"], counts["complaints"], counts["cases"]) == (2, 1, 1, 1)
    again = json.loads(run("replay", "posts.csv", "--mapping", "mapping.toml", "--json").stdout)
    assert (again["stored"], again["duplicates"]) == (0, 2)
    texts = [json.loads(line)["text"] for line in run("export", "posts").stdout.splitlines()]
    assert texts == ["Thanks @northwindair for the help", "Northwind Air lost my bag"]
    assert len(run("export", "posts", "--format", "csv").stdout.splitlines()) == 3
    (tmp_path / "mapping.toml").write_text('text = "wrds"\n', encoding="utf-8")
    assert "does not have (did you mean 'words'?). Its columns: " in failed(
        run("replay", "posts.csv", "--mapping", "mapping.toml")
    )


def test_collect_without_once_is_wrong_usage() -> None:
    assert "--once" in failed(run("collect"), code=2)


def watched(tmp_path: Path, url: str) -> Database:
    """A brand, and an endpoint on this machine."""
    run("init", "Northwind Air")
    with (tmp_path / "fretwatch.toml").open("a", encoding="utf-8") as file:
        file.write(f'[[endpoint]]\nname = "oncall"\nurl = "{url}"\nsecret_env = "HOOK"\nallow_private = true\n')
    run("apply")
    return Database(f"sqlite:///{tmp_path}/var/fretwatch.db")


def bury(database: Database, *ids: str) -> None:
    now = database.now()
    row = {"alert_id": "a", "endpoint": "oncall", "level": "page", "body": b"{}", "state": "dead", "attempts": 1}
    times = dict.fromkeys(("event_at", "created_at", "due_at", "finished_at"), now)
    with database.write() as tx:
        for number, id_ in enumerate(ids):
            tx.execute(tables.delivery.insert().values(id=id_, change=number, **row, **times))
            tried = {"n": 1, "at": now, "outcome": "refused", "error": "the secret is not set", "milliseconds": 1}
            tx.execute(tables.attempt.insert().values(delivery_id=id_, **tried))


def states(database: Database) -> list[str]:
    with database.read() as tx:
        return list(tx.execute(select(tables.delivery.c.state).order_by(tables.delivery.c.id)).scalars())


def test_dead_letters_are_listed_and_sent_again_once_the_endpoint_is_enabled(tmp_path: Path) -> None:
    database = watched(tmp_path, "http://127.0.0.1:9/hook")
    assert "no dead letters" in run("deliveries", "dead").stdout
    bury(database, "d1", "d2", "d3")
    with database.write() as tx:
        outbox_claims.disable_endpoint(tx, "oncall", why="410 Gone", now=database.now())
    assert run("apply").exit_code == 0, "applying the same again does not enable it"
    letters = json.loads(run("deliveries", "dead", "--endpoint", "oncall", "--json").stdout)
    assert {(one["id"], one["why"]) for one in letters} == {(f"d{n}", "the secret is not set") for n in (1, 2, 3)}
    assert "the secret is not set" in run("deliveries", "dead", "--limit", "1").stdout
    assert "enable it first: fretwatch deliveries enable oncall" in failed(run("deliveries", "replay", "d1"))
    assert "there are: oncall" in failed(run("deliveries", "enable", "nobody"))
    assert "is enabled" in run("deliveries", "enable", "oncall").stdout
    assert json.loads(run("deliveries", "enable", "oncall", "--json").stdout)["was_disabled"] is False
    assert "1 deliveries" in run("deliveries", "replay", "d1").stdout
    assert states(database) == ["pending", "dead", "dead"]
    again = run("deliveries", "replay", "--dead", "--endpoint", "oncall", "--json")
    assert json.loads(again.stdout) == {"replayed": 2}
    assert states(database) == ["pending"] * 3
    assert "fretwatch deliveries dead" in failed(run("deliveries", "replay", "nobody"))
    database.close()


@pytest.mark.parametrize("arguments", [[], ["d1", "--dead"], ["d1", "--endpoint", "oncall"]])
def test_replay_wants_ids_or_dead(arguments: list[str]) -> None:
    failed(run("deliveries", "replay", *arguments), code=2)


def test_an_endpoint_is_tried_and_the_outcome_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(204 if body["type"] == "endpoint.test" else 500)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        watched(tmp_path, f"http://127.0.0.1:{server.server_port}/hook").close()
        assert "no secret" in failed(run("deliveries", "test", "oncall"))
        monkeypatch.setenv("HOOK", run("keys", "secret").stdout.strip())
        assert "oncall answered 204" in run("deliveries", "test", "oncall").stdout
        said = json.loads(run("deliveries", "test", "oncall", "--json").stdout)
        server.shutdown()
    assert (said["endpoint"], said["outcome"], said["status"]) == ("oncall", "delivered", 204)
    assert "nobody" in failed(run("deliveries", "test", "nobody"))


def test_quarantine_is_listed_and_released(tmp_path: Path) -> None:
    database = watched(tmp_path, "http://127.0.0.1:9/hook")
    assert "Nothing is in quarantine" in run("quarantine", "list").stdout
    with database.write() as tx:
        unread = Quarantined("classify", "forum", "1", "a defect", mention_id="m1")
        quarantine.put(tx, [unread, Quarantined("intake", "forum", "2", "no text")], database.now())
    found = json.loads(run("quarantine", "list", "--json").stdout)
    ids = {one["external_id"]: one["id"] for one in found if one["releasable"] == (one["stage"] == "classify")}
    assert set(ids) == {"1", "2"}
    assert "a defect" in run("quarantine", "list").stdout
    assert "send it again" in failed(run("quarantine", "release", ids["2"]))
    assert "1 posts" in run("quarantine", "release", ids["1"]).stdout
    assert json.loads(run("quarantine", "release", "--all", "--json").stdout) == {"released": 0}
    failed(run("quarantine", "release"), code=2)
    with database.read() as tx:
        assert tx.execute(select(tables.work_chunk.c.mentions)).scalar_one() == ["m1"]
    database.close()


def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    assert "openapi.json" in failed(run("openapi", "--output", "nowhere/openapi.json"))


def test_help_is_quick_and_imports_nothing_heavy() -> None:
    heavy = "sqlalchemy,onnxruntime,fastapi,httpx,numpy,torch,pydantic"
    code = (
        "import sys, app.cli.program as p; "
        f"print([name for name in {heavy.split(',')!r} if name in sys.modules])"
    )  # fmt: skip
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
    began = perf_counter()
    subprocess.run([sys.executable, "-m", "app", "--help"], cwd=ROOT, capture_output=True, check=True)
    assert perf_counter() - began < 5  # 0.2 s on an idle machine; the bound is for a busy one
