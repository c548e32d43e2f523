"""How long the other side asks to be left alone: the header Retry-After, for collectors and delivery alike."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

_LAST_DIGITS: Final = 9
"""More digits than these are past any cap, and past what timedelta holds."""


def retry_after(value: str | None, now: datetime, *, longest: timedelta) -> timedelta | None:
    """A Retry-After header, in seconds or as an HTTP date after `now`; `None` where there is none that can be read.

    Never early: a date is cut to its second, so that one second more is waited. Never more than `longest`.
    """
    text = (value or "").strip()
    if re.fullmatch(r"[0-9]+", text):
        digits = text.lstrip("0")
        return longest if len(digits) > _LAST_DIGITS else min(timedelta(seconds=int(text)), longest)
    until = http_date(text)
    if until is None:
        return None
    return min(max(until - now, timedelta()) + timedelta(seconds=1), longest)


def http_date(text: str) -> datetime | None:
    """An RFC 9110 date, in UTC; `None` where it cannot be read, or lies outside the years 1 to 9999."""
    try:
        instant = parsedate_to_datetime(text)
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
