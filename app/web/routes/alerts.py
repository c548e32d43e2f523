"""One alert: why it fired, how far it spread, what was replied, what to do, what was sent."""

from typing import Any

from fastapi import APIRouter, Request, Response

from app.queries import feed
from app.queries.feed import AlertDetail
from app.web import words
from app.web.cards import card_of
from app.web.context import WebContext
from app.web.reading import Look, looking
from app.web.routes.feed import owners_of
from app.web.security import Context, Visitor
from app.web.story import advice_of, curve_of, story_of, stream_curve


def add_routes(router: APIRouter) -> None:
    """Register the alert page."""
    router.add_api_route("/alerts/{alert_id}", show_alert, methods=["GET"])


def show_alert(request: Request, context: Context, visitor: Visitor, alert_id: str) -> Response:
    """The page of one alert."""
    with looking(request, context, visitor) as look:
        detail = feed.alert_detail(look.tx, alert_id, now=look.page.now, sight=look.principal.sight)
        return look.page.render("alert.html", **_values(look, context, detail))


def _values(look: Look, context: WebContext, detail: AlertDetail) -> dict[str, Any]:
    page, alert, case = look.page, detail.card.alert, detail.card.case
    policies = context.policies()
    brand = page.brands.get(alert.brand)
    if page.brand is None and brand is not None:
        page.brand_of_times = alert.brand
    told = {post.id for post in detail.members}
    reasons = sorted(alert.reasons, key=lambda reason: -reason.contribution)
    return {
        "card": card_of(detail.card, brands=page.brands, policies=policies, now=page.now, stream=detail.stream),
        "reasons": reasons,
        "largest": max((reason.contribution for reason in reasons), default=0.0),
        "curve": curve_of(detail.samples) or stream_curve(detail.stream),
        "replies": detail.replies if case is not None and case.has_clock else None,
        "sees_replies": case is not None and case.sees_replies,
        "evidence": [item for item in detail.evidence if item.id not in told],
        "folded": detail.folded,
        "advice": advice_of(
            policies.get(alert.brand),
            failure=alert.failure,
            severity=case.severity if case else None,
        ),
        "story": story_of(detail.timeline, detail.members, detail.replies),
        "deliveries": detail.deliveries,
        "owners": owners_of(context),
        "keeps_brand": False,
        "said": words.DONE.get(page.address.get("done"), ""),
    }
