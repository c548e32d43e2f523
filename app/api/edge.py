"""The outermost layer of the API: body size, headers that every answer carries, and the errors that nobody foresaw."""

from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import problem

log = structlog.get_logger(__name__)

_ALWAYS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class _TooLarge(Exception):
    """The body passed its cap while it was being read."""


class Edge:
    """ASGI middleware. An unforeseen error is logged with its traceback and answered as a problem without one."""

    def __init__(self, app: ASGIApp, *, max_body_bytes: int) -> None:
        self._app = app
        self._most = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})
        answer = _Answer(scope, send)
        try:
            if self._declares_too_much(scope):
                raise _TooLarge
            await self._app(scope, self._capped(receive, answer), answer.send)
        except _TooLarge:
            message = f"The body is larger than {self._most} bytes. Send fewer posts at a time."
            await answer.instead(413, message, receive)
        except Exception:
            log.exception("request failed", method=scope["method"], path=scope["path"])
            await answer.instead(500, "This is our fault; the log has the details. Try again.", receive)

    def _declares_too_much(self, scope: Scope) -> bool:
        length = Headers(scope=scope).get("content-length", "")
        return length.isdecimal() and int(length[:20]) > self._most

    def _capped(self, receive: Receive, answer: "_Answer") -> Receive:
        seen = 0

        async def capped() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._most:
                answer.is_too_large = True
                raise _TooLarge
            return message

        return capped


class _Answer:
    """The answer to one request: adds the headers, and knows whether it has begun."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._has_begun = False
        self.is_too_large = False

    async def send(self, message: Message) -> None:
        """Send on, with the headers that every answer carries."""
        if message["type"] == "http.response.start":
            if self.is_too_large:
                # The framework takes the broken-off body for bad JSON; the right answer is ours.
                raise _TooLarge
            self._has_begun = True
            headers = MutableHeaders(scope=message)
            for name, value in {**_ALWAYS, **self._scope.get("state", {}).get("rate_headers", {})}.items():
                headers.setdefault(name, value)
        await self._send(message)

    async def instead(self, status: int, detail: str, receive: Receive) -> None:
        """A problem, unless the answer is under way already: then it breaks off."""
        self.is_too_large = False
        if not self._has_begun:
            await problem(status, detail, instance=self._scope["path"])(self._scope, receive, self.send)
