"""Policy files: every field arrives, and the small words say what to write."""

from datetime import time, timedelta
from pathlib import Path

import pytest

from app.domain.errors import ConfigurationError
from app.domain.policies import (
    BusinessHours,
    DailyBudget,
    Policy,
    PolicyRow,
    QuietHours,
    Repeats,
    ReplyRules,
    Settlement,
    Step,
)
from app.settings import load_policy
from app.settings.words import span

FULL = """\
name = "airline"
version = 4
timezone = "America/Denver"
business_hours = { mon-thu = "08:00-18:00", fri = "08:00-16:30" }
quiet_hours = { from = "22:00", to = "07:00", except = ["page", "warn"] }
group_wait = { page = "1s", warn = "45s" }
acknowledge_within = { page = "5m" }
repeat = { page = "10m", warn = "2h", watch = "1d", max = 2 }
steps = [ { after = "15m", endpoint = "duty" }, { after = "0m", endpoint = "oncall" } ]
promises = [ "Bags are delivered within 24 hours" ]

[reply]
require_any = [["own"], ["remedy", "explain"]]
forbid = ["deny"]
next_contact_within = "12h"

[[row]]
failure = "lost_or_damaged"
severity = "blame"
owner = "baggage-desk"
reply_within = "4h"
settle = { limit = 1500, currency = "USD", what = "repair" }

[[row]]
owner = "customer-care"

[budget]
watch = 10
warn = 5
page = 2
"""


def policy_of(folder: Path, text: str) -> Policy:
    path = folder / "airline.toml"
    path.write_text(text, encoding="utf-8")
    return load_policy(path)


def test_every_field_of_a_policy_arrives(tmp_path: Path) -> None:
    day = (time(8), time(18))
    assert policy_of(tmp_path, FULL) == Policy(
        name="airline",
        version=4,
        timezone="America/Denver",
        business_hours=BusinessHours({0: day, 1: day, 2: day, 3: day, 4: (time(8), time(16, 30))}),
        quiet_hours=QuietHours(time(22), time(7), frozenset({"page", "warn"})),
        group_wait={"page": timedelta(seconds=1), "warn": timedelta(seconds=45), "watch": timedelta(seconds=30)},
        acknowledge_within={"page": timedelta(minutes=5)},
        repeat=Repeats({"page": timedelta(minutes=10), "warn": timedelta(hours=2), "watch": timedelta(days=1)}, 2),
        steps=(Step(timedelta(0), "oncall"), Step(timedelta(minutes=15), "duty")),
        promises=("Bags are delivered within 24 hours",),
        reply=ReplyRules(
            (frozenset({"own"}), frozenset({"remedy", "explain"})), frozenset({"deny"}), timedelta(hours=12)
        ),
        rows=(
            PolicyRow(
                "lost_or_damaged", "blame", "baggage-desk", timedelta(hours=4), Settlement(1500, "USD", "repair")
            ),
            PolicyRow(owner="customer-care"),
        ),
        budget=DailyBudget(10, 5, 2),
    )


def test_a_policy_that_says_little_takes_the_defaults(tmp_path: Path) -> None:
    assert policy_of(tmp_path, 'name = "default"\nversion = 1\nbusiness_hours = "24/7"\n') == Policy()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("promises =", "promisses =", 'unknown key "promisses"; did you mean "promises"?'),
        ("owner = ", "onwer = ", 'unknown key "onwer" in [[row]]; did you mean "owner"?'),
        ("after =", "aftr =", 'line 9: unknown key "aftr" in [[steps]]; did you mean "after"?'),
        ("max = 2", "maximum = 2", 'unknown key "maximum" in [repeat]; did you mean "max"?'),
        ('failure = "lost_or_damaged"', 'failure = "lost"', '"lost" is no failure'),
        ('"lost_or_damaged"', '"lost_or_damagd"', 'did you mean "lost_or_damaged"?'),
        ('severity = "blame"', 'severity = "blam"', '"blam" is no severity; did you mean "blame"?'),
        ('["own"]', '["apologize"]', '"apologize" is no reply act; did you mean "apologise"?'),
        ('"22:00"', '"22h"', "'22h' is no time of day"),
        ('fri = "08:00-16:30"', 'fri = "18:00-08:00"', "closes before it opens"),
        ("fri =", "funday =", "'funday' is no day or span of days"),
        ("fri =", "thu =", "thu is named twice"),
        ('{ mon-thu = "08:00-18:00", fri = "08:00-16:30" }', '"always"', 'write "24/7" or'),
        ("limit = 1500", "limit = -1", '"limit" in [[row]]'),
        ("version = 4\n", "", '"version" is missing'),
    ],
)
def test_a_slip_in_a_policy_says_what_to_write(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in FULL
    with pytest.raises(ConfigurationError) as caught:
        policy_of(tmp_path, FULL.replace(old, new, 1))
    assert said in caught.value.message
    assert "airline.toml" in caught.value.message


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("5m", 300), ("24h", 86_400), ("7d", 604_800), ("2w", 1_209_600), ("1h 30m", 5400)],
)
def test_a_span_is_read_as_it_is_said(text: str, seconds: int) -> None:
    assert span(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("value", ["", "5", "m", "5 parsecs", "-5m", "5m!", 5, None])
def test_what_is_no_span_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="is no span of time"):
        span(value)
