"""The column mapping: which column of a table becomes which field of a post. A small TOML file.

```toml
encoding = "cp1258"                    # optional; else the byte order mark decides, else UTF-8
delimiter = ";"                        # optional; else what the header shows
brand = { column = "airline" }         # or { value = "northwind" }; becomes a slug
id = "tweet_id"                        # without it, a hash of author, time and text
text = "text"                          # the only one that must be there
created_at = { column = "tweet_created", format = "%Y-%m-%d %H:%M:%S %z" }
by_brand = { column = "inbound", is = "false" }
```

A format is a strptime pattern, `iso` (the default), `unix` or `unix_ms`; times without a zone are UTC.
"""

import codecs
import difflib
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from app.domain.errors import ConfigurationError

FIELDS: Final = (
    "brand", "id", "text", "author", "created_at", "parent", "thread", "language", "rating", "rating_max", "url",
    "title", "kind", "source", "by_brand", "followers", "views", "likes", "shares", "replies",
)  # fmt: skip
"""What a mapping may name."""
SETTINGS: Final = ("encoding", "delimiter")
SPEC_KEYS: Final = ("column", "value", "format", "is")


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """Where one field comes from: a column, or a fixed value."""

    column: str | None = None
    value: str | None = None
    format: str | None = None
    equals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """A read mapping; `name` is the file, for messages."""

    name: str
    fields: Mapping[str, ColumnSpec]
    encoding: str | None = None
    delimiter: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that must be in the table."""
        return tuple(spec.column for spec in self.fields.values() if spec.column is not None)

    def check(self, present: Collection[str], table: str) -> None:
        """Raise `ConfigurationError` for a column that `table` does not have."""
        for field, spec in self.fields.items():
            if spec.column is not None and spec.column not in present:
                raise ConfigurationError(
                    f"{self.name}: {field} is mapped to the column {spec.column!r}, which {table} does not have"
                    f"{nearest(spec.column, present)}. Its columns: {', '.join(sorted(present)) or 'none'}"
                )


def nearest(name: str, known: Collection[str]) -> str:
    """` (did you mean 'x'?)`, or nothing."""
    folded = {other.casefold(): other for other in known}
    close = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.5)
    return f" (did you mean {folded[close[0]]!r}?)" if close else ""


def read_mapping(path: Path) -> ColumnMapping:
    """Read a mapping file; `ConfigurationError` names the file, the key and the nearest right one."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigurationError(f"there is no mapping file {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is not TOML: {error}") from None
    return mapping_from(raw, name=str(path))


def mapping_from(raw: Mapping[str, Any], *, name: str) -> ColumnMapping:
    """A mapping out of its keys."""
    for key in raw:
        if key not in FIELDS and key not in SETTINGS:
            raise ConfigurationError(
                f"{name}: unknown key {key!r}{nearest(key, (*FIELDS, *SETTINGS))}. Known: {', '.join(FIELDS)}"
            )
    if "text" not in raw:
        raise ConfigurationError(f'{name}: text is not mapped; write text = "name of the column with the words"')
    fields = {key: _spec(name, key, raw[key]) for key in FIELDS if key in raw}
    return ColumnMapping(name, fields, _encoding(name, raw.get("encoding")), _delimiter(name, raw.get("delimiter")))


def _spec(name: str, field: str, raw: Any) -> ColumnSpec:
    if isinstance(raw, str):
        return ColumnSpec(column=raw)
    if not isinstance(raw, dict):
        raise ConfigurationError(f'{name}: {field} must be a column name, {{ column = ".." }} or {{ value = ".." }}')
    for key in raw:
        if key not in SPEC_KEYS:
            raise ConfigurationError(f"{name}: {field} has an unknown key {key!r}{nearest(key, SPEC_KEYS)}")
    column, value = raw.get("column"), raw.get("value")
    if (column is None) == (value is None):
        raise ConfigurationError(f"{name}: {field} needs either column or value")
    if not isinstance(column, str | None) or isinstance(value, dict | list):
        raise ConfigurationError(f"{name}: {field} needs a text as column or value")
    wanted = raw.get("is", ())
    equals = (
        tuple(str(one).casefold() for one in (wanted if isinstance(wanted, list) else (wanted,))) if "is" in raw else ()
    )
    pattern = raw.get("format")
    if not isinstance(pattern, str | None):
        raise ConfigurationError(f"{name}: the format of {field} must be a text")
    return ColumnSpec(column, None if value is None else str(value), pattern, equals)


def _encoding(name: str, raw: Any) -> str | None:
    if raw is None:
        return None
    try:
        return codecs.lookup(str(raw)).name
    except LookupError:
        raise ConfigurationError(
            f"{name}: unknown encoding {raw!r}; common ones are utf-8, utf-16, cp1258 (Vietnamese), cp1252 (western)"
        ) from None


def _delimiter(name: str, raw: Any) -> str | None:
    if raw is None or (isinstance(raw, str) and len(raw) == 1):
        return raw
    raise ConfigurationError(f"{name}: delimiter must be one character")
