"""The gate of the pages: headers, who is signed in, and proof that a form came from our own page."""

import hashlib
import hmac
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import Depends, Form, Request, Response
from starlette.concurrency import run_in_threadpool

from app.domain.errors import Forbidden
from app.storage import sessions
from app.storage.sessions import WebSession
from app.web.context import WebContext

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: browsers then send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
UNATTENDED: Final = frozenset({"/events", "/fragments/feed"})
"""What an open page asks for by itself: it must not keep a session alive that nobody uses."""
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class SignInNeeded(Exception):
    """Nobody is signed in; the page is shown after signing in."""


def harden(response: Response, *, cache: bool = False) -> Response:
    """Put the security headers on a response; pages are never cached, static files may be."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if not cache:
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def context_of(request: Request) -> WebContext:
    """The context that the route class put on the request."""
    context: WebContext = request.state.web
    return context


Context = Annotated[WebContext, Depends(context_of)]


async def signed_in(request: Request, context: Context) -> WebSession:
    """Who asks. Raises `SignInNeeded` when nobody is signed in, or was idle for too long."""
    token = request.cookies.get(context.cookie)
    is_person = request.url.path not in UNATTENDED
    session = await run_in_threadpool(_load, context, token, touches=is_person) if token else None
    if session is None:
        raise SignInNeeded
    request.state.session = session
    return session


async def perhaps_signed_in(request: Request, context: Context) -> WebSession | None:
    """Who asks, if anybody is signed in."""
    try:
        return await signed_in(request, context)
    except SignInNeeded:
        return None


Anybody = Annotated[WebSession | None, Depends(perhaps_signed_in)]
Visitor = Annotated[WebSession, Depends(signed_in)]


def require_own_origin(request: Request, context: WebContext) -> None:
    """Raise `Forbidden` unless the browser says that the form stood on one of our own pages."""
    if request.method in SAFE_METHODS:
        return
    claimed = request.headers.get("origin") or _origin_of(request.headers.get("referer"))
    own = {context.origin, f"{request.url.scheme}://{request.headers.get('host', '')}"}
    if claimed not in own:
        message = "This form was not sent from a page of this Fretwatch. Open the page again and repeat the step."
        raise Forbidden(message)


async def own_form(session: Visitor, csrf: Annotated[str, Form()] = "") -> WebSession:
    """Who sent this form. Raises `Forbidden` unless it carries the session's own token."""
    if not hmac.compare_digest(session.csrf.encode(), csrf.encode()):
        message = "This form is too old, or was not made for you. Open the page again and repeat the step."
        raise Forbidden(message)
    return session


Sender = Annotated[WebSession, Depends(own_form)]


def link_proof(pepper: bytes, token: str) -> str:
    """What the confirm form of a sign-in link must carry; before signing in there is no session to take one from."""
    return hmac.new(pepper, b"sign-in:" + token.encode(), hashlib.sha256).hexdigest()


def set_session_cookie(response: Response, context: WebContext, session: WebSession) -> None:
    """Hand the session to the browser; a session cookie of ours is never readable by a script."""
    response.set_cookie(
        context.cookie,
        session.token,
        max_age=int(context.absolute_for.total_seconds()),
        path="/",
        secure=context.is_https,
        httponly=True,
        samesite="lax",
    )


def clear_session_cookie(response: Response, context: WebContext) -> None:
    """Take the session back from the browser."""
    response.delete_cookie(context.cookie, path="/", secure=context.is_https, httponly=True, samesite="lax")


def _load(context: WebContext, token: str, *, touches: bool) -> WebSession | None:
    now = context.database.now()
    with context.database.read() as tx:
        session = sessions.load(tx, token, now, idle=context.idle_for)
    if touches and session is not None and session.is_stale(now):
        with context.database.write() as tx:
            sessions.touch(tx, token, now)
    return session


def _origin_of(url: str | None) -> str | None:
    if not url:
        return None
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def local_path(value: str | None) -> str:
    """A path on this server to go back to; anything that could lead elsewhere becomes the feed."""
    if not value or not value.startswith("/") or value.startswith(("//", "/\\")) or "\\" in value:
        return "/"
    if any(ord(character) < 0x20 for character in value):
        return "/"
    return value
