"""Brands, the health of their sources, and their trends."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Response

from app.api.csv_tables import csv_response
from app.api.deps import Context, Reader
from app.api.schemas.common import Slug, failures
from app.api.schemas.watch import BrandList, BrandOut, SourceList, SourceOut, TrendOut, TrendsQuery
from app.domain.access import Scope
from app.domain.clock import iso
from app.queries.health import require_brand, sources_health, watched_brands
from app.queries.trends import TrendAnswer, TrendQuery, trend

router = APIRouter()

_BY_DEFAULT: Final = timedelta(days=30)
_COLUMNS: Final = ("start", "end", "value", "count", "share", "low", "high", "n", "partial", "coverage")
_TREND_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {"text/csv": {"schema": {"type": "string"}}},
        "headers": {"ETag": {"schema": {"type": "string"}, "description": "For If-None-Match."}},
    },
    304: {"description": "Nothing has changed since the ETag that was sent."},
    **failures(404),
}
IfNoneMatch = Annotated[
    str | None,
    Header(
        alias="If-None-Match", max_length=500, description="The ETag of an earlier answer.", examples=['"9f86d081"']
    ),
]


@router.get("/brands", operation_id="list_brands", tags=["watch"], responses=failures())
def list_brands(context: Context, principal: Reader) -> BrandList:
    """The brands that this key may see."""
    with context.database.read() as tx:
        return BrandList(items=[BrandOut.of(brand) for brand in watched_brands(tx, sight=principal.sight)])


@router.get("/sources", operation_id="list_sources", tags=["watch"], responses=failures(404))
def list_sources(context: Context, principal: Reader, brand: Annotated[Slug | None, Query()] = None) -> SourceList:
    """Sources and how they are doing: a silent one is a hole in the trends."""
    now = context.database.now()
    with context.database.read() as tx:
        if brand is not None:
            require_brand(tx, brand, sight=principal.sight)
        found = sources_health(tx, now=now, brand=brand, sight=principal.sight)
    return SourceList(items=[SourceOut.of(health) for health in found])


@router.get("/trends", operation_id="get_trends", tags=["trends"], response_model=TrendOut, responses=_TREND_RESPONSES)
def get_trends(
    context: Context,
    principal: Reader,
    query: Annotated[TrendsQuery, Query()],
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Counts over time with their intervals: zero and unknown are told apart, the bucket that is not over is `partial`.

    At most 400 days. `format=csv` gives one row per bucket and value.
    """
    if query.visibility == "all":
        principal.require(Scope.PRIVATE)
    now = context.clock.now()
    end = query.end or now
    wanted = TrendQuery(
        brand=query.brand,
        start=query.start or end - _BY_DEFAULT,
        end=end,
        dimension=query.dimension,
        interval=query.interval,
        timezone=query.timezone,
        source=query.source,
        language=query.language,
        private=query.visibility == "all",
    )
    with context.database.read() as tx:
        answer = trend(tx, wanted, now=now, sight=principal.sight)
    return _unless_known(_as_csv(answer) if query.format == "csv" else _as_json(answer), if_none_match)


def _as_json(answer: TrendAnswer) -> Response:
    body = TrendOut.model_validate(answer.as_dict()).model_dump_json()
    return Response(body, media_type="application/json")


def _as_csv(answer: TrendAnswer) -> Response:
    return csv_response(_COLUMNS, _rows(answer), name=f"trend-{answer.brand}-{answer.dimension}")


def _rows(answer: TrendAnswer) -> Iterator[tuple[object, ...]]:
    for point in answer.series:
        covered = " ".join(f"{source}={state}" for source, state in point.coverage.items())
        for code, share in point.values.items():
            told = (share.count, share.share, share.low, share.high) if share else (None, None, None, None)
            yield iso(point.start), iso(point.end), code, *told, point.n, point.partial, covered


def _unless_known(response: Response, if_none_match: str | None) -> Response:
    etag = f'"{hashlib.sha256(bytes(response.body)).hexdigest()[:32]}"'
    # A cache may keep it, and must ask every time whether it still holds.
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    known = {tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")}
    if etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return response
