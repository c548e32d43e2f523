"""The gate: nobody without a session, no form without its token and origin, headers everywhere."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx
import pytest
from fastapi.routing import APIRoute
from sqlalchemy import select, update

from app.storage import tables
from app.web.application import build_web
from app.web.security import CONTENT_SECURITY_POLICY, SAFE_METHODS, local_path
from tests.web.conftest import Product, csrf_of

OPEN_TO_ALL = {"/sign-in", "/{path:path}"}
"""Addresses that need no session: signing in, and the page that says that nothing lives there."""


def routes(product: Product) -> Iterator[APIRoute]:
    for route in build_web(product.context).routes:
        assert isinstance(route, APIRoute)
        yield route


def filled(path: str, product: Product) -> str:
    known = {
        "alert_id": product.world.alerts["song"],
        "case_id": product.world.cases["guitar"],
        "action": "acknowledge",
    }
    return re.sub(r"{(\w+)(:\w+)?}", lambda found: known.get(found[1], "x"), path)


def test_every_unsafe_route_refuses_a_form_without_token_or_origin(
    product_server: Product, client: httpx.Client
) -> None:
    unsafe = [route.path for route in routes(product_server) if set(route.methods or ()) - SAFE_METHODS]
    assert {"/sign-in", "/sign-out", "/theme", "/alerts/{alert_id}/{action}"} <= set(unsafe)
    csrf = csrf_of(client)
    for path in unsafe:
        target = filled(path, product_server)
        assert client.post(target, data={"reason": "x"}).status_code == 403, f"{path} without a token"
        assert client.post(target, data={"csrf": "0" * 43}).status_code == 403, f"{path} with a wrong token"
        for origin in ("https://evil.example", "null", ""):
            answer = client.post(target, data={"csrf": csrf}, headers={"Origin": origin})
            assert answer.status_code == 403, f"{path} from {origin!r}"


def test_every_page_wants_a_session(product_server: Product) -> None:
    with httpx.Client(base_url=product_server.url, headers={"Origin": product_server.url}) as stranger:
        for route in routes(product_server):
            if route.path in OPEN_TO_ALL:
                continue
            method = "POST" if "POST" in (route.methods or ()) else "GET"
            answer = stranger.request(
                method, filled(route.path, product_server), data={"csrf": "x"} if method == "POST" else None
            )
            if route.path == "/events":
                assert answer.status_code == 401
                continue
            assert answer.status_code == 303, route.path
            assert answer.headers["location"].startswith("/sign-in"), route.path


def test_every_answer_carries_the_headers(product_server: Product, client: httpx.Client) -> None:
    for path in (
        "/",
        "/sign-in",
        "/nothing",
        "/alerts/unknown",
        "/static/fretwatch.css",
        "/static/vendor/htmx-4.0.1.min.js",
    ):
        headers = client.get(path).headers
        assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY, path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "same-origin", path
    assert client.get("/").headers["cache-control"] == "no-store"
    assert "unsafe" not in CONTENT_SECURITY_POLICY


def test_opening_the_link_does_not_use_it_up(product_server: Product) -> None:
    token = product_server.token()
    with httpx.Client(base_url=product_server.url, headers={"Origin": product_server.url}) as browser:
        for _ in range(3):
            page = browser.get("/sign-in", params={"token": token})
        proof = page.text.split('name="proof" value="')[1].split('"')[0]
        first = browser.post("/sign-in", data={"token": token, "proof": proof, "back": "/trends"})
        assert first.status_code == 303
        assert first.headers["location"] == "/trends"
        cookie = first.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        again = browser.post("/sign-in", data={"token": token, "proof": proof})
        assert again.status_code == 401
        assert "used already" in again.text


def test_signing_out_ends_the_session(product_server: Product, client: httpx.Client) -> None:
    cookie = dict(client.cookies)
    assert client.post("/sign-out", data={"csrf": csrf_of(client)}).status_code == 303
    with httpx.Client(base_url=product_server.url, cookies=cookie) as thief:
        assert thief.get("/").status_code == 303


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("/trends?range=7d", "/trends?range=7d"),
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\tx", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
        (None, "/"),
    ],
)
def test_one_goes_back_to_a_page_of_ours_only(asked: str | None, given: str) -> None:
    assert local_path(asked) == given


def test_an_open_page_does_not_keep_an_unused_session_alive(product_server: Product, client: httpx.Client) -> None:
    database, table = product_server.context.database, tables.web_session

    def seen_at() -> datetime:
        with database.read() as tx:
            found = tx.execute(select(table.c.seen_at).where(table.c.kind == "session")).scalar_one()
        assert isinstance(found, datetime)
        return found

    def grow_old(age: timedelta) -> datetime:
        with database.write() as tx:
            tx.execute(update(table).values(seen_at=database.now() - age))
        return seen_at()

    before = grow_old(timedelta(minutes=5))
    client.get("/fragments/feed")
    assert seen_at() == before
    client.get("/sources")
    assert seen_at() > before
    grow_old(timedelta(minutes=31))
    assert client.get("/events").status_code == 401
    assert client.get("/").status_code == 303


def test_failed_links_are_slowed_down(product_server: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    from limits.storage import MemoryStorage
    from limits.strategies import MovingWindowRateLimiter

    from app.web.routes import session
    from app.web.security import link_proof

    monkeypatch.setattr(session, "_failures", MovingWindowRateLimiter(MemoryStorage()))
    form = {"token": "wrong", "proof": link_proof(product_server.context.pepper, "wrong")}
    with httpx.Client(base_url=product_server.url, headers={"Origin": product_server.url}) as guesser:
        tries = [guesser.post("/sign-in", data=form).status_code for _ in range(6)]
    assert tries == [401] * 5 + [429]
