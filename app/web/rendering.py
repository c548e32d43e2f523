"""Jinja with autoescape on for everything, the words as filters, and what every page shows around its content."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app import __version__
from app.domain.clock import iso
from app.web import drawings, words
from app.web.context import WebContext

FOLDER: Final = Path(__file__).resolve().parent
THEMES: Final = ("auto", "light", "dark")
NAVIGATION: Final = (
    ("/", "Feed"),
    ("/unanswered", "Unanswered"),
    ("/trends", "Trends"),
    ("/sources", "Sources"),
    ("/deliveries", "Deliveries"),
)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        span=words.span,
        number=words.number,
        percent=words.percent,
        plural=words.plural,
        code=words.code,
        tag=words.tag,
        capital=words.capital,
        language=words.language,
        iso=iso,
        safe_href=safe_href,
    )
    environment.globals.update(
        SIGNS=words.SIGNS, STATE_WORDS=words.STATE_WORDS, VERSION=__version__, measure=words.measure, drawings=drawings
    )
    return environment


def safe_href(url: str | None) -> str | None:
    """An address of a post that may become a link: absolute http or https with a host, or nothing at all."""
    if not url:
        return None
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or not parts.netloc:
        return None
    return url.strip()


class Address:
    """The address of the page that is shown, and variations of its query: all state of a page is in its URL."""

    def __init__(self, request: Request) -> None:
        self.path = request.url.path
        self._query = dict(request.query_params)

    def get(self, name: str) -> str:
        """One value of the query, or nothing."""
        return self._query.get(name, "")

    def with_(self, **changes: str | None) -> str:
        """This page with other values; `None` leaves one out."""
        merged = {**self._query, **changes}
        query = urlencode({name: value for name, value in merged.items() if value})
        return f"{self.path}?{query}" if query else self.path

    @property
    def here(self) -> str:
        """This page as it stands."""
        return self.with_()


_ENVIRONMENT: Final = _environment()


class Page:
    """What one request's templates share: clock, zone, visitor, brands; `render` makes the answer."""

    def __init__(self, request: Request, context: WebContext, *, brands: Mapping[str, Any] | None = None) -> None:
        self.address = Address(request)
        self.now = context.event_clock.now()
        self.brands = dict(brands or {})
        asked = self.address.get("brand")
        self.brand = asked if asked in self.brands else None
        self.brand_of_times = self.brand
        """The brand in whose zone times are shown; a page about one brand sets it."""
        self._request = request
        self._context = context

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which times are shown: the brand's; UTC where several brands with several zones are shown."""
        if self.brand_of_times in self.brands:
            return ZoneInfo(self.brands[self.brand_of_times].timezone)
        zones = {brand.timezone for brand in self.brands.values()}
        return ZoneInfo(zones.pop()) if len(zones) == 1 else ZoneInfo("UTC")

    @property
    def theme(self) -> str:
        """The saved theme: light, dark, or auto (what the system prefers)."""
        saved = self._request.cookies.get("theme", "auto")
        return saved if saved in THEMES else "auto"

    def moment(self, at: datetime) -> str:
        """A time in the page's zone."""
        return words.moment(at, self.zone, now=self.now)

    def ago(self, at: datetime) -> str:
        """How long ago."""
        return words.ago(at, self.now)

    def link(self, path: str) -> str:
        """Another page, with the chosen brand kept."""
        return f"{path}?{urlencode({'brand': self.brand})}" if self.brand else path

    def render(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """The template as an answer."""
        session = getattr(self._request.state, "session", None)
        text = _ENVIRONMENT.get_template(template).render(
            page=self,
            address=self.address,
            now=self.now,
            csrf=session.csrf if session else "",
            person=session.person if session else None,
            navigation=NAVIGATION,
            banner=self._context.banner(),
            has_facts=self._context.facts is not None,
            **values,
        )
        return HTMLResponse(text, status_code=status)
