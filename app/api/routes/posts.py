"""Push posts, list them, look at one."""

from collections import Counter
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.actions.push import push_posts
from app.api.deps import Context, Reader, Writer
from app.api.idempotent import IdempotencyKey, once
from app.api.paging import link_next
from app.api.schemas.common import Identity, failures
from app.api.schemas.posts import BatchIn, BatchTaken, PostIn, PostList, PostOut, PostsQuery, PostTaken, PostWhole
from app.domain.errors import Refused
from app.domain.taxonomy import CODES
from app.queries import posts as queries
from app.queries.health import require_brand
from app.queries.posts import PostFilters

router = APIRouter(tags=["posts"])


@router.post("/posts", operation_id="push_post", responses=failures(400, 409, 413))
def push_post(context: Context, principal: Writer, post: PostIn, key: IdempotencyKey = None) -> PostTaken:
    """Store one post. The same (`source`, `id`) again is a duplicate; the outcome says what happened."""

    def work() -> dict[str, Any]:
        (taken,) = push_posts(context.pushing, principal, [post.as_post()])
        return PostTaken.of(taken).model_dump(mode="json")

    body = once(context, principal, key, b"post" + post.model_dump_json().encode(), work=work)
    return PostTaken.model_validate(body)


@router.post("/posts/batch", operation_id="push_posts", responses=failures(400, 409, 413))
def push_batch(context: Context, principal: Writer, batch: BatchIn, key: IdempotencyKey = None) -> BatchTaken:
    """Store up to 500 posts. 200 even where some were refused: each result says what became of its post."""

    def work() -> dict[str, Any]:
        taken = push_posts(context.pushing, principal, [post.as_post() for post in batch.posts])
        counts = Counter(result.outcome for result in taken)
        return BatchTaken(results=[PostTaken.of(result) for result in taken], counts=counts).model_dump(mode="json")

    body = once(context, principal, key, b"batch" + batch.model_dump_json().encode(), work=work)
    return BatchTaken.model_validate(body)


@router.get("/posts", operation_id="list_posts", responses=failures(400, 404))
def list_posts(
    context: Context, principal: Reader, query: Annotated[PostsQuery, Query()], request: Request, response: Response
) -> PostList:
    """Posts, newest first. Private ones only with the scope `private`; staff feedback never one by one."""
    filters = PostFilters(
        brand=query.brand,
        source=query.source,
        language=query.language,
        kind=query.kind,
        label=_label(query.label),
        since=query.since,
        until=query.until,
    )
    if query.since is not None and query.until is not None and query.since >= query.until:
        message = "`since` must lie before `until`."
        raise Refused(message)
    with context.database.read() as tx:
        if query.brand is not None:
            require_brand(tx, query.brand, sight=principal.sight)
        page = queries.posts(tx, filters, sight=principal.sight, cursor=query.cursor, limit=query.limit)
    link_next(request, response, page.next_cursor)
    return PostList(items=[PostOut.of(view) for view in page.posts], next_cursor=page.next_cursor)


@router.get("/posts/{post_id}", operation_id="get_post", responses=failures(404))
def get_post(context: Context, principal: Reader, post_id: Identity) -> PostWhole:
    """One post with its mentions, what every classifier read out of it, and its engagement over time."""
    with context.database.read() as tx:
        return PostWhole.of(queries.one_post(tx, post_id, sight=principal.sight))


def _label(wanted: str | None) -> tuple[str, str] | None:
    if wanted is None:
        return None
    field, _, code = wanted.partition(":")
    codes = CODES.get(field)
    if codes is None:
        message = f"There is no field {field!r} in `label`; use one of: {', '.join(CODES)}."
        raise Refused(message)
    if code not in codes:
        message = f"{field} has no code {code!r}; use one of: {', '.join(sorted(codes))}."
        raise Refused(message)
    return field, code
