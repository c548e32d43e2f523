"""The edge of every page request: security headers on all answers, and errors as pages in the same look."""

from collections.abc import Callable, Coroutine
from typing import Any, Final
from urllib.parse import quote

import structlog
from fastapi import HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute

from app.domain.errors import FretwatchError
from app.web.context import WebContext
from app.web.rendering import Page
from app.web.security import SAFE_METHODS, SignInNeeded, harden, require_own_origin

TITLES: Final = {
    400: "That cannot be done as asked",
    401: "Please sign in again",
    403: "Not from here",
    404: "There is nothing here",
    405: "There is nothing here",
    409: "Somebody was faster",
    422: "That cannot be done as asked",
    429: "Too many tries",
    500: "Something broke on our side",
    503: "A part that is needed does not answer",
}
_log = structlog.get_logger("web")

Answer = Callable[[Request], Coroutine[Any, Any, Response]]


def page_route(context: WebContext) -> type[APIRoute]:
    """A route class whose requests carry `context` and whose errors become pages."""

    class PageRoute(APIRoute):
        def get_route_handler(self) -> Answer:
            answer = super().get_route_handler()

            async def run(request: Request) -> Response:
                request.state.web = context
                return harden(await _guarded(request, context, answer))

            return run

    return PageRoute


async def _guarded(request: Request, context: WebContext, answer: Answer) -> Response:
    try:
        require_own_origin(request, context)
        return await answer(request)
    except SignInNeeded:
        return _to_sign_in(request)
    except FretwatchError as error:
        return error_page(request, context, status=error.http_status, message=error.message)
    except RequestValidationError as error:
        fields = ", ".join(str(problem["loc"][-1]) for problem in error.errors())
        return error_page(request, context, status=400, message=f"This is missing or cannot be read: {fields}.")
    except HTTPException as error:
        return error_page(request, context, status=error.status_code, message=str(error.detail))
    except Exception:  # noqa: BLE001 - the edge of a request
        _log.exception("page_failed", path=request.url.path)
        message = "The error is in the log. Nothing that was stored is lost; try again, or go back to the feed."
        return error_page(request, context, status=500, message=message)


def error_page(request: Request, context: WebContext, *, status: int, message: str) -> Response:
    """A page that says what is wrong and what to do."""
    page = Page(request, context)
    return page.render("error.html", status=status, code=status, heading=TITLES.get(status, TITLES[500]), text=message)


def _to_sign_in(request: Request) -> Response:
    if request.url.path == "/events":
        # The stream's client cannot follow to a page; feed.js loads the page anew when it sees this.
        return Response(status_code=401)
    if request.method not in SAFE_METHODS:
        back = "/"
    else:
        back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    target = "/sign-in" if back == "/" else f"/sign-in?next={quote(back, safe='')}"
    if request.headers.get("hx-request"):
        # htmx follows this header with a real navigation; a redirect would put the sign-in page into the card.
        return Response(status_code=204, headers={"HX-Redirect": target})
    return RedirectResponse(target, status_code=303)
