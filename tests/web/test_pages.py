"""What the pages say, over the seeded world, without a browser."""

import hashlib
import re
from pathlib import Path

import httpx
import pytest

from app.web.rendering import FOLDER, safe_href
from tests.web.conftest import Product, csrf_of
from tests.web.seed import FIRST, GUITAR, VIETNAMESE


def test_the_feed_shows_the_gravest_first_with_its_reason(product_server: Product, client: httpx.Client) -> None:
    page = client.get("/").text
    order = [page.index(f'id="alert-{product_server.world.alerts[name]}"') for name in ("song", "stream", "mother")]
    assert order == sorted(order)
    assert "<b>No reply that meets the policy for 281 days.</b>" in page
    assert "▲ Page" in page
    assert "acknowledge within 9 min" in page
    assert "Snapped" in page
    assert GUITAR in page
    assert "repair or replacement up to 1,500 USD" in page
    assert f'<blockquote class="clamp" dir="auto" lang="vi">{VIETNAMESE}</blockquote>' in page


def test_the_filters_count_and_choose(product_server: Product, client: httpx.Client) -> None:
    page = client.get("/").text
    assert ">Acknowledged <span>1</span>" in page
    assert ">Warn <span>2</span>" in page
    assert ">Baggage desk <span>2</span>" in page
    chosen = client.get("/", params={"level": "watch"}).text
    assert product_server.world.alerts["mother"] in chosen
    assert f'id="alert-{product_server.world.alerts["song"]}"' not in chosen
    nobody = client.get("/", params={"owner": "-"}).text
    assert nobody.count('class="alert ') == 1


def test_only_actions_that_the_state_allows_are_shown(product_server: Product, client: httpx.Client) -> None:
    resolved = client.get(f"/alerts/{product_server.world.alerts['over']}").text
    assert "/reopen" in resolved
    assert "/acknowledge" not in resolved
    assert "/suppress" not in resolved


def test_the_alert_page_explains(product_server: Product, client: httpx.Client) -> None:
    page = client.get(f"/alerts/{product_server.world.alerts['song']}").text
    for words in (
        "Why this fired",
        "310 views",
        "400,000 to 1,900,000 views",
        "not calibrated yet",
        "Views went from 900 to 41,000 in 17 h",
        "Refuses by a rule: the policy forbids to deny",
        "Bags are delivered within 24 hours",
        "Raised to page",
        FIRST,
        "2 tries",
        "the endpoint answered 503",
    ):
        assert words in page, words


def test_a_case_tells_its_story(product_server: Product, client: httpx.Client) -> None:
    page = client.get(f"/cases/{product_server.world.cases['guitar']}").text
    assert page.index(GUITAR) < page.index("Claims must be made") < page.index(FIRST)
    answered = client.get(f"/cases/{product_server.world.cases['answered']}").text
    assert "This post was removed (deleted by its author)" in answered


def test_the_queue_holds_who_waits(product_server: Product, client: httpx.Client) -> None:
    page = client.get("/unanswered").text
    cases = product_server.world.cases
    assert "2 customers past the clock, 2 more within 4 h" in page
    assert page.index(cases["guitar"]) < page.index(cases["hostile"]) < page.index(cases["soon"])
    assert cases["answered"] not in page
    assert cases["bill"] not in page
    assert client.get("/unanswered", params={"owner": "-"}).text.count('class="alert ') == 1


def test_the_chart_has_its_numbers_as_a_table_and_holes_for_the_unknown(client: httpx.Client) -> None:
    page = client.get("/trends", params={"source": "mastodon"}).text
    assert 'data-unknown="true"' in page
    assert '<span class="hole">unknown</span>' in page
    assert 'data-partial="true"' in page
    assert "usual" in page.split("<figcaption>")[1].split("</figcaption>")[0]
    assert "95 % intervals" in page


def test_what_cannot_be_drawn_is_said(client: httpx.Client) -> None:
    page = client.get("/trends", params={"dimension": "nonsense"})
    assert page.status_code == 200
    assert "There is no dimension" in page.text


def test_sources_say_how_they_are(client: httpx.Client) -> None:
    page = client.get("/sources").text
    assert "▲ silent" in page
    assert "◆ failing" in page
    assert "check base_url" in page
    assert "not shown there" in page


def test_deliveries_and_the_receivers_log(client: httpx.Client) -> None:
    page = client.get("/deliveries").text
    assert "▲ given up" in page
    assert "11:31:07" in page
    assert "came again" in page
    assert "A musician &lt;b&gt;" in page
    assert "half a li" not in page


def test_the_demo_says_what_is_invented(client: httpx.Client, empty_server: Product) -> None:
    page = client.get("/about-demo").text
    assert "Everything here is invented." in page
    assert "<td>150,000</td>" in page
    assert "A re-enactment" in page
    with empty_server.client() as other:
        assert other.get("/about-demo").status_code == 404
        assert "About this demo" not in other.get("/").text


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/", "fretwatch init"),
        ("/unanswered", "starts a clock"),
        ("/trends", "fretwatch apply"),
        ("/sources", "[[source]]"),
        ("/deliveries", "[[endpoint]]"),
    ],
)
def test_empty_states_teach(empty_server: Product, path: str, words: str) -> None:
    with empty_server.client() as client:
        page = client.get(path)
        assert page.status_code == 200
        assert words in page.text


