"""The one text normalisation, used in training and in serving alike, so that both see the same characters.

It never fails: whatever Python can hold in a `str` comes out as valid, NFC-composed, single-spaced text.
"""

import html
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

MAX_CHARACTERS: Final = 20_000
"""Longer texts are cut here first, so that one post costs a bounded time."""

USER_TOKEN: Final = "@user"
URL_TOKEN: Final = "http"

# C0 and C1 controls but tab, newline and return; zero-width marks, joiners, direction marks, soft hyphen.
_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe0f\ufeff]+"
)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
# A handle, also with its server (`@name@host.example`); an e-mail address is none. A run of handles is one token.
_MENTIONS: Final = re.compile(r"(?<![\w@.])@\w+(?:@[\w.-]+\w)?(?:\s+@\w+(?:@[\w.-]+\w)?)*")
_URL: Final = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_QUOTES: Final = {"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u201c": '"', "\u201d": '"'}

# The WordPiece vocabulary has no emoji (all of them would be one unknown token); these carry most of the attitude.
_LOOKALIKES: Final = str.maketrans(
    _QUOTES
    | {
        emoji: f" {word} "
        for word, emojis in {
            "laughing": "😂🤣😆😹",
            "smiling": "😀😃😄😁😊🙂😌☺😋",
            "love": "😍🥰❤💕💖💗💙💚💛💜🖤😘💓💞",
            "great": "👍👏🙌🎉💯🔥🏆🤩🥳👌",
            "thanks": "🙏",
            "crying": "😭😢😿🥲",
            "sad": "😔😞☹🙁😟😥😩😫😣😖💔",
            "angry": "😡😠🤬👿💢",
            "bad": "👎🤮🤢💩🖕",
            "annoyed": "🙄😒😑😤😐🤦🤷",
            "shocked": "😱😳😨😰🤯",
            "wink": "😉😜😏😎",
        }.items()
        for emoji in emojis
    }
)


@dataclass(frozen=True, slots=True)
class NormalText:
    """A text as the models read it; `truncated` says that the cap cut something off."""

    text: str
    truncated: bool = False


def unreadable_because(raw: object) -> str | None:
    """Why a value that came in as a text is none, or `None` when it is one: types are not checked where data enters."""
    return None if isinstance(raw, str) else f"not a text but {type(raw).__name__}"


def normalise(raw: str) -> NormalText:
    """The text with handles and links masked, invisible characters dropped and white space collapsed."""
    truncated = len(raw) > MAX_CHARACTERS
    text = raw[:MAX_CHARACTERS] if truncated else raw
    if not text.isascii():
        text = _compose(text)
    elif not text.isprintable():
        text = _INVISIBLE.sub("", text)
    if "&" in text:
        text = html.unescape(text)
    if "://" in text or "www." in text:
        text = _URL.sub(URL_TOKEN, text)
    if "@" in text:
        text = _MENTIONS.sub(USER_TOKEN, text)
    return NormalText(" ".join(text.split()), truncated)


def _compose(text: str) -> str:
    visible = _INVISIBLE.sub("", _SURROGATE.sub("\ufffd", text))
    return unicodedata.normalize("NFC", visible).translate(_LOOKALIKES)


_WORD: Final = re.compile(r"[^\W_]+")


def comparison_key(raw: str) -> str:
    """What two copies of one post share: letters and digits without handles and links, in lower case.

    Copies of a tweet mask handles and links differently; comparing anything more leaks validation rows into training.
    """
    bare = _MENTIONS.sub(" ", _URL.sub(" ", html.unescape(raw)))
    words = _WORD.findall(bare.lower())
    return " ".join(word for word in words if word not in {"http", "user"})
