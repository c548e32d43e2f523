"""Normalise: text that every database and every reader can hold, a language, and a plausible time."""

import re
import unicodedata
from dataclasses import replace
from hashlib import blake2b
from math import isfinite
from typing import Final, Protocol

from app.domain.posts import MAX_TEXT_CHARS, PRIVATE_KINDS, Author, Post, Visibility, event_time, is_late
from app.pipeline.batch import Item

_BAD: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""NUL and other control characters, and lone surrogates: PostgreSQL refuses the first and UTF-8 the last."""
_ID_CHARS: Final = 500
_NAME_CHARS: Final = 200
LARGEST_COUNT: Final = 2**63 - 1
"""What a column holds; no real counter comes near it."""
_LANGUAGE: Final = re.compile("[a-z]{2,3}")


class LanguageGuess(Protocol):
    """The language of a text as a code, or `None` where it cannot tell."""

    def __call__(self, text: str) -> str | None:
        """Guess."""
        ...


class Normalise:
    """Cleans text and author, cuts what is too long and marks it, fixes event time and language."""

    def __init__(self, guess_language: LanguageGuess) -> None:
        self._guess = guess_language

    def run(self, item: Item) -> None:
        """Replace the item's post by its clean form."""
        post = item.post
        text = clean(post.text)
        item.is_truncated = len(text) > MAX_TEXT_CHARS
        item.post = _cleaned(post, text[:MAX_TEXT_CHARS])
        item.event_at = event_time(post.created_at, item.first_seen_at)
        item.is_late = is_late(item.event_at, item.first_seen_at)
        item.language = declared_language(post.language) or self._guess(item.post.text)
        item.content_hash = content_hash(item.post)
        if not item.post.external_id or not post.source:
            item.refused = "the post has no id of its own: without one it could be counted twice"
        elif not item.post.text.strip() and not (item.post.title or "").strip() and post.rating is None:
            item.refused = "nothing is left of the text once control characters are dropped"


def clean(text: str) -> str:
    """Without control characters and lone surrogates, in NFC."""
    if text.isascii():
        return _BAD.sub("", text) if not text.isprintable() else text
    return unicodedata.normalize("NFC", _BAD.sub("", text))


def clean_id(external_id: str) -> str:
    """An id as it is stored; what refers to a post by its id must be cleaned alike."""
    return clean(external_id)[:_ID_CHARS]


def owner_reply_id(external_id: str) -> str:
    """The id of the answer inside a review: made of the review's clean id, and like it no longer than a column holds.

    A long one ends in the hash of the whole, so that two reviews never share the id of their answers.
    """
    made = f"{external_id}#owner-reply"
    if len(made) <= _ID_CHARS:
        return made
    tail = f"#owner-reply-{blake2b(external_id.encode(), digest_size=8).hexdigest()}"
    return external_id[: _ID_CHARS - len(tail)] + tail


def content_hash(post: Post) -> str:
    """What tells an edited post from the one that was read."""
    return blake2b(f"{post.title or ''}\n{post.text}".encode(), digest_size=16).hexdigest()


def declared_language(code: str | None) -> str | None:
    """The primary subtag of what the source says, unless it says that it does not know ("und", "qme")."""
    if code is None:
        return None
    primary = code.lower().replace("_", "-").split("-")[0]
    if primary in ("und", "zxx") or primary.startswith("q") or not _LANGUAGE.fullmatch(primary):
        return None
    return primary


def _cleaned(post: Post, text: str) -> Post:
    is_private = post.kind in PRIVATE_KINDS or post.visibility is Visibility.PRIVATE
    return replace(
        post,
        external_id=clean_id(post.external_id),
        text=text,
        title=None if post.title is None else clean(post.title)[:1000],
        url=None if post.url is None else clean(post.url)[:2000],
        author=_cleaned_author(post.author),
        parent_id=None if post.parent_id is None else clean_id(post.parent_id),
        thread_id=None if post.thread_id is None else clean_id(post.thread_id),
        visibility=Visibility.PRIVATE if is_private else Visibility.PUBLIC,
        rating=_finite(post.rating),
        rating_max=_finite(post.rating_max),
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None


def _cleaned_author(author: Author) -> Author:
    return Author(
        clean(author.external_id)[:_NAME_CHARS],
        None if author.handle is None else clean(author.handle)[:_NAME_CHARS],
        None if author.name is None else clean(author.name)[:_NAME_CHARS],
        author.followers if author.followers is None else min(max(author.followers, 0), LARGEST_COUNT),
        author.verified,
    )
