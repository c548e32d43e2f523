"""A TOML file that remembers where its keys stand, so that every refusal names the file, the line and the key."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from app.domain.errors import ConfigurationError

Model = TypeVar("Model", bound=BaseModel)
Place = Sequence[str | int]

_TABLE: Final = re.compile(r"^\s*\[\[?\s*([\w.\-\"]+)\s*\]\]?")
_KEY: Final = re.compile(r"^\s*\"?([\w\-]+)\"?\s*[.=]")


@dataclass(frozen=True, slots=True)
class TomlFile:
    """One file: its name as a person knows it, its text, and what it says."""

    name: str
    text: str
    values: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> "TomlFile":
        """Raises `ConfigurationError` where it is missing, unreadable, or no TOML."""
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            message = f"There is no file {path}. Write one with `fretwatch init`, or name another with --config."
            raise ConfigurationError(message) from None
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{path} cannot be read: {error}") from error
        try:
            return cls(str(path), text, tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise ConfigurationError(f"{path} is no valid TOML: {error}") from error

    def validate(self, model: type[Model]) -> Model:
        """What the file says as `model`; every wrong key is named at once."""
        return validated(model, self.values, self)

    def where(self, place: Place) -> str:
        """`fretwatch.toml, line 12`."""
        line = _line_of(self.text, place)
        return f"{self.name}, line {line}" if line else self.name

    def refuse(self, place: Place, message: str) -> ConfigurationError:
        """The error to raise about a key that is well-formed and wrong."""
        return ConfigurationError(f"{self.where(place)}: {message}")


def validated(
    model: type[Model],
    values: Mapping[str, Any],
    file: TomlFile,
    variables: Mapping[tuple[str, ...], str] | None = None,
) -> Model:
    """`values` as `model`; `variables` says which places were set by which environment variable."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        said = [_said(model, details, file, variables or {}) for details in error.errors()]
        raise ConfigurationError("\n".join(dict.fromkeys(said))) from None


def _said(
    model: type[BaseModel], details: ErrorDetails, file: TomlFile, variables: Mapping[tuple[str, ...], str]
) -> str:
    place = details["loc"]
    names = tuple(str(part) for part in place if isinstance(part, str))
    start = next((variables[names[:n]] for n in range(len(names), 0, -1) if names[:n] in variables), None)
    place_said = f"environment variable {start}" if start else file.where(place)
    key = names[-1] if names else ""
    table = _table(place)
    if details["type"] == "extra_forbidden":
        return f'{place_said}: unknown key "{key}"{table}{suggestion(key, _keys(model, place))}'
    if details["type"] == "missing":
        return f'{place_said}: "{key}" is missing{table}'
    message = details["msg"].removeprefix("Value error, ")
    if details["type"] == "string_pattern_mismatch":
        message = f"{details['input']!r} does not fit; {_PATTERN_HINT.get(key, 'write it as the documentation shows')}"
    return f'{place_said}: "{key}"{table}: {message[0].lower()}{message[1:]}'


def _table(place: Place) -> str:
    if len(place) < 2:
        return ""
    is_list = isinstance(place[1], int)
    return f" in [[{place[0]}]]" if is_list else f" in [{place[0]}]"


_PATTERN_HINT: Final = {
    "slug": "use small letters, digits and hyphens",
    "name": "use small letters, digits and hyphens",
    "url": "write a whole address that begins with https:// or http://",
    "public_url": "write a whole address that begins with https:// or http://",
}


def suggestion(key: str, known: Sequence[str]) -> str:
    """`; did you mean "query"?`, or the keys there are."""
    near = get_close_matches(key, known, n=1, cutoff=0.6)
    return f'; did you mean "{near[0]}"?' if near else f"; the keys are {', '.join(sorted(known))}"


def _keys(model: type[BaseModel], place: Place) -> list[str]:
    """The keys that the table at `place` knows."""
    at: type[BaseModel] = model
    for part in place[:-1]:
        if isinstance(part, str):
            found = next((f for name, f in at.model_fields.items() if part in (name, f.alias)), None)
            inner = _model_in(found.annotation) if found else None
            at = inner or at
    return [field.alias or name for name, field in at.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(part) for part in getattr(annotation, "__args__", ()))
    return next((model for model in found if model is not None), None)


def _line_of(text: str, place: Place) -> int | None:
    """The line of the key at `place`, else of its table, else of the key that holds it as an inline table."""
    names = [part for part in place if isinstance(part, str)]
    ordinal = next((part for part in place if isinstance(part, int)), 0)
    lines = list(_keys_and_tables(text))
    for wanted in ((names[0], ordinal, names[1]) if len(names) > 1 else None, (names[0], ordinal, None), names[0]):
        for number, table, nth, key in lines:
            if (table, nth, key) == wanted or (table == "" and key == wanted):
                return number
    return None


def _keys_and_tables(text: str) -> Iterator[tuple[int, str, int, str | None]]:
    """Line number, table, which of its kind, and the key; a header has no key. Reads lines, not values."""
    seen: Counter[str] = Counter()
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        header, key = _TABLE.match(line), _KEY.match(line)
        if header:
            table = header.group(1)
            seen[table] += 1
            yield number, table, seen[table] - 1, None
        elif key:
            yield number, table, max(seen[table] - 1, 0), key.group(1)
