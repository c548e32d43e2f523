"""The wheel holds all that the product needs, and runs from anywhere, alone."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


def run(*command: str, cwd: Path) -> str:
    """What it prints on standard output; fails the test with everything it said."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=150)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the tree; hatchling comes from the package index, unless it is installed."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    run(*pip, cwd=folder)
    (found,) = folder.glob("fretwatch-*.whl")
    return found


def test_the_wheel_is_whole(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    tree = {
        path.relative_to(ROOT).as_posix()
        for folder in ("app", "collectors", "models")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert tree - inside == set()
    for needed in (
        "app/_alembic/env.py",
        "app/_alembic/versions/0001_the_monitor.py",
        "app/_examples/broken_guitar/scenario.py",
        "app/_examples/broken_guitar/policies/northwind.toml",
        "app/_examples/receiver/receiver.py",
        "app/cli/templates/fretwatch.toml.txt",
        "app/web/templates/base.html",
        "app/web/static/vendor/SHA256SUMS",
        "models/artefacts/minilm/model.onnx",
        "models/artefacts/minilm/manifest.json",
    ):
        assert needed in inside
    foreign = {name.split("/")[0] for name in inside} - {"app", "collectors", "models"}
    assert all(name.endswith(".dist-info") for name in foreign), foreign
    assert not [name for name in inside if name.startswith("tests/") or "/var/" in name]
    assert wheel.stat().st_size < 40_000_000


def test_it_runs_from_elsewhere_without_the_tree(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "installed"
    run(
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        str(target),
        str(wheel),
        cwd=tmp_path,
    )
    code = (
        "import sys; sys.path.insert(0, sys.argv.pop(1))\n"
        "import app, collectors, models\n"
        "assert all(part.__file__.startswith(sys.path[0]) for part in (app, collectors, models)), app.__file__\n"
        "from app.cli import main; main()"
    )

    def fretwatch(*arguments: str) -> str:
        return run(sys.executable, "-c", code, str(target), *arguments, cwd=tmp_path)

    assert fretwatch("--version").startswith("fretwatch ")
    fretwatch("init", "Northwind Air")
    fretwatch("apply")
    assert (tmp_path / "var" / "fretwatch.db").stat().st_size > 0
    (tmp_path / "posts.jsonl").write_text('{"text": "You lost my bag and nobody answers"}\n', encoding="utf-8")
    assert '"complaint": true' in fretwatch("classify", "--input", "posts.jsonl")
    found = run(sys.executable, "-c", _EXAMPLES, str(target), cwd=Path("/")).strip()
    assert found == str(target / "app" / "_examples")


_EXAMPLES = """
import sys; sys.path.insert(0, sys.argv.pop(1))
from app.runtime.demo import examples
print(examples())
"""
