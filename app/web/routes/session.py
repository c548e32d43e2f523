"""Signing in by a link that works once, signing out, and the saved theme."""

import hmac
from typing import Annotated, Final

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from app.domain.errors import Forbidden, Unauthenticated
from app.storage import sessions
from app.storage.database import now_of
from app.web.rendering import THEMES, Page
from app.web.security import (
    Context,
    Sender,
    clear_session_cookie,
    link_proof,
    local_path,
    set_session_cookie,
)

FAILED_TRIES: Final = RateLimitItemPerMinute(5)
"""Per address; a token of 256 bits is not guessed, this keeps the log and the database quiet (RELIABILITY S8)."""
THEME_KEPT_FOR: Final = 365 * 86_400
_failures: Final = MovingWindowRateLimiter(MemoryStorage())


def add_routes(router: APIRouter) -> None:
    """Register sign-in, sign-out and theme."""
    router.add_api_route("/sign-in", show_sign_in, methods=["GET"])
    router.add_api_route("/sign-in", sign_in, methods=["POST"])
    router.add_api_route("/sign-out", sign_out, methods=["POST"])
    router.add_api_route("/theme", choose_theme, methods=["POST"])


def show_sign_in(request: Request, context: Context, token: str = "") -> Response:
    """A button that uses the link up; a prefetching mail scanner that opens the page does not."""
    query = request.query_params
    return Page(request, context).render(
        "sign_in.html",
        token=token,
        proof=link_proof(context.pepper, token) if token else "",
        back=local_path(query.get("next")),
        signed_out="out" in query,
    )


def sign_in(
    request: Request,
    context: Context,
    token: Annotated[str, Form(max_length=200)] = "",
    proof: Annotated[str, Form(max_length=200)] = "",
    back: Annotated[str, Form()] = "/",
) -> Response:
    """Exchange the link for a session under a fresh token."""
    if not hmac.compare_digest(link_proof(context.pepper, token).encode(), proof.encode()):
        message = "This form was not made by this Fretwatch. Open the sign-in link again."
        raise Forbidden(message)
    address = request.client.host if request.client else "unknown"
    if not _failures.test(FAILED_TRIES, "sign-in", address):
        raise HTTPException(429, "Too many links that did not work. Wait a minute, then try again.")
    try:
        with context.database.write() as tx:
            now = now_of(tx)
            sessions.purge(tx, now)
            session = sessions.consume_link(tx, token, now, lifetime=context.absolute_for)
    except Unauthenticated:
        _failures.hit(FAILED_TRIES, "sign-in", address)
        raise
    response = RedirectResponse(local_path(back), status_code=303)
    set_session_cookie(response, context, session)
    return response


def sign_out(context: Context, sender: Sender) -> Response:
    """End the session here and in the database."""
    with context.database.write() as tx:
        sessions.end(tx, sender.token)
    response = RedirectResponse("/sign-in?out=1", status_code=303)
    clear_session_cookie(response, context)
    return response


def choose_theme(
    context: Context,
    sender: Sender,
    theme: Annotated[str, Form()] = "auto",
    back: Annotated[str, Form()] = "/",
) -> Response:
    """Remember light, dark, or what the system prefers."""
    response = RedirectResponse(local_path(back), status_code=303)
    chosen = theme if theme in THEMES else "auto"
    response.set_cookie("theme", chosen, max_age=THEME_KEPT_FOR, secure=context.is_https, httponly=True, samesite="lax")
    return response
