"""Numbers and times as a person reads them. Pure."""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.domain.taxonomy import Justice, title

UNKNOWN: Final = "\N{EN DASH}"
PAIR: Final = " \N{MULTIPLICATION SIGN} "
_JUSTICE: Final = frozenset(Justice)
SIGNS: Final = {"page": "▲", "warn": "◆", "watch": "●", "done": "✓"}
"""A level is always sign, word and colour together."""
STATE_WORDS: Final = {
    "open": "Open",
    "acknowledged": "Acknowledged",
    "resolved": "Resolved",
    "suppressed": "Snoozed",
}
DONE: Final = {
    "acknowledge": "Acknowledged. The reminders stop.",
    "assign": "Assigned.",
    "note": "Noted.",
    "resolve": "Resolved.",
    "suppress": "Snoozed. It comes back by itself when the risk rises.",
    "reopen": "Reopened.",
    "label": "Kept with the alert.",
}
"""What an action on an alert did, in a sentence."""
LANGUAGES: Final = {
    "en": "English",
    "vi": "Vietnamese",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "und": "unknown language",
}


def span(length: timedelta) -> str:
    """A length of time, rounded to what matters: "281 days", "3 h", "38 min", "20 s"."""
    seconds = abs(length.total_seconds())
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 48 * 3600:
        hours = seconds / 3600
        return f"{hours:.0f} h" if hours >= 10 or abs(hours - round(hours)) < 0.05 else f"{hours:.1f} h"
    days = round(seconds / 86400)
    return f"{days} day" if days == 1 else f"{days:,} days"


def ago(at: datetime, now: datetime) -> str:
    """How long ago, or how far ahead: "38 min ago", "in 2 h"."""
    length = now - at
    if abs(length.total_seconds()) < 10:
        return "just now"
    return f"{span(length)} ago" if length > timedelta(0) else f"in {span(length)}"


def moment(at: datetime, zone: ZoneInfo, *, now: datetime | None = None) -> str:
    """A time in the brand's zone: "13 Jan 06:12", with the year where it is another than now's."""
    local = at.astimezone(zone)
    same_year = now is not None and now.astimezone(zone).year == local.year
    return f"{local.day} {local:%b %H:%M}" if same_year else f"{local.day} {local:%b %Y %H:%M}"


def number(value: float | None, digits: int = 0) -> str:
    """With thousands separated; an unknown value is a dash, never a zero."""
    if value is None:
        return UNKNOWN
    return f"{value:,.{digits}f}"


def percent(value: float | None, digits: int = 1) -> str:
    """A share as "18.4 %"; unknown is a dash."""
    return UNKNOWN if value is None else f"{value * 100:.{digits}f} %"


def plural(count: int, one: str, many: str | None = None) -> str:
    """ "1 post", "3 posts"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def code(value: str | None) -> str:
    """A code of the taxonomy, an owner or a pair as a person reads it."""
    if not value:
        return ""
    return PAIR.join(title(part).replace("_", " ").replace("-", " ") for part in value.split("|"))


def tag(value: str) -> str:
    """A code beside others of other fields: which kind it is must be seen, as in "distributive justice"."""
    return f"{code(value)} justice" if value in _JUSTICE else code(value)


def capital(text: str) -> str:
    """The first letter large, the rest as it is."""
    return text[:1].upper() + text[1:]


def measure(value: float | None, unit: str | None) -> str:
    """A reason's value with its unit: "281 d" becomes "281 days"."""
    if value is None:
        return UNKNOWN
    lengths = {"d": 86400.0, "h": 3600.0, "min": 60.0, "s": 1.0}
    if unit in lengths:
        return span(timedelta(seconds=value * lengths[unit]))
    shown = number(value, 0 if float(value).is_integer() or abs(value) >= 100 else 2)
    return f"{shown} {unit}" if unit else shown


def language(code_: str | None) -> str:
    """A language's English name, or its code."""
    return LANGUAGES.get(code_ or "und", code_ or "unknown language")
