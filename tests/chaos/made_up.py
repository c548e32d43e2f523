"""A made-up file of posts and a house that watches it: brands, endpoints, a policy. Everything here is invented."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

BRANDS: Final = ("Northwind", "Southwind", "Eastwind")
START: Final = datetime(2026, 2, 2, 6, 0, tzinfo=UTC)
SPAN: Final = timedelta(days=12)
MAPPING: Final = """brand = { column = "brand" }
id = "id"
text = "text"
author = "author"
created_at = { column = "at", format = "iso" }
parent = "parent"
by_brand = { column = "by", is = "brand" }
followers = "followers"
"""
_CONFIGURATION: Final = """policies = ["policies/*.toml"]

[[brand]]
slug = "{slugs[0]}"
name = "Northwind"
policy = "chaos"

[[brand]]
slug = "{slugs[1]}"
name = "Southwind"
policy = "chaos"

[[brand]]
slug = "{slugs[2]}"
name = "Eastwind"
policy = "chaos"

[[endpoint]]
name = "oncall"
url = "{url}/oncall"
secret_env = "CHAOS_SECRET"
levels = ["warn", "page"]
allow_private = true
max_per_hour = 100000

[[endpoint]]
name = "desk"
url = "{url}/desk"
secret_env = "CHAOS_SECRET"
levels = ["watch", "warn", "page"]
allow_private = true
max_per_hour = 100000
"""
_POLICY: Final = """name = "chaos"
version = 1
timezone = "UTC"
group_wait = { page = "0s", warn = "0s", watch = "0s" }

[[row]]
failure = "*"
owner = "customer-care"
reply_within = "24h"
"""
_ORDINARY: Final = (
    "thank you for the window seat",
    "is the lounge open on Sunday?",
    "love the new livery",
    "boarding now, see you in Lisbon",
    "what a view this morning",
    "great crew today, thanks",
)
_COMPLAINTS: Final = (
    "you lost my suitcase and nobody answers the phone",
    "my flight was cancelled and I am still stranded at the gate, this is terrible",
    "third time this week that the app is down, unacceptable",
    "your agent was rude to my mother and laughed at her",
    "charged twice for one bag, I want my money back",
)
_THREATS: Final = (
    "you refused my refund again. My lawyer will sue you and I am going to the press",
    "you broke my guitar and refuse to pay for it. I will sue you and tell everyone, boycott them",
)
_REPLIES: Final = (
    "We are sorry for this. We have refunded you in full today and will call you.",
    "Please see our terms and conditions.",
)


def write_house(folder: Path, *, url: str, posts: int, seed: int = 7) -> int:
    """Write `posts.jsonl`, `mapping.toml`, `fretwatch.toml` and a policy; how many distinct posts the file holds."""
    slugs = [name.lower() for name in BRANDS]
    (folder / "policies").mkdir(parents=True, exist_ok=True)
    (folder / "policies" / "chaos.toml").write_text(_POLICY, encoding="utf-8")
    (folder / "fretwatch.toml").write_text(_CONFIGURATION.format(slugs=slugs, url=url), encoding="utf-8")
    (folder / "mapping.toml").write_text(MAPPING, encoding="utf-8")
    rows = list(made_up_rows(posts, seed=seed))
    (folder / "posts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return len({row["id"] for row in rows})


def made_up_rows(count: int, *, seed: int) -> Iterator[dict[str, Any]]:
    """Rows in time order; one in fifty comes twice, one in twelve is a brand's reply to an earlier complaint."""
    chance = random.Random(seed)
    complained: list[dict[str, Any]] = []
    for number in range(count):
        at = START + SPAN * (number / count)
        row = _reply(chance, number, at, complained) if complained and chance.random() < 1 / 12 else None
        if row is None:
            row = _post(chance, number, at)
            if row["text"] not in _ORDINARY:
                complained.append(row)
        yield row
        if chance.random() < 1 / 50:
            yield row


def _post(chance: random.Random, number: int, at: datetime) -> dict[str, Any]:
    brand = chance.choice(BRANDS)
    kind = chance.choices((_ORDINARY, _COMPLAINTS, _THREATS), (12, 6, 1))[0]
    # Few of the many authors complain again and again: their posts join one case, whatever was killed in between.
    author = f"loud{chance.randrange(40)}" if kind is not _ORDINARY else f"calm{chance.randrange(2000)}"
    return {
        "id": f"p{number}",
        "brand": brand,
        "text": f"@{brand.lower()} {chance.choice(kind)}",
        "author": author,
        "at": at.isoformat(),
        "followers": chance.randrange(3000),
    }


def _reply(chance: random.Random, number: int, at: datetime, complained: list[dict[str, Any]]) -> dict[str, Any]:
    answered = chance.choice(complained[-60:])
    return {
        "id": f"p{number}",
        "brand": answered["brand"],
        "text": chance.choice(_REPLIES),
        "author": answered["brand"].lower(),
        "at": at.isoformat(),
        "parent": answered["id"],
        "by": "brand",
    }
