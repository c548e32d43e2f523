"""Cases, and the queue of those that nobody answered."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.api.deps import Context, Reader
from app.api.paging import link_next
from app.api.schemas.cases import CaseList, CaseOut, CasesQuery, CaseWhole, UnansweredList, UnansweredQuery
from app.api.schemas.common import Identity, failures
from app.queries import cases as queries
from app.queries.cases import CaseFilters
from app.queries.health import require_brand

router = APIRouter(tags=["cases"])


@router.get("/cases", operation_id="list_cases", responses=failures(400, 404))
def list_cases(
    context: Context, principal: Reader, query: Annotated[CasesQuery, Query()], request: Request, response: Response
) -> CaseList:
    """Cases, the one with the newest post first."""
    filters = CaseFilters(
        brand=query.brand,
        state=query.state,
        failure=query.failure,
        owner=query.owner,
        source=query.source,
        level=query.level,
    )
    with context.database.read() as tx:
        if query.brand is not None:
            require_brand(tx, query.brand, sight=principal.sight)
        page = queries.cases(
            tx, filters, now=context.clock.now(), sight=principal.sight, cursor=query.cursor, limit=query.limit
        )
    link_next(request, response, page.next_cursor)
    return CaseList(items=[CaseOut.of(card) for card in page.cards], next_cursor=page.next_cursor)


@router.get("/cases/unanswered", operation_id="list_unanswered_cases", responses=failures(400, 404))
def list_unanswered(
    context: Context,
    principal: Reader,
    query: Annotated[UnansweredQuery, Query()],
    request: Request,
    response: Response,
) -> UnansweredList:
    """Cases past their clock, or due within four hours, ordered by time overdue x gravity."""
    with context.database.read() as tx:
        if query.brand is not None:
            require_brand(tx, query.brand, sight=principal.sight)
        page = queries.unanswered_queue(
            tx,
            CaseFilters(brand=query.brand, owner=query.owner),
            now=context.clock.now(),
            sight=principal.sight,
            cursor=query.cursor,
            limit=query.limit,
        )
    link_next(request, response, page.next_cursor)
    return UnansweredList.of(page)


@router.get("/cases/{case_id}", operation_id="get_case", responses=failures(404))
def get_case(context: Context, principal: Reader, case_id: Identity) -> CaseWhole:
    """One case with its posts, the brand's replies, and its alerts."""
    with context.database.read() as tx:
        detail = queries.case_detail(tx, case_id, now=context.clock.now(), sight=principal.sight)
    return CaseWhole.of(detail)
