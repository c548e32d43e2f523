"""Cases over the API, and the queue of those that nobody answered."""

from datetime import timedelta

from app.domain.cases import CaseState
from app.storage import cases
from tests.api.builders import NOON, House
from tests.api.conftest import Asking


def test_the_queue_is_ordered_by_time_overdue_times_gravity(house: House, asking: Asking) -> None:
    wanted = [("grave", 4, 20), ("long", 1, 70), ("mild", 1, 10), ("soon", 4, -3)]
    for name, gravity, hours in wanted:
        house.post(name, author=name)
        house.case(name, name, author=name, gravity=gravity, due_at=NOON - timedelta(hours=hours), owner="desk-b")
    house.post("later", author="later")
    house.case("later", "later", author="later", gravity=4, due_at=NOON + timedelta(hours=5), owner="desk-b")
    house.post("done", author="done")
    house.case("done", "done", author="done", state=CaseState.ANSWERED, owner="desk-b")
    client, found, cursor = asking("full"), [], None
    while True:
        params = {"limit": "2", "owner": "desk-b"} | ({"cursor": cursor} if cursor else {})
        page = client.get("/cases/unanswered", params=params).json()
        found += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    names = {identity: name for name, identity in house.cases.items()}
    # Urgency in gravity x hours since four hours before the deadline: 96, 74, 14, 4.
    assert [names[identity] for identity in found] == ["grave", "long", "mild", "soon"]
    assert page["owners"] == [
        {"owner": "baggage-desk", "overdue": 2, "due_soon": 0},
        {"owner": "desk-b", "overdue": 3, "due_soon": 1},
    ]


def test_cases_by_filter(house: House, asking: Asking) -> None:
    client = asking("full")
    listed = client.get("/cases", params={"brand": "northwind", "state": "waiting"}).json()["items"]
    assert [item["id"] for item in listed] == [house.cases["guitar"]]
    assert listed[0]["quote"].startswith("Two weeks")
    assert client.get("/cases", params={"state": "closed"}).json()["items"] == []
    assert len(asking("private").get("/cases").json()["items"]) == 3


def test_one_case(house: House, asking: Asking) -> None:
    body = asking("full").get(f"/cases/{house.cases['guitar']}").json()
    assert [post["external_id"] for post in body["posts"]] == ["first", "second"]
    assert [alert["id"] for alert in body["alerts"]] == [house.alerts["guitar"]]
    assert body["case"]["clock"]["waiting_s"] == 30 * 3600


def test_sources_and_brands_within_sight(house: House, asking: Asking) -> None:
    assert [item["slug"] for item in asking("full").get("/brands").json()["items"]] == ["northwind", "southwind"]
    assert [item["slug"] for item in asking("northwind").get("/brands").json()["items"]] == ["northwind"]
    sources = asking("northwind").get("/sources").json()["items"]
    assert [(item["name"], item["brands"], item["state"]) for item in sources] == [
        ("mastodon", ["northwind"], "waiting")
    ]
    assert sources[0]["posts_total"] == 4
    assert [item["name"] for item in asking("full").get("/sources?brand=southwind").json()["items"]] == [
        "mastodon",
        "south-feed",
    ]


def test_the_queue_and_the_card_of_an_owner_count_the_same_cases(house: House, asking: Asking) -> None:
    states = [CaseState.WAITING, CaseState.UNSATISFIED, CaseState.PAUSED, CaseState.ANSWERED, CaseState.CLOSED]
    for state in states:
        house.post(state.value, author=state.value)
        overdue = NOON - timedelta(hours=1)
        house.case(state.value, state.value, author=state.value, state=state, due_at=overdue, owner="desk-b")
    house.post("resting", author="resting")
    house.case("resting", "resting", state=CaseState.PAUSED, due_at=NOON + timedelta(hours=1), owner="desk-b")
    house.post("news", author="news")
    house.case("news", "news", author="news", has_clock=False, due_at=NOON - timedelta(hours=1), owner="desk-b")
    page = asking("full").get("/cases/unanswered", params={"owner": "desk-b"}).json()
    with house.database.read() as tx:
        (card,) = [one for one in cases.overdue(tx, "northwind", NOON) if one.owner == "desk-b"]
    assert len(page["items"]) == card.count == 3
    assert all(item["clock"]["left_s"] < 0 for item in page["items"])
    assert {"owner": "desk-b", "overdue": 3, "due_soon": 0} in page["owners"]
