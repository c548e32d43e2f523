"""Opens an artefact folder: every file is checked against the manifest before anything is read from it."""

import json
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.domain.errors import ModelUnavailable
from app.domain.taxonomy import TAXONOMY_VERSION
from models.base_weights import sha256_of
from models.calibration import Floats, ReaderSettings, settings_from
from models.onnx_reader import OnnxReader, Session
from models.tokens import open_tokenizer

DEFAULT_FOLDER: Final = Path(__file__).parent / "artefacts" / "minilm"
REMEDY: Final = "Restore the folder from the release, or train a model with `fretwatch train`."
NEEDED: Final = ("model.onnx", "tokenizer.json", "config.json")


def load_reader(folder: Path = DEFAULT_FOLDER, *, workers: int = 1) -> OnnxReader:
    """The reader of an artefact folder; `ModelUnavailable` says what is wrong with it and what to do."""
    verify(folder)
    settings = _settings(folder)
    try:
        tokenizer = open_tokenizer(folder / "tokenizer.json")
        return OnnxReader(lambda: open_session(folder / "model.onnx"), tokenizer, settings, workers=workers)
    except Exception as error:  # both libraries raise bare Exception for a file that they cannot read
        raise ModelUnavailable(f"The model in {folder} cannot be opened ({error}). {REMEDY}") from error


def verify(folder: Path) -> None:
    """Refuse a folder that lacks a file or has one that differs from its manifest."""
    expected = _manifest(folder)
    for name in NEEDED:
        if name not in expected:
            raise ModelUnavailable(f"The manifest of {folder} does not list {name}. {REMEDY}")
    for name, sha256 in expected.items():
        path = folder / name
        if path.parent != folder:
            raise ModelUnavailable(f"The manifest of {folder} names a file outside it: {name}. {REMEDY}")
        if not path.is_file():
            raise ModelUnavailable(f"The model file {path} is missing. {REMEDY}")
        if sha256_of(path) != sha256:
            raise ModelUnavailable(f"The model file {path} is damaged: its sha256 is not the manifest's. {REMEDY}")


def _manifest(folder: Path) -> dict[str, str]:
    path = folder / "manifest.json"
    if not path.is_file():
        raise ModelUnavailable(f"There is no model at {folder} (no manifest.json). {REMEDY}")
    try:
        files: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))["files"]
        return dict(files)
    except (ValueError, KeyError, TypeError) as error:
        raise ModelUnavailable(f"The manifest {path} cannot be read ({error!r}). {REMEDY}") from error


def _settings(folder: Path) -> ReaderSettings:
    path = folder / "config.json"
    try:
        settings = settings_from(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError) as error:
        raise ModelUnavailable(f"The settings {path} cannot be read ({error!r}). {REMEDY}") from error
    if settings.taxonomy_version != TAXONOMY_VERSION:
        raise ModelUnavailable(
            f"The model in {folder} reads taxonomy {settings.taxonomy_version}; this version of Fretwatch needs "
            f"{TAXONOMY_VERSION}. {REMEDY}"
        )
    return settings


def open_session(path: Path) -> Session:
    """One ONNX Runtime session on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def run(ids: NDArray[np.int64], mask: NDArray[np.int64], /) -> tuple[Floats, Floats]:
        sentiment, complaint = session.run(["sentiment", "complaint"], {"ids": ids, "mask": mask})
        return sentiment, complaint

    return run
