"""The trend answer over the API: SCHEMAS section 6, ETag, CSV, and what is refused."""

import csv
import io
from datetime import timedelta

import pytest

from tests.api.builders import NOON, House
from tests.api.conftest import Asking

_DAY = {"brand": "northwind", "start": "2026-03-01T07:00:00Z", "end": "2026-03-03T07:00:00Z"}


def test_the_answer_has_the_form_of_the_schema(house: House, asking: Asking) -> None:
    body = asking("full").get("/trends", params=_DAY).json()
    assert set(body) == {"brand", "dimension", "interval", "timezone", "as_of", "classifier", "series"}
    assert (body["timezone"], body["classifier"], body["dimension"]) == ("America/Denver", "e5s@1", "sentiment")
    sunday, monday = body["series"]
    assert sunday["start"] == "2026-03-01T07:00:00Z"
    # The first complaint is of 6:00 UTC on Sunday the first, which is still Saturday in Denver.
    assert (sunday["n"], monday["n"]) == (None, 2)
    assert monday["values"]["negative"] == {"count": 1, "share": 0.5, "low": 0.095, "high": 0.905}
    assert monday["values"]["neutral"]["count"] == 0
    assert (sunday["partial"], monday["partial"]) == (False, True)
    assert monday["coverage"] == {"mastodon": "complete"}
    assert sunday["coverage"] == {"mastodon": "silent"}
    assert sunday["values"]["negative"]["count"] is None


def test_private_counts_need_the_scope(house: House, asking: Asking) -> None:
    wanted = _DAY | {"dimension": "mentions", "visibility": "all"}
    assert asking("full").get("/trends", params=wanted).status_code == 403
    everything = asking("private").get("/trends", params=wanted).json()["series"]
    assert everything[1]["values"]["all"]["count"] == 4
    public = asking("private").get("/trends", params=_DAY | {"dimension": "mentions"}).json()["series"]
    assert public[1]["values"]["all"]["count"] == 2


def test_an_answer_that_did_not_change_is_not_sent_again(house: House, asking: Asking) -> None:
    client = asking("full")
    first = client.get("/trends", params=_DAY)
    tag = first.headers["etag"]
    again = client.get("/trends", params=_DAY, headers={"If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    house.post("new", text="another")
    changed = client.get("/trends", params=_DAY, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.json()["as_of"] > first.json()["as_of"]


def test_as_a_table(house: House, asking: Asking) -> None:
    answer = asking("full").get("/trends", params=_DAY | {"format": "csv", "dimension": "failure"})
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    lost = [row for row in rows if row["value"] == "lost_or_damaged"]
    assert [row["count"] for row in lost] == ["", "1"]
    assert lost[1]["n"] == "1"
    assert answer.headers["content-disposition"] == 'attachment; filename="trend-northwind-failure.csv"'


@pytest.mark.parametrize(
    "params",
    [
        {"start": "2026-03-03T00:00:00Z", "end": "2026-03-02T00:00:00Z"},
        {"start": "2026-03-02T00:00:00Z", "end": "2026-03-02T00:00:00Z"},
        {"start": "2024-01-01T00:00:00Z", "end": "2026-03-02T00:00:00Z"},
        {"start": "2026-03-02T00:00:00"},
        {"start": "0001-01-01T00:00:00+14:00"},
        {"start": "1e400"},
        {"end": "9999-12-31T23:59:59-12:00"},
        {"timezone": "Asia/Kolkata"},
        {"timezone": "Mars/Olympus"},
        {"timezone": "../../etc/passwd"},
        {"timezone": "/etc/localtime"},
        {"dimension": "weather"},
        {"interval": "month"},
        {"bramd": "northwind"},
        {"source": "a\x00b"},
    ],
)
def test_what_cannot_be_served_is_refused_clearly(
    small_house: House, asking_small: Asking, params: dict[str, str]
) -> None:
    answer = asking_small("full").get("/trends", params={"brand": "northwind"} | params)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_four_hundred_days_are_served(small_house: House, asking_small: Asking) -> None:
    start = (NOON - timedelta(days=400)).isoformat()
    params = {"brand": "northwind", "start": start, "end": NOON.isoformat(), "interval": "week"}
    series = asking_small("full").get("/trends", params=params).json()["series"]
    assert len(series) == 59
    assert sum(point["n"] or 0 for point in series) == 3


def test_a_brand_out_of_sight_is_not_there(small_house: House, asking_small: Asking) -> None:
    hidden = asking_small("southwind").get("/trends", params={"brand": "northwind"})
    missing = asking_small("southwind").get("/trends", params={"brand": "nowhere-at-all"})
    assert hidden.status_code == missing.status_code == 404
    assert hidden.json()["detail"] == missing.json()["detail"].replace("nowhere-at-all", "northwind")
