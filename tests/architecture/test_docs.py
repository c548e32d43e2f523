"""The pages are true: paths exist, links lead somewhere, drawings and tables agree with the code.

Commands, settings, collectors, webhooks and escalation have such tests of their own beside their code.
"""

import ast
import inspect
import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml  # type: ignore[import-untyped]

from app.api.schemas.posts import PostIn
from app.cli.program import program
from app.domain import errors
from app.domain.predictions import Prediction, Reading
from app.runtime import jobs
from app.settings import load
from app.storage.tables import metadata
from models.lexicon import CueReader

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = {"var", "build", "dist", "node_modules", "shared"}
PAGES = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"]
FOLDERS = "app|collectors|models|alembic|tests|docs|scripts|examples|benchmarks|.ci"
MADE_LATER = {"openapi.json"}
"""Names that a command writes; they need not be there to be named."""


def files(*suffixes: str) -> Iterator[Path]:
    """Every file of the tree with one of these suffixes; hidden folders but `.ci` are left out."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name == ".ci" or (name[0] not in "._" and name not in SKIPPED)]
        for name in names:
            if name.endswith(suffixes):
                yield Path(folder) / name


def markdown() -> list[Path]:
    return sorted(files(".md"))


def read(path: Path | str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def paths_of(text: str) -> set[str]:
    """What stands in backticks and looks like a path of ours; `<placeholders>` are none."""
    spans = re.findall(r"`([^`\s]+)`", text)
    return {span for span in spans if re.match(rf"({FOLDERS})/", span) and not re.search(r"[<>*{}]", span)}


@pytest.mark.parametrize("page", [*PAGES, *sorted(f"docs/adr/{path.name}" for path in ROOT.glob("docs/adr/*.md"))])
def test_every_path_that_is_named_exists(page: str) -> None:
    missing = [path for path in sorted(paths_of(read(page))) if not (ROOT / path).exists()]
    assert missing == []


def test_the_architecture_names_paths() -> None:
    assert len(paths_of(read("ARCHITECTURE.md"))) >= 25
    assert len(read("ARCHITECTURE.md").splitlines()) <= 75, "one screen"


@pytest.mark.parametrize("page", markdown(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, heading = target.partition("#")
        found = (page.parent / name).resolve() if name else page
        assert found.exists(), target
        if heading:
            assert heading in {_anchor(title) for title in re.findall(r"^#+ (.+)$", found.read_text("utf-8"), re.M)}, (
                target
            )


def _anchor(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def test_every_page_has_its_place() -> None:
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    nav = yaml.safe_load(read("mkdocs.yml"))["nav"]
    listed = [value for entry in nav for part in entry.values() for value in _leaves(part)]
    assert sorted(listed) == sorted(pages)
    index = read("docs/index.md")
    assert [page for page in pages if "/" not in page and page != "index.md" and f"({page})" not in index] == []


def _leaves(part: object) -> list[str]:
    if isinstance(part, str):
        return [part]
    assert isinstance(part, list)
    return [str(value) for entry in part for value in entry.values()]


def test_decisions_have_four_parts_and_one_screen() -> None:
    for number, path in enumerate(sorted(ROOT.glob("docs/adr/*.md")), start=1):
        text = path.read_text(encoding="utf-8")
        assert path.name.startswith(f"{number:04}-")
        assert text.startswith(f"# {number}. ")
        for part in ("Context", "Decision", "Consequences", "Alternatives"):
            assert f"**{part}.**" in text, f"{path.name}: {part}"
        assert len(text.splitlines()) <= 40, path.name


def test_the_drawing_of_errors_is_the_tree() -> None:
    drawn = [
        (len(line) - len(line.lstrip("│ ├└─")), re.sub(r"^[│ ├└─]*", "", line).split()[0])
        for line in inspect.getdoc(errors).__str__().splitlines()
        if re.match(r"(FretwatchError|[│ ]*[├└]── )", line)
    ]
    classes = [node for node in ast.parse(inspect.getsource(errors)).body if isinstance(node, ast.ClassDef)]
    assert [name for _, name in drawn] == [node.name for node in classes]
    above: dict[int, str] = {}
    for (indent, name), node in zip(drawn, classes, strict=True):
        above[indent] = name
        base = node.bases[0]
        assert isinstance(base, ast.Name)
        assert base.id == (above[indent - 4] if indent else "Exception"), name


def test_the_glossary_says_each_word_once_and_means_the_code() -> None:
    words = re.findall(r"^\| \*\*(.+?)\*\* \|", read("docs/concepts.md"), re.M)
    assert len(words) == len(set(words))
    classes = {name for path in files(".py") for name in re.findall(r"^class (\w+)", path.read_text("utf-8"), re.M)}
    known = {name.lower() for name in classes} | {name.replace("_", "") for name in metadata.tables}
    known |= {path.stem for path in files(".py")} | {path.parent.name for path in files(".py")}
    known |= {name.removesuffix("s") for name in known}
    # These are fields; the rest is a class, a table or a module.
    fields = {"owner", "state", "complaint", "baseline"}
    assert [word for word in words if re.sub(r"\W", "", word.lower()) not in known | fields] == []


@pytest.mark.parametrize(
    "pattern",
    [
        r"^\s*class \w*(Manager|Helper|Utils?|Scraper|Crawler|Ingester|Analy[sz]er|Tenant|Incident|Subscriber)\b",
        r"^\s*(async )?def _?(process|handle)_(?!bind_param|result_value)",
    ],
)
def test_words_that_mean_nothing_are_not_used(pattern: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match[0].strip()}"
        for path in files(".py")
        for match in re.finditer(pattern, path.read_text(encoding="utf-8"), re.M)
    ]
    assert found == []
    assert not [path for path in files(".py") if path.stem in ("utils", "helpers", "manager", "common", "misc")
                and "tests" not in path.parts and path.parent.name != "schemas"]  # fmt: skip


def test_operations_know_every_role_and_the_changelog_every_command() -> None:
    operations, changelog = read("docs/operations.md"), read("CHANGELOG.md")
    assert [role for role in jobs.ROLES if f"| `{role}` |" not in operations] == []
    commands = {command.name for command in program.registered_commands} | {
        group.name for group in program.registered_groups
    }
    assert [name for name in sorted(filter(None, commands)) if f"`{name}`" not in changelog] == []


def test_every_line_of_the_changelog_is_tagged_by_area() -> None:
    text = read("CHANGELOG.md")
    areas = set(re.findall(r"`(\w+)`", text.split("##")[0]))
    lines = re.findall(r"^- (.+)$", text, re.M)
    assert lines
    for line in lines:
        tag = re.match(r"\[(\w+)\] ", line)
        assert tag is not None, line
        assert tag[1] in areas, line


def test_nothing_tells_where_it_was_written() -> None:
    private = re.compile(
        r"/(?:work|root|opt|home)/(?:main|shared|wheels|pypi|\.pyenv|\w+/\.cache)\b"
        r"|\b(?:clau" r"de|anthro" r"pic|chat" r"gpt|co" r"pilot)\b",
        re.IGNORECASE,
    )  # fmt: skip
    suffixes = (
        ".py",
        ".md",
        ".toml",
        ".txt",
        ".json",
        ".yml",
        ".yaml",
        ".ini",
        ".html",
        ".js",
        ".css",
        "run",
        "test",
        "sh",
    )
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in files(*suffixes)
        if path.name != "tokenizer.json"
        for match in private.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_the_scripts_are_plain_sh_and_can_be_run() -> None:
    for name in ("run", "test", "check", "fmt"):
        path = ROOT / "scripts" / name
        assert os.access(path, os.X_OK), name
        assert path.read_text(encoding="utf-8").startswith("#!/bin/sh\n")
        assert f"`scripts/{name}`" in read("CONTRIBUTING.md")
        done = subprocess.run(["/bin/sh", "-n", str(path)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert "scripts/test" in read(".ci/run")


def test_versions_are_exact_and_name_no_index() -> None:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    wanted = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    lines = [line for line in read("constraints.txt").splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line) for line in lines)
    held = dict(line.split("==") for line in lines)
    assert list(held) == sorted(held)
    assert held["torch"] == "2.13.0"
    names = {re.split(r"[\[<>=!;~ ]", one)[0].lower().replace("_", "-") for one in wanted}
    assert names - held.keys() == set()


def test_what_is_imported_is_declared_and_what_is_declared_is_used() -> None:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    declared = {re.split(r"[\[<>=!;~ ]", one)[0].lower() for one in project["dependencies"]}
    # Used without an import: a driver by URL, forms of FastAPI, time zones.
    unseen = {"psycopg", "python-multipart", "tzdata"}
    modules = {"python-ulid": "ulid", "pyahocorasick": "ahocorasick", "prometheus-client": "prometheus_client"}
    imported = {
        name.split(".")[0]
        for folder in ("app", "collectors", "models")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in _imported(node)
    }
    unused = {name for name in declared - unseen if modules.get(name, name.replace("-", "_")) not in imported}
    assert unused == set()


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []


def test_migrations_do_not_shadow_their_library() -> None:
    assert not (ROOT / "alembic" / "__init__.py").exists()
    packages = tomllib.loads(read("pyproject.toml"))["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert packages == ["app", "collectors", "models"]
    assert all((ROOT / name / "__init__.py").is_file() for name in packages)


@pytest.mark.parametrize(
    "page", ["README.md", "SECURITY.md", "CONTRIBUTING.md", "docs/operations.md", "docs/quickstart.md"]
)
def test_commands_and_options_that_are_shown_exist(page: str) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", read(page), re.S)
    shown = [line.split("#")[0] for block in blocks for line in block.splitlines()]
    shown += re.findall(r"`(fretwatch [^`]+)`", read(page))
    group: Any = typer.main.get_command(program)
    for text in shown:
        for words in re.findall(r"\bfretwatch ((?:[^|)]|\|\|)+)", text):
            command, rest = group, words.split()
            while rest and hasattr(command, "commands") and not rest[0].startswith("-"):
                assert rest[0] in command.commands, text
                command, rest = command.commands[rest[0]], rest[1:]
            options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
            assert {word for word in rest if word.startswith("--")} <= options, text


@pytest.mark.parametrize("page", ["README.md"])
def test_configuration_that_is_shown_is_accepted(page: str, tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", read(page), re.S)
    (tmp_path / "fretwatch.toml").write_text(block, encoding="utf-8")
    assert [endpoint.name for endpoint in load(tmp_path / "fretwatch.toml", environ={}).endpoints] == ["oncall"]


def test_the_letter_that_is_shown_is_a_post_that_the_api_takes() -> None:
    (body,) = re.findall(r"-d '(\{.*?\})'", read("README.md"), re.S)
    post = PostIn.model_validate_json(body).as_post()
    read_out = CueReader().read([Reading(id="1", text=post.text)])[0]
    assert isinstance(read_out, Prediction)
    assert {"threat", "refused_redress"} <= set(read_out.labels.signals)
