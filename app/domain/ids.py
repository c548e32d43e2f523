"""Identifiers: ULIDs, which sort by the time they were made."""

from ulid import ULID


def new_id() -> str:
    """26 characters of Crockford base 32."""
    return str(ULID())
