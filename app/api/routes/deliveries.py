"""What was sent to whom, every try, and sending it again."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.actions.deliveries import redeliver
from app.api.deps import Context, Reader, Writer
from app.api.paging import link_next
from app.api.schemas.alerts import DeliveriesQuery, DeliveryList, DeliveryOut
from app.api.schemas.common import Identity, failures
from app.queries import feed
from app.queries.feed import DeliveryFilters
from app.queries.health import require_brand

router = APIRouter(tags=["deliveries"])


@router.get("/deliveries", operation_id="list_deliveries", responses=failures(400, 404))
def list_deliveries(
    context: Context,
    principal: Reader,
    query: Annotated[DeliveriesQuery, Query()],
    request: Request,
    response: Response,
) -> DeliveryList:
    """Deliveries with every attempt, newest first."""
    filters = DeliveryFilters(endpoint=query.endpoint, state=query.state, alert=query.alert, brand=query.brand)
    with context.database.read() as tx:
        if query.brand is not None:
            require_brand(tx, query.brand, sight=principal.sight)
        page = feed.deliveries(tx, filters, sight=principal.sight, cursor=query.cursor, limit=query.limit)
    link_next(request, response, page.next_cursor)
    return DeliveryList(items=[DeliveryOut.of(view) for view in page.deliveries], next_cursor=page.next_cursor)


@router.post(
    "/deliveries/{delivery_id}/redeliver", operation_id="redeliver", responses=failures(404, 409), status_code=202
)
def send_again(context: Context, principal: Writer, delivery_id: Identity) -> Response:
    """Send a delivered or dead one again, under the same webhook-id and with the same body."""
    redeliver(context.acting, principal, delivery_id)
    return Response(status_code=202)
