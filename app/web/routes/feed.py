"""The alert feed: cards, filters with real counts, and the numbers above them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from app.domain.alerts import AlertState, Leg, Level
from app.queries import feed
from app.queries.feed import AlertFilters, FeedCounts
from app.web import words
from app.web.cards import Card, card_of
from app.web.context import WebContext
from app.web.reading import Look, looking
from app.web.rendering import Address, Page
from app.web.security import Context, Visitor

PAGE_SIZE: Final = 30
MOST_CHARTS: Final = 5
"""Stream cards on one page that get their line drawn; each costs a query."""
NOBODY: Final = "-"
"""How the address writes "unassigned"."""


@dataclass(frozen=True, slots=True)
class Kpi:
    """One number above the feed, with what it is held against."""

    name: str
    value: str
    note: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One filter value, its count, and the address that chooses it or lets go of it."""

    name: str
    count: int
    href: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class FilterGroup:
    """A heading of the filters with its choices."""

    name: str
    choices: tuple[Choice, ...]


def add_routes(router: APIRouter) -> None:
    """Register the feed."""
    router.add_api_route("/", show_feed, methods=["GET"])
    router.add_api_route("/fragments/feed", show_fragment, methods=["GET"])


def show_feed(request: Request, context: Context, visitor: Visitor) -> Response:
    """The whole page."""
    with looking(request, context, visitor) as look:
        values = _feed_values(look, context)
        counts, page = values["counts"], look.page
        open_count = counts.states.get(AlertState.OPEN.value, 0)
        name = page.brands[page.brand].name if page.brand else "All brands"
        return page.render(
            "feed.html",
            title=f"{open_count} open · Alert feed",
            heading="What needs a person now" if values["state"] == "open" else _heading(values["state"]),
            sub=f"{name}, last 24 hours against the four weeks before" if page.brands else "Nothing is watched yet",
            sequence=feed.last_sequence(look.tx),
            fragment=page.address.with_().replace(page.address.path, "/fragments/feed", 1),
            **values,
        )


def show_fragment(request: Request, context: Context, visitor: Visitor) -> Response:
    """What the live stream replaces."""
    with looking(request, context, visitor) as look:
        look.page.address.path = "/"
        return look.page.render("_feed.html", **_feed_values(look, context))


def _feed_values(look: Look, context: WebContext) -> dict[str, Any]:
    page = look.page
    sight = look.principal.sight
    state = page.address.get("state") or AlertState.OPEN.value
    filters = _filters(page, state)
    found = feed.alert_feed(
        look.tx,
        filters,
        now=page.now,
        sight=sight,
        order="gravest" if state == AlertState.OPEN.value else "recent",
        cursor=page.address.get("cursor") or None,
        limit=PAGE_SIZE,
    )
    counts = feed.feed_counts(look.tx, page.brand, now=page.now, sight=sight)
    policies = context.policies()
    streams = [card.alert for card in found.cards if card.alert.leg is Leg.STREAM][:MOST_CHARTS]
    charts = {alert.id: feed.stream_of(look.tx, alert, now=page.now) for alert in streams}
    cards: list[Card] = [
        card_of(card, brands=page.brands, policies=policies, now=page.now, stream=charts.get(card.alert.id, ()))
        for card in found.cards
    ]
    return {
        "cards": cards,
        "counts": counts,
        "state": state,
        "kpis": kpis(page, counts),
        "filters": filter_groups(page, counts),
        "is_filtered": any(page.address.get(name) for name in ("state", "level", "failure", "owner")),
        "next": page.address.with_(cursor=found.next_cursor) if found.next_cursor else "",
        "owners": owners_of(context),
        "back": page.address.here,
    }


def _filters(page: Page, state: str) -> AlertFilters:
    # An unknown value in the address shows an empty list, which says how to get back.
    owner = page.address.get("owner")
    return AlertFilters(
        brand=page.brand,
        state=None if state == "all" else state,
        level=page.address.get("level") or None,
        failure=page.address.get("failure") or None,
        owner="" if owner == NOBODY else owner or None,
    )


def owners_of(context: WebContext) -> list[str]:
    """Every owner that a policy names, for the suggestions of Assign."""
    rows = (row for policy in context.policies().values() for row in policy.rows)
    return sorted({row.owner for row in rows if row.owner})


def kpis(page: Page, counts: FeedCounts) -> tuple[Kpi, ...]:
    """The row above the feed; what cannot be known is a dash with its reason, never a zero."""
    by_level = ", ".join(
        f"{counts.levels[level.value]} {level.value}" for level in reversed(Level) if counts.levels.get(level.value)
    )
    answered = words.plural(counts.answered_count, "case")
    return (
        Kpi("Open alerts", words.number(counts.states.get("open", 0)), by_level or "none"),
        Kpi(
            "Unanswered past the clock",
            words.number(counts.overdue),
            f"{counts.due_soon:,} more within 4 h",
            page.link("/unanswered"),
        ),
        Kpi(
            "Median time to answer",
            words.span(counts.answer_median) if counts.answer_median is not None else words.UNKNOWN,
            f"{answered} in 30 days" if counts.answered_count else "no answer seen in 30 days",
        ),
        Kpi(
            "Complaints of posts",
            words.percent(counts.complaint_share),
            f"usual {words.percent(counts.usual_share)}, of {words.plural(counts.mention_count, 'post')}"
            if counts.mention_count
            else "no post in 24 h",
            page.link("/trends"),
        ),
        Kpi(
            "Recovered after an answer",
            words.percent(counts.recovered_share, 0),
            f"of {answered} in 30 days" if counts.answered_count else "no answer seen in 30 days",
        ),
    )


def filter_groups(page: Page, counts: FeedCounts) -> tuple[FilterGroup, ...]:
    """State, level, failure and owner, with how many alerts stand behind each."""
    address = page.address
    state = address.get("state") or AlertState.OPEN.value
    states = tuple(
        Choice(
            words.STATE_WORDS[one.value],
            counts.states.get(one.value, 0),
            address.with_(state=None if one is AlertState.OPEN else one.value, cursor=None),
            state == one.value,
        )
        for one in AlertState
    )
    levels = tuple(
        _choice(address, "level", level.value, words.capital(level.value), counts.levels.get(level.value, 0))
        for level in reversed(Level)
    )
    failures = _choices(address, "failure", {key: n for key, n in counts.failures.items() if key})
    owners = _choices(address, "owner", {key or NOBODY: n for key, n in counts.owners.items()})
    groups = (
        FilterGroup("State", states),
        FilterGroup("Level, of the open", levels),
        FilterGroup("What failed, of the open", failures),
        FilterGroup("Owner, of the open", owners),
    )
    return tuple(group for group in groups if group.choices)


def _choices(address: Address, name: str, counted: Mapping[Any, int]) -> tuple[Choice, ...]:
    ordered = sorted(counted.items(), key=lambda item: (-item[1], str(item[0])))
    return tuple(
        _choice(address, name, key, "Unassigned" if key == NOBODY else words.capital(words.code(key)), count)
        for key, count in ordered
    )


def _choice(address: Address, name: str, value: str, shown: str, count: int) -> Choice:
    chosen = address.get(name) == value
    return Choice(shown, count, address.with_(**{name: None if chosen else value, "cursor": None}), chosen)


def _heading(state: str) -> str:
    return f"Alerts: {words.STATE_WORDS.get(state, state).lower()}"
