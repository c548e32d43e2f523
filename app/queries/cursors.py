"""Opaque keyset cursors: where a list goes on. They carry values of the sort key only, and are checked on return."""

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from app.domain.clock import iso
from app.domain.errors import MalformedInput

_MOST_CHARS: Final = 300
_BIG: Final = 2**62


def encode(kind: str, values: Sequence[str | int | datetime]) -> str:
    """The cursor after an item with these sort values; `kind` names the list it belongs to."""
    plain = [iso(value) if isinstance(value, datetime) else value for value in values]
    written = json.dumps([kind, *plain], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(written).rstrip(b"=").decode()


def decode(kind: str, cursor: str | None, shape: Sequence[type]) -> tuple[Any, ...] | None:
    """The sort values of a cursor of this kind, of these types; `None` for no cursor.

    Raises `MalformedInput` for one that this list did not hand out.
    """
    if cursor is None:
        return None
    try:
        if len(cursor) > _MOST_CHARS:
            raise ValueError
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        read = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if not isinstance(read, list) or len(read) != len(shape) + 1 or read[0] != kind:
            raise ValueError
        return tuple(_typed(value, wanted) for value, wanted in zip(read[1:], shape, strict=True))
    except (ValueError, OverflowError, RecursionError):
        message = "The cursor is not one that this list handed out. Start again without one."
        raise MalformedInput(message, pointer="cursor") from None


def _typed(value: object, wanted: type) -> object:
    if wanted is datetime and isinstance(value, str):
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC)
    if wanted is str and isinstance(value, str) and len(value) <= 64 and value.isascii() and value.isprintable():
        return value
    if wanted is int and type(value) is int and abs(value) < _BIG:
        return value
    raise ValueError
