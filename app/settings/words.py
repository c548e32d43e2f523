"""Small words of a configuration file: spans, clock times, opening hours, codes. Each refusal says what to write."""

import re
from collections.abc import Iterable
from datetime import time, timedelta
from difflib import get_close_matches
from typing import Any, Final
from zoneinfo import ZoneInfo

_SPAN: Final = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|d|w)")
_UNIT: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def span(value: Any) -> Any:
    """`30s`, `5m`, `24h`, `7d`, `1h30m` as a timedelta; a timedelta stays what it is."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str):
        text = value.replace(" ", "").lower()
        parts = _SPAN.findall(text)
        if parts and "".join(number + unit for number, unit in parts) == text:
            return sum((timedelta(**{_UNIT[unit]: float(number)}) for number, unit in parts), timedelta(0))
    raise ValueError(f"{value!r} is no span of time; write 30s, 5m, 24h or 7d")


def clock(value: Any) -> Any:
    """`08:00` as a time."""
    if isinstance(value, time):
        return value
    if isinstance(value, str) and _CLOCK.fullmatch(value):
        return time.fromisoformat(value)
    raise ValueError(f'{value!r} is no time of day; write "08:00"')


def zone(value: str) -> str:
    """The name of a time zone that exists."""
    try:
        ZoneInfo(value)
    except (LookupError, ValueError, OSError):
        raise ValueError(f'{value!r} is no time zone; write "Europe/Paris" or "UTC"') from None
    return value


def code(value: str, known: Iterable[str], *, what: str) -> str:
    """One of the known codes, or a refusal that names the nearest."""
    choices = sorted(known)
    if value in choices:
        return value
    near = get_close_matches(value, choices, n=1)
    hint = f'did you mean "{near[0]}"?' if near else f"it is one of {', '.join(choices)}"
    raise ValueError(f'"{value}" is no {what}; {hint}')


def opening_hours(value: Any) -> dict[int, tuple[time, time]] | None:
    """`24/7` as None, `{ mon-fri = "08:00-18:00" }` as weekday (0 = Monday) to window."""
    if value == "24/7":
        return None
    if not isinstance(value, dict) or not value:
        raise ValueError('write "24/7" or { mon-fri = "08:00-18:00", sat = "09:00-12:00" }')
    windows: dict[int, tuple[time, time]] = {}
    for days, window in value.items():
        hours = _window(window)
        for day in _days(days):
            if day in windows:
                raise ValueError(f"{DAYS[day]} is named twice")
            windows[day] = hours
    return windows


def _window(value: Any) -> tuple[time, time]:
    opens, _, closes = str(value).partition("-")
    pair = clock(opens.strip()), clock(closes.strip())
    if pair[0] >= pair[1]:
        raise ValueError(f"{value!r} closes before it opens")
    return pair


def _days(value: str) -> range:
    first, _, last = value.partition("-")
    last = last or first
    if first not in DAYS or last not in DAYS or DAYS.index(first) > DAYS.index(last):
        raise ValueError(f"{value!r} is no day or span of days; write mon, sat or mon-fri")
    return range(DAYS.index(first), DAYS.index(last) + 1)
