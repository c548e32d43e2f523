"""Under /api/v1, as the runtime mounts it: links and problems name whole paths."""

from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.api.application import PREFIX, build_api
from tests.api.builders import House
from tests.api.conftest import context_for


def test_links_and_problems_name_whole_paths(small_house: House) -> None:
    whole = FastAPI()
    whole.mount(PREFIX, build_api(context_for(small_house)))
    with TestClient(whole, headers={"Authorization": f"Bearer {small_house.keys['full']}"}) as client:
        first = client.get("/api/v1/posts", params={"limit": 2, "brand": "northwind"})
        link = first.headers["link"].split(">")[0].removeprefix("<")
        assert link.startswith("/api/v1/posts?limit=2&brand=northwind&cursor=")
        assert [item["external_id"] for item in client.get(link).json()["items"]] == ["first"]
        missing = client.get("/api/v1/nothing")
        assert missing.json()["instance"] == "/api/v1/nothing"
        assert missing.headers["content-type"] == "application/problem+json"
        assert client.get("/api/v1/openapi.json").json()["servers"] == [{"url": "/api/v1"}]
