"""What `init` writes, and the preview of what a brand's query matches."""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template
from typing import Final

from app.domain.brands import Brand
from app.domain.errors import Conflict, MalformedInput, UsageError
from app.domain.query import brand_matcher, words_of
from app.settings import ensure_master_key

SHOWN: Final = 8
"""Examples of a preview, of either kind at most half."""
SAMPLES: Final = (
    "{name} lost my suitcase and nobody answers",
    "Thanks {name}, that was quick!",
    "@{handle} where is my refund?",
    "@{handle} third time this week that the app is down",
    "The wind from the north will bring rain on Sunday",
    "My train was late again this morning",
)


@dataclass(frozen=True, slots=True)
class Preview:
    """How many texts were looked at, how many the query matches, and some of both kinds."""

    seen_count: int
    matched_count: int
    examples: tuple[tuple[bool, str], ...]


def new_brand(name: str, *, slug: str | None = None) -> Brand:
    """A brand of this name with a first query: the name as a phrase, or the name as a handle."""
    name = " ".join(name.split())
    made = slug or _slug(name)
    if not name or not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", made):
        raise UsageError(f"{name!r} makes no short name of small letters, digits and hyphens; give one with --slug")
    phrase = name.replace('"', " ").casefold()
    return Brand(slug=made, name=name, query=f'"{phrase}" OR @{made.replace("-", "")}', policy=made)


def write_files(brand: Brand, folder: Path) -> list[Path]:
    """The configuration, the policy and the master key. Raises `Conflict` before anything is overwritten."""
    paths = [folder / "fretwatch.toml", folder / "policies" / f"{brand.slug}.toml"]
    for path in paths:
        if path.exists():
            raise Conflict(f"{path} is there already and is not overwritten; edit it, or use another --folder")
    for path, template in zip(paths, ("fretwatch.toml.txt", "policy.toml.txt"), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_filled(template, brand), encoding="utf-8")
    secret = folder / "var" / "secret"
    is_new = not secret.exists()
    ensure_master_key(secret)
    return [*paths, secret] if is_new else paths


def preview(brand: Brand, texts: Iterable[str]) -> Preview:
    """What the query matches; nothing is stored."""
    matches = brand_matcher(brand)
    kept: dict[bool, list[str]] = {True: [], False: []}
    counts = {True: 0, False: 0}
    for text in texts:
        is_match = matches(words_of(text))
        counts[is_match] += 1
        if len(kept[is_match]) < SHOWN // 2:
            kept[is_match].append(_short(text))
    examples = tuple((is_match, text) for is_match in (True, False) for text in kept[is_match])
    return Preview(counts[True] + counts[False], counts[True], examples)


def sample_texts(brand: Brand) -> Iterator[str]:
    """Made-up sentences about the brand, and about other things."""
    handle = brand.slug.replace("-", "")
    return (sample.format(name=brand.name, handle=handle) for sample in SAMPLES)


def texts_of(path: Path) -> Iterator[str]:
    """The texts of a file: of JSON lines their `text`, of other files each line."""
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            if line.lstrip().startswith("{"):
                yield _text_of(line, path, number)
            elif line.strip():
                yield line.strip()


def _text_of(line: str, path: Path, number: int) -> str:
    try:
        found = json.loads(line).get("text")
    except ValueError as error:
        raise MalformedInput(f"{path}, line {number} is no JSON: {error}", pointer=str(number)) from None
    if not isinstance(found, str):
        raise MalformedInput(f'{path}, line {number} has no "text"', pointer=str(number))
    return found


def _filled(template: str, brand: Brand) -> str:
    text = resources.files("app.cli").joinpath("templates", template).read_text(encoding="utf-8")
    quoted = {"name": json.dumps(brand.name, ensure_ascii=False), "query": f"'{brand.query}'"}
    if "'" in brand.query:
        quoted["query"] = json.dumps(brand.query, ensure_ascii=False)
    return Template(text).substitute(slug=brand.slug, handle=brand.slug.replace("-", ""), **quoted)


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold().replace("đ", "d")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:63]


def _short(text: str, limit: int = 100) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else f"{flat[: limit - 1]}…"
