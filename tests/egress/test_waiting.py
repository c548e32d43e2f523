"""Retry-After as others write it, whatever that is."""

from datetime import UTC, datetime, timedelta

import pytest

from app.egress.waiting import http_date, retry_after

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LONGEST = timedelta(days=7)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        (None, None),
        ("120", timedelta(seconds=120)),
        (" 0 ", timedelta(0)),
        ("0" * 300 + "7", timedelta(seconds=7)),
        ("9" * 9, LONGEST),
        ("9" * 400, LONGEST),
        ("Mon, 02 Mar 2026 12:02:00 GMT", timedelta(minutes=2, seconds=1)),
        ("Mon, 02 Mar 2026 12:02:00 -0000", timedelta(minutes=2, seconds=1)),
        ("Mon, 02 Mar 2026 11:00:00 GMT", SECOND),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST),
        ("Fri, 31 Dec 9999 23:59:59 -2359", None),
        ("Mon, 01 Jan 0001 00:00:00 +2359", SECOND),  # two digits, or fewer, are read as a year of our time
        ("Fri, 31 Dec 99999999999999999999 23:59:59 GMT", None),
        ("soon", None),
        ("-5", None),
        ("²", None),
        ("٣", None),
        ("", None),
    ],
)
def test_seconds_or_a_date_never_early_and_capped(value: str | None, wait: timedelta | None) -> None:
    assert retry_after(value, NOW, longest=LONGEST) == wait


def test_a_date_is_read_in_utc() -> None:
    assert http_date("Mon, 02 Mar 2026 13:00:00 +0100") == NOW
    assert http_date("yesterday") is None
