"""The feed over the API: what it shows, how it pages, and what people do with an alert."""

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import update

from app.domain.alerts import Evidence
from app.domain.clock import floor_hour
from app.domain.posts import Tombstone
from app.storage.posts import remove_posts
from app.storage.reads_trends import BucketFilter, totals
from app.storage.tables import delivery
from tests.api.builders import NOON, House
from tests.api.conftest import Asking


def test_a_card_carries_quote_clock_reasons_and_links(house: House, asking: Asking) -> None:
    answer = asking("full").get("/alerts", params={"brand": "northwind"})
    assert answer.status_code == 200
    (card,) = answer.json()["items"]
    assert card["id"] == house.alerts["guitar"]
    assert card["quote"]["text"].startswith("Two weeks")
    assert card["clock"]["used"] == 1.25
    assert card["clock"]["left_s"] == -6 * 3600
    assert card["reasons"][0]["text"] == "No reply seen for 30 h"
    assert card["links"] == {
        "self": f"/api/v1/alerts/{house.alerts['guitar']}",
        "page": f"https://fretwatch.example/alerts/{house.alerts['guitar']}",
    }
    assert set(card["tags"]) == {"lost_or_damaged", "after_sale", "accusation", "distributive", "refused_redress"}


def test_private_alerts_need_their_own_scope(house: House, asking: Asking) -> None:
    private = house.alerts["private"]
    assert private not in {item["id"] for item in asking("admin").get("/alerts").json()["items"]}
    assert asking("admin").get(f"/alerts/{private}").status_code == 404
    assert private in {item["id"] for item in asking("private").get("/alerts").json()["items"]}
    assert asking("private").get(f"/alerts/{private}").status_code == 200


def test_pages_go_on_without_loss_or_repetition(house: House, asking: Asking) -> None:
    for number in range(7):
        house.alert(f"more-{number}", evidence=(Evidence(house.posts["first"], "first_complaint"),))
    for order in ("recent", "gravest"):
        client, found, path = asking("full"), [], f"/alerts?limit=2&order={order}"
        while path:
            answer = client.get(path)
            found += [item["id"] for item in answer.json()["items"]]
            link = answer.headers.get("link", "")
            path = link.split(">")[0].removeprefix("<")
            assert bool(path) == (answer.json()["next_cursor"] is not None)
        assert len(found) == len(set(found)) == 9
    assert found[0] == house.alerts["guitar"]


def test_one_alert_with_everything_that_explains_it(house: House, asking: Asking) -> None:
    body = asking("full").get(f"/alerts/{house.alerts['guitar']}").json()
    assert [change["kind"] for change in body["timeline"]] == ["opened"]
    assert [post["id"] for post in body["posts"]] == [house.posts["first"], house.posts["second"]]
    assert [item["role"] for item in body["evidence"]] == ["first_complaint", "latest"]
    assert body["deliveries"][0]["endpoint"] == "oncall"


def test_the_words_of_a_removed_post_are_gone(house: House, asking: Asking) -> None:
    with house.database.write() as tx:
        remove_posts(tx, [Tombstone("mastodon", name, "erased", NOON) for name in ("first", "second")])
    (card,) = asking("full").get("/alerts", params={"brand": "northwind"}).json()["items"]
    assert card["quote"]["text"] is None
    assert card["quote"]["author"] is None
    assert "Two weeks" not in asking("full").get(f"/alerts/{house.alerts['guitar']}").text


