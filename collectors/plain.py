"""HTML of strangers as plain text: nothing of it can run, and what a reader would see is kept."""

import html
import re
from typing import Final
from urllib.parse import parse_qs, urlsplit

import nh3

MAX_HTML_CHARS: Final = 100_000
"""Five times the text that is kept; what lies behind is cut before anything parses it."""
BLOCKS: Final = re.compile(r"<(?=/?(?:p|div|br|li|ul|ol|tr|table|blockquote|h[1-6]|section|article|pre|hr)\b)", re.I)
BLANKS: Final = re.compile(r"[^\S\n]+")
LINES: Final = re.compile(r"\s*\n\s*")
LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")
MAX_LINK_CHARS: Final = 2_000


def plain_text(markup: str) -> str:
    """What the markup says, one line a block; scripts and styles are dropped with their content."""
    cut = LONE_SURROGATE.sub("\ufffd", markup[:MAX_HTML_CHARS])  # nh3 refuses text that no UTF-8 can carry
    if len(markup) > MAX_HTML_CHARS and cut.rfind("<") > cut.rfind(">"):
        cut = cut[: cut.rfind("<")]
    if "<" in cut:
        cut = nh3.clean(BLOCKS.sub("\n<", cut), tags=set(), attributes={}, strip_comments=True)
    text = html.unescape(cut).replace("\xa0", " ")
    return LINES.sub("\n", BLANKS.sub(" ", text)).strip()


def safe_link(link: str | None) -> str | None:
    """An http(s) address, out of Google's redirect where it was wrapped; None for every other scheme."""
    if not link or len(link) > MAX_LINK_CHARS:
        return None
    try:
        parts = urlsplit(link.strip())
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    if parts.path == "/url" and re.fullmatch(r"(?:www\.)?google(?:\.[a-z]{2,3}){1,2}", host):
        query = parse_qs(parts.query)
        inner = (query.get("url") or query.get("q") or [""])[0]
        return safe_link(inner)
    return parts.geturl()
