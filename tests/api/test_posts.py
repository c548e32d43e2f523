"""Pushing posts: once, whatever happens; and reading them back within what a key may see."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.storage.tables import post
from tests.api.builders import NOON, House
from tests.api.conftest import Asking

JSON = {"Content-Type": "application/json"}


def made(identity: str = "1", **given: Any) -> dict[str, Any]:
    return {"id": identity, "text": "Still no reply.", "author": {"id": "kim"}, "brands": ["northwind"]} | given


def stored(house: House, source: str = "push") -> int:
    with house.database.read() as tx:
        return tx.execute(select(func.count()).select_from(post).where(post.c.source == source)).scalar_one()


def test_the_same_post_is_stored_once(house: House, asking: Asking) -> None:
    client = asking("write")
    first, second = (client.post("/posts", json=made()).json() for _ in range(2))
    assert (first["outcome"], second["outcome"]) == ("created", "duplicate")
    assert first["post"] == second["post"]
    assert client.post("/posts", json=made(text="Edited.")).json()["outcome"] == "edited"
    assert stored(house) == 1
    assert asking("full").get(f"/posts/{first['post']}").json()["mentions"][0]["text"] == "Edited."


def test_a_batch_says_what_became_of_each(house: House, asking: Asking) -> None:
    posts = [
        made("1"),
        made("2", brands=["nobody"]),
        made("3", text="\x00"),
        made("4", brands=[], text="about no brand at all"),
        made("5", source="mastodon"),
        made("6", text="half a pair \ud800 and \x00 noise"),
    ]

    answer = asking("write").post("/posts/batch", content=json.dumps({"posts": posts}), headers=JSON)
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    outcomes = [result["outcome"] for result in results]
    assert outcomes == ["created", "refused", "quarantined", "unmatched", "refused", "created"]
    assert [result["id"] for result in results] == ["1", "2", "3", "4", "5", "6"]
    assert "northwind, southwind" in results[1]["reason"]
    assert "collector" in results[4]["reason"]
    assert answer.json()["counts"] == {"created": 2, "refused": 2, "quarantined": 1, "unmatched": 1}
    read = asking("full").get(f"/posts/{results[5]['post']}").json()["mentions"][0]["text"]
    assert read == "half a pair ? and  noise"


def test_an_absurd_time_is_as_good_as_none(small_house: House, asking_small: Asking) -> None:
    for number, claimed in enumerate(
        ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1964-08-23T00:00:00Z")
    ):
        taken = asking_small("write").post("/posts", json=made(f"t{number}", created_at=claimed)).json()
        assert taken["outcome"] == "created"
        told = asking_small("full").get(f"/posts/{taken['post']}").json()["mentions"][0]
        assert told["event_at"] == told["first_seen_at"] == "2026-03-02T12:00:00Z"


def test_an_idempotency_key_stands_for_one_body(house: House, asking: Asking) -> None:
    client, header = asking("write"), {"Idempotency-Key": "push-1"}
    first, again = (client.post("/posts", json=made(), headers=header) for _ in range(2))
    assert first.json() == again.json()
    assert again.json()["outcome"] == "created"
    other = client.post("/posts", json=made(text="another"), headers=header)
    assert other.status_code == 409
    assert other.headers["content-type"] == "application/problem+json"
    assert asking("full").post("/posts", json=made("9"), headers=header).json()["outcome"] == "created"


def test_five_at_once_under_one_key_are_one(house: House, asking: Asking) -> None:
    client = asking("write")

    def push(key: int) -> str:
        return client.post("/posts", json=made(f"c{key}"), headers={"Idempotency-Key": f"k{key}"}).text

    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(push, [key for key in range(4) for _ in range(5)]))
    assert len(set(answers)) == 4
    assert all('"outcome":"created"' in answer for answer in answers)
    assert stored(house) == 4


def test_a_limited_key_touches_only_its_brand(house: House, asking: Asking) -> None:
    client = asking("southwind")
    asking("northwind").post("/posts", json=made("shared"))
    attempts = [
        made("a"),
        made("b", brands=[]),
        made("shared", brands=["southwind"], text="overwritten"),
        made("sha\x00red", brands=["southwind"], text="overwritten"),
        made("c", brands=["southwind"], author={"id": "x", "handle": "@Northwind@social.example"}),
        made("d", brands=["southwind"]),
    ]
    results = client.post("/posts/batch", json={"posts": attempts}).json()["results"]
    assert [result["outcome"] for result in results] == ["refused"] * 5 + ["created"]
    texts = [item["text"] for item in asking("northwind").get("/posts").json()["items"]]
    assert "overwritten" not in texts
    assert "northwind" not in results[0]["reason"].replace("'northwind'", "")


def test_filters_and_pages(house: House, asking: Asking) -> None:
    client = asking("full")

    def ids(**params: str) -> list[str]:
        answer = client.get("/posts", params=params)
        assert answer.status_code == 200, answer.text
        return [item["external_id"] for item in answer.json()["items"]]

    assert ids() == ["theirs", "second", "praise", "first"]
    assert ids(brand="northwind") == ["second", "praise", "first"]
    assert ids(label="sentiment:positive") == ["praise"]
    assert ids(label="signals:refused_redress", brand="northwind") == ["second", "first"]
    assert ids(label="justice:procedural") == []
    assert ids(label="complaint:no") == ["praise"]
    assert ids(since=(NOON - timedelta(hours=5)).isoformat(), until=(NOON - timedelta(hours=2)).isoformat()) == [
        "praise"
    ]
    assert ids(source="nowhere") == []
    first = client.get("/posts", params={"limit": 3}).json()
    rest = client.get("/posts", params={"limit": 3, "cursor": first["next_cursor"]}).json()
    assert [item["external_id"] for item in first["items"] + rest["items"]] == ["theirs", "second", "praise", "first"]
    assert rest["next_cursor"] is None


def test_private_posts_need_their_scope_and_staff_feedback_is_never_shown(house: House, asking: Asking) -> None:
    seen = {item["external_id"] for item in asking("private").get("/posts").json()["items"]}
    assert "ticket" in seen
    assert "staff" not in seen
    assert asking("admin").get(f"/posts/{house.posts['ticket']}").status_code == 404
    assert asking("private").get(f"/posts/{house.posts['staff']}").status_code == 404


@pytest.mark.parametrize("label", ["failure", "nonsense:x", "failure:weather", "complaint:maybe", "x:y:z"])
def test_an_unknown_label_is_refused_with_the_known_ones(small_house: House, asking_small: Asking, label: str) -> None:
    assert asking_small("full").get("/posts", params={"label": label}).status_code == 422
