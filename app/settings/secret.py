"""The master key in `var/secret`: 32 random bytes under which API keys are hashed."""

import os
import secrets
from pathlib import Path
from typing import Final

from app.domain.errors import ConfigurationError

SIZE: Final = 32


def ensure_master_key(path: Path) -> bytes:
    """The master key of this installation; made on the first call, readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return master_key(path)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(SIZE) + "\n")
    return master_key(path)


def master_key(path: Path) -> bytes:
    """The master key. Raises `ConfigurationError` where it is missing, damaged, or open to others."""
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigurationError(f"{path} can be read by others; close it with: chmod 600 {path}")
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        message = f"There is no master key at {path}. Make one with `fretwatch init`, or put yours back."
        raise ConfigurationError(message) from None
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"The master key {path} cannot be read: {error}") from error
    if len(key) < SIZE:
        raise ConfigurationError(f"The master key {path} is too short: it must be {SIZE} bytes in hexadecimal.")
    return key
