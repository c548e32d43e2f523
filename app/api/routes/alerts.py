"""The feed: list alerts, look at one, act on it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.actions.alerts import Wish, act_on_alert
from app.api.csv_tables import csv_response
from app.api.deps import Context, Reader, Writer
from app.api.paging import link_next
from app.api.schemas.alerts import (
    AlertList,
    AlertListed,
    AlertOut,
    AlertsQuery,
    AlertWhole,
    Assignment,
    Label,
    Note,
    Noted,
    Suppression,
)
from app.api.schemas.common import Identity, failures
from app.domain.clock import iso
from app.queries import feed
from app.queries.feed import AlertFilters, AlertPage
from app.queries.health import require_brand

router = APIRouter(tags=["alerts"])

_COLUMNS = (
    "id",
    "brand",
    "level",
    "state",
    "leg",
    "risk",
    "title",
    "failure",
    "owner",
    "assignee",
    "opened_at",
    "quote",
)
_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}
_ACTING = failures(400, 404, 409, 413)


@router.get("/alerts", operation_id="list_alerts", response_model=AlertList, responses={**_CSV, **failures(400, 404)})
def list_alerts(
    context: Context, principal: Reader, query: Annotated[AlertsQuery, Query()], request: Request, response: Response
) -> AlertList | Response:
    """Alerts with their first quote and clock. `format=csv` gives the same page as a table."""
    filters = AlertFilters(
        brand=query.brand,
        state=query.state,
        level=query.level,
        failure=query.failure,
        owner=query.owner,
        leg=query.leg,
    )
    with context.database.read() as tx:
        if query.brand is not None:
            require_brand(tx, query.brand, sight=principal.sight)
        page = feed.alert_feed(
            tx,
            filters,
            now=context.clock.now(),
            sight=principal.sight,
            order=query.order,
            cursor=query.cursor,
            limit=query.limit,
        )
    answer = _as_csv(page) if query.format == "csv" else response
    link_next(request, answer, page.next_cursor)
    if query.format == "csv":
        return answer
    items = [AlertListed.of_card(card, public_url=context.public_url) for card in page.cards]
    return AlertList(items=items, next_cursor=page.next_cursor)


@router.get("/alerts/{alert_id}", operation_id="get_alert", responses=failures(404))
def get_alert(context: Context, principal: Reader, alert_id: Identity) -> AlertWhole:
    """One alert with its timeline, evidence, posts, replies, deliveries and engagement."""
    with context.database.read() as tx:
        detail = feed.alert_detail(tx, alert_id, now=context.clock.now(), sight=principal.sight)
    return AlertWhole.of(detail, public_url=context.public_url)


@router.post("/alerts/{alert_id}/acknowledge", operation_id="acknowledge_alert", responses=_ACTING)
def acknowledge(context: Context, principal: Writer, alert_id: Identity, body: Noted) -> AlertOut:
    """Take it: repeats and further steps stop."""
    return _act(context, principal, alert_id, Wish("acknowledge", note=body.note))


@router.post("/alerts/{alert_id}/assign", operation_id="assign_alert", responses=_ACTING)
def assign(context: Context, principal: Writer, alert_id: Identity, body: Assignment) -> AlertOut:
    """Hand it to a person."""
    return _act(context, principal, alert_id, Wish("assign", note=body.note, assignee=body.assignee))


@router.post("/alerts/{alert_id}/note", operation_id="note_alert", responses=_ACTING)
def note(context: Context, principal: Writer, alert_id: Identity, body: Note) -> AlertOut:
    """Write into its history."""
    return _act(context, principal, alert_id, Wish("note", note=body.note))


@router.post("/alerts/{alert_id}/resolve", operation_id="resolve_alert", responses=_ACTING)
def resolve(context: Context, principal: Writer, alert_id: Identity, body: Noted) -> AlertOut:
    """End it."""
    return _act(context, principal, alert_id, Wish("resolve", note=body.note))


@router.post("/alerts/{alert_id}/suppress", operation_id="suppress_alert", responses=_ACTING)
def suppress(context: Context, principal: Writer, alert_id: Identity, body: Suppression) -> AlertOut:
    """Mute it until then, or until it gets clearly worse."""
    return _act(context, principal, alert_id, Wish("suppress", note=body.note, reason=body.reason, until=body.until))


@router.post("/alerts/{alert_id}/reopen", operation_id="reopen_alert", responses=_ACTING)
def reopen(context: Context, principal: Writer, alert_id: Identity, body: Noted) -> AlertOut:
    """Open a resolved or suppressed one again."""
    return _act(context, principal, alert_id, Wish("reopen", note=body.note))


@router.post("/alerts/{alert_id}/label", operation_id="label_alert", responses=_ACTING)
def label(context: Context, principal: Writer, alert_id: Identity, body: Label) -> AlertOut:
    """Say what it was worth; that is kept with the alert."""
    return _act(context, principal, alert_id, Wish("label", note=body.note, feedback=body.feedback))


def _act(context: Context, principal: Writer, alert_id: str, wish: Wish) -> AlertOut:
    alert = act_on_alert(context.acting, principal, alert_id, wish)
    return AlertOut.of(alert, public_url=context.public_url)


def _as_csv(page: AlertPage) -> Response:
    rows = (
        (
            card.alert.id,
            card.alert.brand,
            card.alert.level,
            card.alert.state,
            card.alert.leg,
            card.alert.risk,
            card.alert.title,
            card.alert.failure,
            card.alert.owner,
            card.alert.assignee,
            iso(card.alert.opened_at),
            card.quote.post.text if card.quote and card.quote.post else None,
        )
        for card in page.cards
    )
    return csv_response(_COLUMNS, rows, name="alerts")
