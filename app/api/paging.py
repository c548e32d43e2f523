"""The `Link` header to the next page."""

from fastapi import Request, Response


def link_next(request: Request, response: Response, cursor: str | None) -> None:
    """Say where the next page is, if there is one."""
    if cursor is not None:
        url = request.url.include_query_params(cursor=cursor)
        response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