def test_what_is_not_there_is_a_page(client: httpx.Client) -> None:
    for path in ("/nothing", "/alerts/01J", "/cases/01J"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "There is nothing here" in answer.text
    program = client.get("/api/v1/nothing")
    assert program.status_code == 404
    assert program.headers["content-type"] == "application/problem+json"


def test_a_fault_of_ours_is_a_page_that_says_so(product_server: Product, client: httpx.Client) -> None:
    def broken() -> dict[str, object]:
        raise RuntimeError("a fault with a secret in it")

    object.__setattr__(product_server.context, "policies", broken)
    answer = client.get("/")
    assert answer.status_code == 500
    assert "Something broke on our side" in answer.text
    assert "secret" not in answer.text


def test_forms_work_without_scripts(product_server: Product, client: httpx.Client) -> None:
    alert, csrf = product_server.world.alerts["song"], csrf_of(client)

    def act(action: str, **fields: str) -> httpx.Response:
        return client.post(f"/alerts/{alert}/{action}", data={"csrf": csrf, "back": f"/alerts/{alert}", **fields})

    answer = act("acknowledge")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/alerts/{alert}?done=acknowledge")
    page = client.get(answer.headers["location"]).text
    assert "Acknowledged by Ada" in page
    assert "The reminders stop." in page
    assert act("assign", assignee="Imre").status_code == 303
    assert act("note", text="He answers by phone <b>only</b>").status_code == 303
    assert act("label", feedback="useful").status_code == 303
    page = client.get(f"/alerts/{alert}").text
    assert "Imre has it" in page
    assert "by phone &lt;b&gt;only&lt;/b&gt;" in page
    assert act("suppress", reason="announced", hours="24").status_code == 303
    assert "snoozed until" in client.get(f"/alerts/{alert}").text
    assert act("reopen").status_code == 303
    assert act("resolve").status_code == 303
    conflict = act("acknowledge")
    assert conflict.status_code == 409
    assert "reopen" in conflict.text
    assert len(product_server.woken) == 7


def test_a_bad_form_is_refused_in_words(product_server: Product, client: httpx.Client) -> None:
    alert, csrf = product_server.world.alerts["mother"], csrf_of(client)
    for action, fields, status in (
        ("suppress", {"hours": "9000", "reason": "x"}, 422),
        ("suppress", {"reason": ""}, 422),
        ("assign", {}, 422),
        ("explode", {}, 404),
        ("label", {"feedback": "nonsense"}, 422),
        ("suppress", {"hours": "many"}, 400),
    ):
        answer = client.post(f"/alerts/{alert}/{action}", data={"csrf": csrf, **fields})
        assert answer.status_code == status, (action, fields, answer.text[-300:])
        assert "Traceback" not in answer.text


def test_htmx_gets_only_the_card(product_server: Product, client: httpx.Client) -> None:
    alert = product_server.world.alerts["stream"]
    answer = client.post(f"/alerts/{alert}/acknowledge", data={"csrf": csrf_of(client)}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith("<li")
    assert "Acknowledged. The reminders stop." in answer.text


def test_the_theme_is_saved(client: httpx.Client) -> None:
    answer = client.post("/theme", data={"csrf": csrf_of(client), "theme": "dark", "back": "/sources"})
    assert answer.headers["location"] == "/sources"
    assert '<html lang="en" data-theme="dark">' in client.get("/sources").text


def test_a_chosen_brand_stays_chosen(client: httpx.Client) -> None:
    page = client.get("/", params={"brand": "marlow"}).text
    assert 'href="/unanswered?brand=marlow"' in page
    assert "Times in Europe/Berlin" in page
    assert 'class="alert ' not in page


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        " vbscript:x",
        "//no.scheme",
        "ftp://x.example",
        "http://",
        "https:///x",
        "",
        None,
        "http://[bad",
    ],
)
def test_other_addresses_never_become_links(url: str | None) -> None:
    assert safe_href(url) is None


def test_good_addresses_become_links() -> None:
    assert safe_href("https://social.example/1") == "https://social.example/1"


def test_the_vendored_files_are_those_that_were_fetched() -> None:
    folder = Path(FOLDER) / "static" / "vendor"
    lines = (folder / "SHA256SUMS").read_text("ascii").splitlines()
    listed = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    present = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {
        "SHA256SUMS",
        "README.md",
    }
    assert present == set(listed)
    for name, digest in listed.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name


def test_no_template_carries_a_script_or_style_of_its_own() -> None:
    for path in (Path(FOLDER) / "templates").glob("*.html"):
        text = path.read_text("utf-8")
        for banned in ("<style", " style=", " onclick", "javascript:", "autoescape", "hx-on"):
            assert banned not in text, f"{path.name}: {banned}"
        assert not re.search(r"\|\s*safe\b", text), path.name
        assert text.count("<script") == text.count("<script src="), path.name
