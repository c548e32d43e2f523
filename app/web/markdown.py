"""The few Markdown marks that our own fact sheets use, as blocks of plain text: headings, lists, tables, paragraphs.

No HTML comes out of it; the template writes the elements, and everything is escaped.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

_MARKS: Final = re.compile(r"\*\*|`|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)")
_LINK: Final = re.compile(r"\[([^\]]*)\]\(([^)]*)\)")
_RULE: Final = re.compile(r"^[\s|:-]+$")


@dataclass(frozen=True, slots=True)
class Block:
    """`kind` is h1, h2, list, table or text; lists and tables have `items_`, the others `text`."""

    kind: str
    text: str = ""
    items_: list[Any] = field(default_factory=list)


def blocks_of(source: str) -> list[Block]:
    """The blocks of a Markdown text, in order."""
    lines = [line.rstrip() for line in source.splitlines()]
    return [block for kind, group in groupby(lines, key=_kind) for block in _blocks(kind, list(group))]


def _kind(line: str) -> str:
    if not line.strip():
        return "blank"
    if line.startswith("#"):
        return "heading"
    if line.lstrip().startswith("|"):
        return "table"
    # A list goes on in indented lines.
    return "list" if re.match(r"\s*[-*] |\s{2,}\S", line) else "text"


def _blocks(kind: str, lines: list[str]) -> Iterator[Block]:
    if kind == "heading":
        for line in lines:
            yield Block("h1" if line.startswith("# ") else "h2", _plain(line.lstrip("# ")))
    elif kind == "table":
        cells = [
            [_plain(cell) for cell in line.strip().strip("|").split("|")] for line in lines if not _RULE.match(line)
        ]
        yield Block("table", items_=cells)
    elif kind == "list":
        yield Block("list", items_=_items(lines))
    elif kind == "text":
        yield Block("text", _plain(" ".join(lines)))


def _items(lines: list[str]) -> list[str]:
    items: list[str] = []
    for line in lines:
        if re.match(r"\s*[-*] ", line) or not items:
            items.append(line.strip().lstrip("-* "))
        else:
            items[-1] += f" {line.strip()}"
    return [_plain(item) for item in items]


def _plain(text: str) -> str:
    return _MARKS.sub("", _LINK.sub(r"\1 (\2)", text)).strip()
