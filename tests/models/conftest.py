from collections.abc import Iterator
from pathlib import Path

import pytest

from models.loader import load_reader
from models.onnx_reader import OnnxReader
from tests.models.tiny import build_tiny_artefact


@pytest.fixture
def artefact(tmp_path: Path) -> Path:
    return build_tiny_artefact(tmp_path / "tiny")


@pytest.fixture
def reader(artefact: Path) -> Iterator[OnnxReader]:
    opened = load_reader(artefact, workers=2)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def shipped() -> Iterator[OnnxReader]:
    """The reader that is shipped with the repository."""
    opened = load_reader(workers=1)
    yield opened
    opened.close()
