"""What a person does: forms that post, act, and go back to where they came from; htmx gets only the card back."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.actions.alerts import ALERT_ACTIONS, Acting, Wish, act_on_alert
from app.actions.deliveries import redeliver
from app.domain.alerts import Alert
from app.domain.errors import NotFound, Refused
from app.queries import feed
from app.web import words
from app.web.cards import card_of
from app.web.context import WebContext
from app.web.reading import looking, principal_of
from app.web.routes.feed import owners_of
from app.web.security import Context, Sender, local_path

SNOOZES: Final = frozenset({1, 4, 24, 168})
"""Hours that the form offers."""


def add_routes(router: APIRouter) -> None:
    """Register the actions."""
    router.add_api_route("/alerts/{alert_id}/{action}", act, methods=["POST"])
    router.add_api_route("/deliveries/{delivery_id}/redeliver", send_again, methods=["POST"])


@dataclass(frozen=True, slots=True)
class ActionForm:
    """The fields that any of the actions may carry."""

    back: Annotated[str, Form()] = "/"
    assignee: Annotated[str, Form(max_length=128)] = ""
    reason: Annotated[str, Form(max_length=500)] = ""
    text: Annotated[str, Form(max_length=2000)] = ""
    feedback: Annotated[str, Form(max_length=32)] = ""
    hours: Annotated[int, Form()] = 4


def act(
    request: Request,
    context: Context,
    sender: Sender,
    alert_id: str,
    action: str,
    form: Annotated[ActionForm, Depends()],
) -> Response:
    """Do it, and show the alert as it is now."""
    if action not in ALERT_ACTIONS:
        message = f"An alert cannot be asked to {action!r}."
        raise NotFound(message)
    if form.hours not in SNOOZES:
        message = "Snooze for 1 hour, 4 hours, 1 day or 1 week."
        raise Refused(message)
    until = context.event_clock.now() + timedelta(hours=form.hours) if action == "suppress" else None
    wish = Wish(
        action=action,
        note=form.text.strip(),
        reason=form.reason.strip(),
        until=until,
        assignee=form.assignee.strip() or None,
        feedback=form.feedback or None,
    )
    after = act_on_alert(_acting(context), principal_of(context, sender), alert_id, wish)
    if request.headers.get("hx-request"):
        return _card(request, context, sender, alert_id, result=said(wish, after))
    return _back(form.back, action)


def send_again(context: Context, sender: Sender, delivery_id: str) -> Response:
    """Send a finished delivery once more."""
    redeliver(_acting(context), principal_of(context, sender), delivery_id)
    return RedirectResponse("/deliveries", status_code=303)


def said(wish: Wish, after: Alert) -> str:
    """What was done, in a sentence; on the card also to whom, and as what."""
    if wish.action == "assign":
        return f"Assigned to {after.assignee}."
    if wish.action == "label":
        return f"Kept with the alert: {words.code(after.feedback)}."
    return words.DONE[wish.action]


def _acting(context: WebContext) -> Acting:
    return Acting(context.database, context.event_clock, public_url=context.public_url, wake=context.wake)


def _card(request: Request, context: WebContext, sender: Sender, alert_id: str, *, result: str) -> Response:
    with looking(request, context, sender) as look:
        page, sight = look.page, look.principal.sight
        detail = feed.alert_detail(look.tx, alert_id, now=page.now, sight=sight)
        card = card_of(
            detail.card,
            brands=page.brands,
            policies=context.policies(),
            now=page.now,
            stream=detail.stream,
            result=result,
        )
        return page.render("_card.html", card=card, owners=owners_of(context), back="/")


def _back(back: str, action: str) -> Response:
    path = local_path(back)
    if urlsplit(path).path.startswith("/alerts/"):
        path = f"{urlsplit(path).path}?done={action}"
    return RedirectResponse(path, status_code=303)
