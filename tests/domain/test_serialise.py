"""What the configuration tables hold reads back as it was written."""

import json
from dataclasses import fields
from datetime import time, timedelta
from typing import Any

import pytest

from app.domain import serialise
from app.domain.alerts import Endpoint
from app.domain.brands import Brand, SourceConfig
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

FULL_POLICY = Policy(
    name="made-up",
    version=7,
    timezone="Asia/Ho_Chi_Minh",
    business_hours=BusinessHours({0: (time(8), time(18)), 4: (time(9, 30), time(16))}),
    quiet_hours=QuietHours(time(22), time(7, 15), frozenset({"page", "warn"})),
    group_wait={"page": timedelta(0), "warn": timedelta(seconds=45)},
    acknowledge_within={"page": timedelta(minutes=5)},
    repeat=Repeats({"page": timedelta(minutes=10)}, 2),
    steps=(Step(timedelta(0), "desk"), Step(timedelta(minutes=20), "duty")),
    promises=("Calls are returned the same day",),
    reply=ReplyRules((frozenset({"own"}),), frozenset({"deny"}), timedelta(hours=3)),
    rows=(
        PolicyRow("delay", "blame", "operations", timedelta(hours=2), Settlement(20.5, "EUR", "a meal")),
        PolicyRow(),
    ),
    budget=DailyBudget(9, 8, 7),
)
FULL_BRAND = Brand("acme", "Acme", "Europe/Paris", {"mastodon": ("@acme@x.example",)}, "acme", ("umbrella",), "made-up")
FULL_SOURCE = SourceConfig(
    name="m",
    kind="mastodon",
    brands=("acme",),
    interval=timedelta(minutes=7),
    base_url="https://x.example",
    url="https://y.example",
    token_env="TOKEN",
    allow_private=True,
    money_cap="1 USD/day",
    options={"tags": ["acme"]},
)
FULL_ENDPOINT = Endpoint(
    "desk", "https://x.example/hook", "webhook", (), frozenset({"page"}), frozenset({"acme"}), True, True, 3
)

PAIRS = [
    (FULL_POLICY, Policy(), serialise.policy_to_json, serialise.policy_from_json),
    (FULL_BRAND, Brand("b", "B"), serialise.brand_to_json, serialise.brand_from_json),
    (FULL_SOURCE, SourceConfig("s", "rss", ()), serialise.source_to_json, serialise.source_from_json),
    (FULL_ENDPOINT, Endpoint("e", "https://e.example"), serialise.endpoint_to_json, serialise.endpoint_from_json),
]


@pytest.mark.parametrize(("full", "plain", "write", "read"), PAIRS)
def test_a_value_with_every_field_set_and_one_with_none_come_back(full: Any, plain: Any, write: Any, read: Any) -> None:
    for value in (full, plain):
        assert read(json.loads(json.dumps(write(value)))) == value


@pytest.mark.parametrize(("full", "plain", "write", "read"), PAIRS)
def test_every_field_of_the_full_value_differs_from_the_default(full: Any, plain: Any, write: Any, read: Any) -> None:
    same = {field.name for field in fields(full) if getattr(full, field.name) == getattr(plain, field.name)}
    assert same <= {"secrets", "kind"}, "a field that the round trip would not notice"


def test_an_endpoint_is_written_without_its_secrets_and_read_with_them() -> None:
    endpoint = Endpoint("desk", "https://x.example/hook", secrets=("whsec_bWFkZSB1cA==",))
    written = serialise.endpoint_to_json(endpoint)
    assert "whsec" not in json.dumps(written)
    assert serialise.endpoint_from_json(written, secrets=endpoint.secrets) == endpoint


def test_a_row_of_an_older_version_takes_the_defaults() -> None:
    assert serialise.policy_from_json({"name": "default"}) == Policy()
    assert serialise.brand_from_json({"slug": "b", "name": "B"}) == Brand("b", "B")