def test_the_life_of_an_alert(house: House, asking: Asking) -> None:
    client, path = asking("full"), f"/alerts/{house.alerts['guitar']}"
    taken = client.post(f"{path}/acknowledge", json={"note": "on it"})
    assert (taken.json()["state"], taken.json()["version"]) == ("acknowledged", 2)
    again = client.post(f"{path}/acknowledge", json={})
    assert again.status_code == 409
    assert "resolve" in again.json()["allowed"]
    assert client.post(f"{path}/assign", json={"assignee": "Alex"}).json()["assignee"] == "Alex"
    assert client.post(f"{path}/note", json={"note": "wants a repair"}).status_code == 200
    assert client.post(f"{path}/label", json={"feedback": "useful"}).json()["feedback"] == "useful"
    until = (NOON + timedelta(hours=4)).isoformat()
    muted = client.post(f"{path}/suppress", json={"reason": "known", "until": until})
    assert muted.json()["state"] == "suppressed"
    assert client.post(f"{path}/reopen", json={}).json()["state"] == "open"
    assert client.post(f"{path}/resolve", json={}).json()["state"] == "resolved"
    timeline = client.get(path).json()["timeline"]
    assert [change["version"] for change in timeline] == [8, 7, 6, 5, 4, 3, 2, 1]
    assert {change["actor"] for change in timeline[:-1]} == {"full"}


def test_answered_elsewhere_stops_the_clock(house: House, asking: Asking) -> None:
    client = asking("full")
    said = client.post(f"/alerts/{house.alerts['guitar']}/label", json={"feedback": "answered_elsewhere"})
    assert said.json()["feedback"] == "answered_elsewhere"
    case = client.get(f"/cases/{house.cases['guitar']}").json()["case"]
    assert (case["state"], case["clock"]["runs"]) == ("answered", False)
    assert client.get("/cases/unanswered", params={"brand": "northwind"}).json()["items"] == []
    opened = NOON - timedelta(hours=30)
    with house.database.read() as tx:
        wanted = BucketFilter("northwind", floor_hour(opened), NOON)
        assert totals(tx, wanted, "answered") == {"no": -1, "yes": 1}


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("suppress", {"reason": "x", "until": "2020-01-01T00:00:00Z"}),
        ("suppress", {"reason": "x", "until": "2026-03-03T00:00:00"}),
        ("suppress", {"until": "2026-03-03T00:00:00Z"}),
        ("note", {"note": ""}),
        ("assign", {}),
        ("label", {"feedback": "splendid"}),
        ("resolve", {"nonsense": 1}),
    ],
)
def test_an_action_that_lacks_something_says_what(
    small_house: House, asking_small: Asking, action: str, body: dict[str, str]
) -> None:
    answer = asking_small("full").post(f"/alerts/{small_house.alerts['guitar']}/{action}", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_table_cannot_start_a_formula(house: House, asking: Asking) -> None:
    house.post("evil", text='=HYPERLINK("http://evil.example","x")\n+1', brand="southwind")
    house.alert("evil", brand="southwind", title="@SUM(1)", evidence=(Evidence(house.posts["evil"], "a"),))
    answer = asking("southwind").get("/alerts", params={"format": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    evil = next(row for row in rows if row["id"] == house.alerts["evil"])
    assert evil["title"] == "'@SUM(1)"
    assert evil["quote"] == '\'=HYPERLINK("http://evil.example","x")\n\'+1'


def test_deliveries_with_their_tries_and_sending_again(house: House, asking: Asking) -> None:
    client = asking("northwind")
    found = client.get("/deliveries").json()["items"]
    assert [item["alert"] for item in found] == [house.alerts["guitar"]]
    path = f"/deliveries/{found[0]['id']}/redeliver"
    waiting = client.post(path)
    assert waiting.status_code == 409
    with house.database.write() as tx:
        tx.execute(update(delivery).where(delivery.c.id == found[0]["id"]).values(state="dead", finished_at=NOON))
    assert client.post(path).status_code == 202
    assert client.get("/deliveries").json()["items"][0]["state"] == "pending"
    assert asking("southwind").post(path).status_code == 404


def test_a_resolved_alert_is_not_reopened_beside_a_newer_one(house: House, asking: Asking) -> None:
    client = asking("full")
    path = f"/alerts/{house.alerts['guitar']}"
    assert client.post(f"{path}/resolve", json={}).status_code == 200
    newer = house.alert("newer", group="case:guitar", case=house.cases["guitar"])
    answer = client.post(f"{path}/reopen", json={})
    assert answer.status_code == 409
    assert newer.id in answer.json()["detail"]
    assert client.post(f"/alerts/{newer.id}/resolve", json={}).status_code == 200
    assert client.post(f"{path}/reopen", json={}).json()["state"] == "open"
