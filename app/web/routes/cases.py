"""The unanswered queue, and one case with its clock."""

from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from app.domain.cases import Case
from app.queries import cases
from app.queries.cases import CaseCard, CaseFilters, UnansweredPage
from app.storage.reads_posts import PostView
from app.web import words
from app.web.cards import clock_of
from app.web.drawings import ClockString
from app.web.reading import looking
from app.web.rendering import Page
from app.web.routes.feed import NOBODY, Choice
from app.web.security import Context, Visitor
from app.web.story import advice_of, story_of

STATES: Final = {
    "waiting": "waiting for an answer",
    "paused": "answered, not yet as the policy asks",
    "answered": "answered",
    "unsatisfied": "complained again after a reply",
    "closed": "closed",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One case of the queue as it is shown; `tone` is the level's colour and sign, `word` says it."""

    case: Case
    heading: str
    brand: str
    tone: str
    word: str
    post: PostView | None
    tags: tuple[str, ...]
    clock: ClockString | None


def add_routes(router: APIRouter) -> None:
    """Register the queue and the case page."""
    router.add_api_route("/unanswered", show_queue, methods=["GET"])
    router.add_api_route("/cases/{case_id}", show_case, methods=["GET"])


def show_queue(request: Request, context: Context, visitor: Visitor) -> Response:
    """Who waits for an answer, the most urgent first."""
    with looking(request, context, visitor) as look:
        page = look.page
        owner = page.address.get("owner")
        # The queue itself asks by owner; a case without one is found with the rest.
        found = cases.unanswered_queue(
            look.tx,
            CaseFilters(brand=page.brand, owner=owner if owner and owner != NOBODY else None),
            now=page.now,
            sight=look.principal.sight,
            cursor=page.address.get("cursor") or None,
        )
        shown = [card for card in found.cards if owner != NOBODY or card.case.owner is None]
        return page.render(
            "unanswered.html",
            rows=[_row(card, page) for card in shown],
            past=sum(past for past, _ in found.owners.values()),
            soon=sum(due for _, due in found.owners.values()),
            owners=_owners(page, found),
            next=page.address.with_(cursor=found.next_cursor) if found.next_cursor else "",
        )


def show_case(request: Request, context: Context, visitor: Visitor, case_id: str) -> Response:
    """One case: its posts, the replies, the clock, its alerts."""
    with looking(request, context, visitor) as look:
        page = look.page
        detail = cases.case_detail(look.tx, case_id, now=page.now, sight=look.principal.sight)
        return page.render("case.html", **_case_values(page, context, detail))


def _case_values(page: Page, context: Context, detail: cases.CaseDetail) -> dict[str, Any]:
    case = detail.card.case
    brand = page.brands.get(case.brand)
    if page.brand is None and brand is not None:
        page.brand_of_times = case.brand
    policy = context.policies().get(case.brand)
    return {
        "case": case,
        "heading": heading_of(case),
        "state_words": STATES[case.state.value],
        "brand": brand.name if brand else case.brand,
        "clock": clock_of(case, page.now),
        "story": story_of((), detail.posts, detail.replies),
        "replies": detail.replies if case.has_clock else None,
        "sees_replies": case.sees_replies,
        "alerts": detail.alerts,
        "tags": tags_of(case),
        "advice": advice_of(policy, failure=case.failure, severity=case.severity),
        "keeps_brand": False,
    }


def heading_of(case: Case) -> str:
    """What the case is about, in words."""
    failure = words.capital(words.code(case.failure)) if case.failure and case.failure != "other" else "A complaint"
    again = f", {case.complaint_count} times" if case.complaint_count > 1 else ""
    refused = ", redress refused" if "refused_redress" in case.signals else ""
    return f"{failure} on {words.capital(words.code(case.source))}{again}{refused}"


def tags_of(case: Case) -> tuple[str, ...]:
    """The codes of a case: failure, severity, signals."""
    return tuple(code for code in (case.failure, case.severity, *sorted(case.signals)) if code)


def _row(card: CaseCard, page: Page) -> Row:
    case = card.case
    is_past = card.clock is not None and card.clock.is_past
    tone = case.level or ("warn" if is_past else "watch")
    brand = page.brands.get(case.brand)
    return Row(
        case=case,
        heading=heading_of(case),
        brand=brand.name if brand else case.brand,
        tone=tone,
        word="Past the clock" if is_past else "Due soon",
        post=card.post,
        tags=tags_of(case),
        clock=clock_of(case, page.now),
    )


def _owners(page: Page, found: UnansweredPage) -> tuple[Choice, ...]:
    chosen = page.address.get("owner")
    ordered = sorted(found.owners.items(), key=lambda item: (-sum(item[1]), item[0] or ""))
    return tuple(
        Choice(
            name=words.capital(words.code(owner)) if owner else "Unassigned",
            count=past + due,
            href=page.address.with_(owner=None if chosen == (owner or NOBODY) else owner or NOBODY, cursor=None),
            chosen=chosen == (owner or NOBODY),
        )
        for owner, (past, due) in ordered
    )
