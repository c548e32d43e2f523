"""How the mood moves: one dimension of one brand as a chart, a sentence and a table."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal, get_args

from fastapi import APIRouter, Request, Response

from app.domain.errors import Refused
from app.domain.trends import DIMENSIONS, MENTIONS
from app.queries.health import sources_health
from app.queries.trends import Interval, TrendAnswer, TrendQuery, languages, trend
from app.storage.database import now_of
from app.web import words
from app.web.reading import Look, looking
from app.web.rendering import Page
from app.web.security import Context, Visitor
from app.web.series import COUNTED, codes_of, gaps_of, holes_of, label_of, rows_of, sentence_of

RANGES: Final = {
    "24h": ("24 hours", timedelta(hours=24)),
    "7d": ("7 days", timedelta(days=7)),
    "30d": ("30 days", timedelta(days=30)),
    "90d": ("90 days", timedelta(days=90)),
    "365d": ("a year", timedelta(days=365)),
}
NAMES: Final = {
    MENTIONS: "All posts",
    "complaint": "Complaints",
    "failure": "What failed",
    "justice": "Fairness broken",
    "standard": "Standard broken",
    "failure_stage": "Failure by stage",
    "failure_justice": "Failure by fairness",
}
MOST_HOURS: Final = timedelta(days=31)
"""Hours of more than a month are more points than a screen has."""


@dataclass(frozen=True, slots=True)
class Select:
    """One select above the chart."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    chosen: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for, with what is usual filled in."""

    dimension: str
    interval: Interval
    range: str
    source: str
    language: str


def add_routes(router: APIRouter) -> None:
    """Register the trends page."""
    router.add_api_route("/trends", show_trends, methods=["GET"])


def show_trends(request: Request, context: Context, visitor: Visitor) -> Response:
    """The page; without a chosen brand, the first one."""
    with looking(request, context, visitor) as look:
        page = look.page
        slug = page.brand or next(iter(page.brands), None)
        values: dict[str, Any] = {"answer": None, "brand": "", "selects": (), "refused": "", "has_numbers": False}
        if slug is not None:
            page.brand_of_times = slug
            values |= _values(look, slug)
        return page.render("trends.html", no_script=False, **values)


def _values(look: Look, slug: str) -> dict[str, Any]:
    page, asked = look.page, _asked(look.page)
    brand = page.brands[slug]
    start = page.now - RANGES[asked.range][1]
    values: dict[str, Any] = {"brand": brand.name, "selects": _selects(look, slug, asked)}
    query = TrendQuery(
        brand=slug,
        start=start,
        end=page.now,
        dimension=asked.dimension,
        interval=asked.interval,
        source=asked.source or None,
        language=asked.language or None,
    )
    try:
        answer = trend(look.tx, query, now=page.now, sight=look.principal.sight)
    except Refused as error:
        return values | {"refused": error.message}
    return values | _drawn(answer, brand.name)


def _drawn(answer: TrendAnswer, brand: str) -> dict[str, Any]:
    codes = codes_of(answer)
    by_count = answer.dimension in COUNTED
    return {
        "answer": answer,
        "codes": [(code, label_of(answer.dimension, code)) for code in codes],
        "rows": rows_of(answer, codes),
        "shows": "count" if by_count else "share",
        "base": "Posts" if answer.dimension in (MENTIONS, "sentiment", "complaint", "signals") else "Of",
        "holes": holes_of(answer),
        "gaps": gaps_of(answer),
        "sentence": sentence_of(answer, codes, brand=brand),
        "caption": f"{_name(answer.dimension)}, by {answer.interval}, newest first",
        "has_numbers": any(point.n for point in answer.series),
    }


def _asked(page: Page) -> Asked:
    address = page.address
    chosen = address.get("range") if address.get("range") in RANGES else "30d"
    dimension = address.get("dimension") or "complaint"
    interval: Interval = "day"
    for known in get_args(Interval):
        if known == address.get("interval"):
            interval = known
    if not address.get("interval") and RANGES[chosen][1] <= timedelta(days=2):
        interval = "hour"
    if interval == "hour" and RANGES[chosen][1] > MOST_HOURS:
        interval = "day"
    return Asked(dimension, interval, chosen, address.get("source"), address.get("language"))


def _selects(look: Look, slug: str, asked: Asked) -> tuple[Select, ...]:
    page = look.page
    sight = look.principal.sight
    sources = sources_health(look.tx, now=now_of(look.tx), brand=slug, sight=sight)
    named = {source.name for source in sources} | ({asked.source} if asked.source else set())
    start = page.now - RANGES[asked.range][1]
    spoken = set(languages(look.tx, slug, start=start, end=page.now, sight=sight))
    spoken |= {asked.language} if asked.language else set()
    return (
        Select("dimension", "Of", tuple((one, _name(one)) for one in (MENTIONS, *DIMENSIONS)), asked.dimension),
        Select("interval", "By", tuple((one, one) for one in _intervals(asked.range)), asked.interval),
        Select("range", "Over", tuple((key, name) for key, (name, _) in RANGES.items()), asked.range),
        Select("source", "Source", (("", "all"), *((one, words.code(one)) for one in sorted(named))), asked.source),
        Select(
            "language",
            "Language",
            (("", "all"), *((one, words.language(one)) for one in sorted(spoken))),
            asked.language,
        ),
    )


def _intervals(chosen: str) -> tuple[Literal["hour", "day", "week"], ...]:
    return get_args(Interval) if RANGES[chosen][1] <= MOST_HOURS else ("day", "week")


def _name(dimension: str) -> str:
    return NAMES.get(dimension, words.capital(words.code(dimension)))
