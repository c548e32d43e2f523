"""The query language of a brand: phrases, AND, OR, NOT, parentheses, @handles. Compiled once, linear in the text.

`"northwind air" OR @northwind OR (northwind AND (flight OR luggage)) NOT "northwind traders"`

Terms side by side are joined by AND; AND binds closer than OR; case does not matter; a term matches whole words only.
"""

import re
from collections.abc import Callable
from typing import Final

from app.domain.brands import Brand
from app.domain.errors import ConfigurationError

Words = str
"""A text as its words, lower case, with one space around each."""
Matcher = Callable[[Words], bool]

_TOKEN: Final = re.compile(r'\s*(?:"([^"]*)"|([()])|([^\s()"]+))')
_WORD: Final = re.compile(r"[@#]?\w+(?:['\u2019.-]\w+)*")
_MAX_DEPTH: Final = 40


def words_of(text: str) -> Words:
    """The words of a text, ready for any number of matchers."""
    words = " " + " ".join(_WORD.findall(text.lower())) + " "
    # "Northwind's crew" speaks of Northwind.
    return words.replace("'s ", " ").replace("\u2019s ", " ")


def compile_query(query: str) -> Matcher:
    """The query as a function. Raises `ConfigurationError` with the place and what was expected there."""
    parser = _Parser(query)
    matcher = parser.either(0)
    parser.finish()
    return matcher


def brand_matcher(brand: Brand) -> Matcher:
    """What matches a brand: its query, or, without one, its name and its handles."""
    if brand.query.strip():
        return compile_query(brand.query)
    handles = [handle for names in brand.handles.values() for handle in names]
    terms = [words_of(term) for term in (brand.name, *handles) if term.strip()]
    return lambda words: any(term in words for term in terms)


class _Parser:
    def __init__(self, query: str) -> None:
        self._query = query
        self._tokens = self._split(query)
        self._at = 0

    def either(self, depth: int) -> Matcher:
        choices = [self._all(depth)]
        while self._take("OR"):
            choices.append(self._all(depth))
        return choices[0] if len(choices) == 1 else lambda words: any(choice(words) for choice in choices)

    def finish(self) -> None:
        if self._at < len(self._tokens):
            raise self._wrong(f"did not expect {self._tokens[self._at]!r}")

    def _all(self, depth: int) -> Matcher:
        parts = [self._one(depth)]
        while self._at < len(self._tokens) and self._tokens[self._at] not in ("OR", ")"):
            self._take("AND")
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else lambda words: all(part(words) for part in parts)

    def _one(self, depth: int) -> Matcher:
        if depth > _MAX_DEPTH:
            raise self._wrong("nested too deeply")
        if self._take("NOT"):
            inner = self._one(depth + 1)
            return lambda words: not inner(words)
        if self._take("("):
            inner = self.either(depth + 1)
            if not self._take(")"):
                raise self._wrong("expected )")
            return inner
        return self._term()

    def _term(self) -> Matcher:
        if self._at >= len(self._tokens) or self._tokens[self._at] in ("AND", "OR", ")"):
            raise self._wrong("expected a word, a phrase or (")
        term = words_of(self._tokens[self._at])
        if not term.strip():
            raise self._wrong(f"{self._tokens[self._at]!r} holds no word")
        self._at += 1
        return lambda words: term in words

    def _take(self, token: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == token:
            self._at += 1
            return True
        return False

    def _split(self, query: str) -> list[str]:
        found, position = [], 0
        while position < len(query.rstrip()):
            match = _TOKEN.match(query, position)
            if match is None:
                raise self._wrong(f"cannot read from position {position} (is a quotation mark missing?)")
            # A phrase keeps its quotation mark, so that "or" in quotes is a word and no operator.
            phrase = match.group(1)
            found.append(match.group(2) or match.group(3) if phrase is None else f'"{phrase}')
            position = match.end()
        return found

    def _wrong(self, what: str) -> ConfigurationError:
        return ConfigurationError(f"the query {self._query!r}: {what}")
