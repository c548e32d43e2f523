import json
from pathlib import Path

import pytest

from app.domain.errors import ModelUnavailable
from models.loader import DEFAULT_FOLDER, load_reader, verify
from tests.models.tiny import build_tiny_artefact


def test_an_artefact_opens_and_reads(artefact: Path) -> None:
    reader = load_reader(artefact, workers=1)
    reader.warm_up()
    assert reader.version == "tiny@1"


def test_a_missing_folder_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"no model at .*nowhere.*fretwatch train"):
        load_reader(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "config.json"])
def test_a_missing_file_is_named(artefact: Path, name: str) -> None:
    (artefact / name).unlink()
    with pytest.raises(ModelUnavailable, match=rf"{name} is missing.*fretwatch train"):
        load_reader(artefact)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "config.json"])
def test_a_changed_file_is_refused(artefact: Path, name: str) -> None:
    with (artefact / name).open("ab") as stream:
        stream.write(b" ")
    with pytest.raises(ModelUnavailable, match=rf"{name} is damaged"):
        load_reader(artefact)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"files": 3}', '{"files": {}}'])
def test_a_broken_manifest_is_refused(artefact: Path, content: str) -> None:
    (artefact / "manifest.json").write_text(content, encoding="utf-8")
    with pytest.raises(ModelUnavailable, match="manifest"):
        load_reader(artefact)


@pytest.mark.parametrize(
    ("name", "content"),
    [("config.json", "{}"), ("config.json", "nonsense"), ("model.onnx", "nonsense"), ("tokenizer.json", "{}")],
)
def test_content_that_cannot_be_opened_is_refused_even_with_a_matching_hash(
    artefact: Path, name: str, content: str
) -> None:
    (artefact / name).write_text(content, encoding="utf-8")
    sign(artefact)
    with pytest.raises(ModelUnavailable, match=r"cannot be (?:read|opened)"):
        load_reader(artefact)


def test_another_taxonomy_is_refused(artefact: Path) -> None:
    config = json.loads((artefact / "config.json").read_text(encoding="utf-8"))
    (artefact / "config.json").write_text(json.dumps(config | {"taxonomy_version": 2}), encoding="utf-8")
    sign(artefact)
    with pytest.raises(ModelUnavailable, match="taxonomy 2"):
        load_reader(artefact)


def test_a_manifest_cannot_reach_outside_its_folder(tmp_path: Path) -> None:
    folder = build_tiny_artefact(tmp_path / "tiny")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"]["../secret"] = "0" * 64
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ModelUnavailable, match="outside"):
        load_reader(folder)


def test_the_shipped_artefact_is_whole_and_small() -> None:
    verify(DEFAULT_FOLDER)
    assert sum(path.stat().st_size for path in DEFAULT_FOLDER.iterdir()) <= 25_000_000
    manifest = json.loads((DEFAULT_FOLDER / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["version"] == "minilm@1"
    assert manifest["metrics"]
    assert "airline" not in json.dumps(manifest["rows"])


def sign(folder: Path) -> None:
    """Bring the manifest in line with the files as they are now."""
    from models.base_weights import sha256_of

    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"] = {name: sha256_of(folder / name) for name in manifest["files"]}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
