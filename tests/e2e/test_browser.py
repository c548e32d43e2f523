"""The pages in a real Chromium: no violation of the content policy, no script of others, WCAG, live updates, keys."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Dialog, Page, expect, sync_playwright
from sqlalchemy import delete, update

from app.storage import tables as t
from tests.conftest import missing
from tests.web.conftest import Product, product
from tests.web.payloads import ADDRESSES, PAYLOADS
from tests.web.rows import NOW, add_case, add_post, reason

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
CHROMIUM = os.environ.get("FRETWATCH_TEST_CHROMIUM", "/usr/bin/chromium")

pytestmark = pytest.mark.slow


@dataclass
class Tab:
    """A signed-in page with everything that it complained about."""

    page: Page
    url: str
    dialogs: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.url + path)
        self.page.wait_for_load_state("load")

    def refuse(self, dialog: Dialog) -> None:
        """Note a dialog that somebody's script opened, and close it."""
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def require_quiet(self) -> None:
        assert self.dialogs == []
        assert self.violations == []
        assert self.errors == []
        assert [url for url in self.requests if not url.startswith((self.url, "data:"))] == []


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        missing(f"no Chromium at {CHROMIUM} (apt-get install chromium)")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A seeded product that the tests of this module only read."""
    with product(tmp_path_factory.mktemp("product")) as running:
        yield running


@contextmanager
def tab(browser: Browser, running: Product, **options: Any) -> Iterator[Tab]:
    context = browser.new_context(**({"viewport": {"width": 1240, "height": 900}} | options))
    page = context.new_page()
    found = Tab(page, running.url)
    page.on("dialog", found.refuse)
    page.on("pageerror", lambda error: found.errors.append(str(error)))
    page.on("request", lambda request: found.requests.append(request.url))
    page.expose_function("reportViolation", lambda told: found.violations.append(told))
    page.add_init_script(
        "document.addEventListener('securitypolicyviolation', (event) =>"
        " window.reportViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));"
    )
    page.goto(f"{running.url}/sign-in?token={running.token()}")
    if options.get("java_script_enabled", True):
        page.get_by_role("button", name="Sign in").click()
    else:
        page.click("main button")
    page.wait_for_url(f"{running.url}/")
    yield found
    context.close()


def pages(running: Product) -> list[str]:
    world = running.world
    return [
        "/",
        "/?state=resolved",
        "/unanswered",
        f"/alerts/{world.alerts['song']}",
        f"/alerts/{world.alerts['stream']}",
        f"/cases/{world.cases['guitar']}",
        "/trends",
        "/trends?dimension=sentiment&range=7d&interval=hour",
        "/sources",
        "/deliveries",
        "/about-demo",
        "/nothing",
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_by_axe_and_nothing_against_the_policy(browser: Browser, world: Product, scheme: str) -> None:
    axe = Axe()
    with tab(browser, world, color_scheme=scheme, reduced_motion="reduce") as found:
        for path in pages(world):
            found.open(path)
            found.page.wait_for_timeout(150)
            results = axe.run(found.page).response["violations"]
            grave = [
                (rule["id"], [node["target"] for node in rule["nodes"]][:3])
                for rule in results
                if rule["impact"] in ("serious", "critical")
            ]
            assert grave == [], f"{path} in {scheme}"
        found.require_quiet()


def test_the_sign_in_page_is_sound_too(browser: Browser, world: Product) -> None:
    context = browser.new_context()
    page = context.new_page()
    for path in ("/sign-in", f"/sign-in?token={world.token()}"):
        page.goto(world.url + path)
        results = Axe().run(page).response["violations"]
        assert [rule["id"] for rule in results if rule["impact"] in ("serious", "critical")] == []
    context.close()


def test_a_phone_is_wide_enough_and_fingers_find_the_targets(browser: Browser, world: Product) -> None:
    with tab(browser, world, viewport={"width": 390, "height": 844}) as found:
        for path in pages(world):
            found.open(path)
            over = found.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert over <= 0, path
            small = found.page.evaluate(
                "[...document.querySelectorAll('button, .btn, select, nav a, aside a, .drop > summary')]"
                ".filter((e) => e.offsetParent && (e.offsetHeight < 24 || e.offsetWidth < 24)).map((e) => e.outerHTML)"
            )
            assert small == [], path
        found.open("/")
        order = found.page.evaluate(
            "((top) => top('#feed') < top('aside.filters'))"
            "((part) => document.querySelector(part).getBoundingClientRect().top)"
        )
        assert order, "on a phone the filters come after the feed"


def test_hostile_words_stay_words(browser: Browser, tmp_path: Path) -> None:
    assert len(PAYLOADS) >= 150
    with product(tmp_path) as running:
        poison(running, tmp_path)
        with tab(browser, running) as found:
            world = running.world
            alert, case = f"/alerts/{world.alerts['song']}", f"/cases/{world.cases['poisoned']}"
            for path in (
                alert,
                case,
                "/",
                "/?state=all",
                "/unanswered",
                "/sources",
                "/deliveries",
                f"/trends?source={PAYLOADS[0]}",
            ):
                found.open(path)
                found.page.wait_for_timeout(100)
                hrefs = found.page.evaluate(
                    "[...document.querySelectorAll('[href], [src], [action]')].map((e) => e.href || e.src || e.action)"
                )
                foreign = [
                    href for href in hrefs if href and not href.startswith((running.url, "https://social.example/"))
                ]
                assert foreign == [], path
                assert (
                    found.page.evaluate(
                        "document.querySelectorAll('main script, main iframe, main img, main style').length"
                    )
                    == 0
                )
            found.open(case)
            shown = found.page.evaluate("[...document.querySelectorAll('blockquote')].map((e) => e.textContent)")
            plain = {text.replace("\r\n", "\n") for text in shown}
            assert all(any(payload.replace("\r\n", "\n") in text for text in plain) for payload in PAYLOADS[:150])
            links = found.page.locator("a[href^='https://social.example/']")
            assert links.first.get_attribute("rel") == "noopener noreferrer nofollow ugc"
            found.require_quiet()


def poison(running: Product, folder: Path) -> None:
    """Put every payload into every field that comes from outside or from a person."""
    world, names = running.world, []
    with running.context.database.write() as tx:
        for n, payload in enumerate(PAYLOADS):
            name = f"poison{n}"
            names.append(name)
            address = ADDRESSES[n % len(ADDRESSES)]
            add_post(
                tx, world, name, payload, labels={"failure": "delay"}, hours=30, author_name=payload[:80], url=address
            )
        add_case(
            tx,
            world,
            "poisoned",
            names,
            opened=timedelta(hours=30),
            owner='"><script>alert(1)</script>',
            level="warn",
            gravity=3,
            due_at=NOW - timedelta(hours=6),
        )
        reasons = [reason(f"code{n}", payload, float(n), "<b>", None, 0.1) for n, payload in enumerate(PAYLOADS)]
        tx.execute(
            update(t.alert).values(
                title=PAYLOADS[3], reasons=reasons, owner=PAYLOADS[5][:64], assignee=PAYLOADS[8][:128]
            )
        )
        tx.execute(update(t.alert_change).values(note="".join(PAYLOADS[:60]), actor=PAYLOADS[1]))
        tx.execute(update(t.reply).values(why=PAYLOADS[15]))
        tx.execute(update(t.source).values(last_error="".join(PAYLOADS)))
        tx.execute(update(t.attempt).values(error="".join(PAYLOADS[:40])))
    lines = [
        {
            "received_at": payload,
            "webhook_id": payload,
            "type": payload,
            "level": payload,
            "title": payload,
            "verified": True,
        }
        for payload in PAYLOADS[:90]
    ]
    (folder / "received.jsonl").write_text("\n".join(json.dumps(line) for line in lines), "utf-8")


def test_a_change_shows_at_once_and_waits_while_somebody_reads(browser: Browser, tmp_path: Path) -> None:
    with product(tmp_path) as running, tab(browser, running) as reader, tab(browser, running) as other:
        world = running.world
        reader.page.mouse.move(5, 5)
        reader.page.wait_for_selector("#live-state:not(.off)")
        other.open(f"/alerts/{world.alerts['mother']}")
        other.page.get_by_role("button", name="Acknowledge").click()
        expect(reader.page.locator(f"#alert-{world.alerts['mother']}")).to_have_count(0, timeout=8000)

        reader.page.locator(f"#alert-{world.alerts['song']}").hover()
        other.open(f"/alerts/{world.alerts['stream']}")
        other.page.get_by_role("button", name="Acknowledge").click()
        reader.page.wait_for_selector("#news:not([hidden])", timeout=8000)
        assert reader.page.locator("#news").inner_text() == "Show 1 new"
        assert reader.page.title().startswith("(1) ")
        assert reader.page.locator(f"#alert-{world.alerts['stream']}").count() == 1
        reader.page.locator("#news").click()
        expect(reader.page.locator(f"#alert-{world.alerts['stream']}")).to_have_count(0, timeout=8000)
        assert not reader.page.title().startswith("(")
        reader.require_quiet()


def test_an_action_changes_its_card_in_place(browser: Browser, tmp_path: Path) -> None:
    with product(tmp_path) as running, tab(browser, running) as found:
        card = found.page.locator(f"#alert-{running.world.alerts['song']}")
        card.get_by_text("Assign", exact=True).first.click()
        card.get_by_label("To").fill("Imre")
        card.locator(".sheet").get_by_role("button", name="Assign").click()
        expect(card.get_by_role("status")).to_have_text("Assigned to Imre.")
        assert found.page.url == f"{running.url}/"
        found.require_quiet()


def test_the_keyboard_is_enough(browser: Browser, tmp_path: Path) -> None:
    with product(tmp_path) as running, tab(browser, running) as found:
        page, alerts = found.page, running.world.alerts
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        page.keyboard.press("j")
        assert page.evaluate("document.activeElement.id") == f"alert-{alerts['song']}"
        page.keyboard.press("j")
        page.keyboard.press("k")
        assert page.evaluate("document.activeElement.id") == f"alert-{alerts['song']}"
        page.keyboard.press("a")
        expect(page.get_by_text("The reminders stop.")).to_be_visible()
        assert page.evaluate("document.activeElement.id") == f"alert-{alerts['song']}", "the focus stays on the card"
        page.keyboard.press("?")
        assert page.locator("#keys").is_visible()
        page.keyboard.press("Escape")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/alerts/{alerts['song']}")
        found.require_quiet()


def test_everything_works_without_scripts(browser: Browser, tmp_path: Path) -> None:
    with product(tmp_path) as running:
        context = browser.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(f"{running.url}/sign-in?token={running.token()}")
        page.click("main button")
        page.click(f"#alert-{running.world.alerts['song']} button.btn-main")
        expect(page.locator(".feed > .alert")).to_have_count(3)
        page.select_option("#brand-choice", "halcyon")
        page.click("text=Show >> nth=0")
        page.wait_for_url("**brand=halcyon**")
        page.goto(f"{running.url}/trends")
        page.click("summary:has-text('Data as a table')")
        assert page.locator("figure table tbody tr").count() > 20
        context.close()


def test_a_chart_is_drawn_and_read_by_keys(browser: Browser, world: Product) -> None:
    with tab(browser, world) as found:
        found.open("/trends?dimension=sentiment")
        drawn = found.page.evaluate(
            "((canvas) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data"
            ".some((value, index) => index % 4 === 3 && value > 0))(document.querySelector('.plot canvas'))"
        )
        assert drawn
        found.page.locator(".plot").focus()
        found.page.keyboard.press("ArrowLeft")
        expect(found.page.locator("[data-voice]")).to_contain_text("Negative")
        found.page.select_option("select[name=dimension]", "mentions")
        found.page.wait_for_url("**dimension=mentions**")
        found.require_quiet()


def test_the_theme_is_saved(browser: Browser, tmp_path: Path) -> None:
    with product(tmp_path) as running, tab(browser, running, color_scheme="light") as found:
        found.page.get_by_role("button", name="Dark").click()
        found.open("/sources")
        assert found.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 21, 18)"
        assert found.page.get_by_role("button", name="Dark").get_attribute("aria-pressed") == "true"


def test_an_open_feed_whose_session_ended_asks_to_sign_in(browser: Browser, tmp_path: Path) -> None:
    with product(tmp_path) as running, tab(browser, running) as found:
        found.page.wait_for_selector("#live-state:not(.off)")
        with running.context.database.write() as tx:
            tx.execute(delete(t.web_session))
        found.page.wait_for_url("**/sign-in**", timeout=20_000)
