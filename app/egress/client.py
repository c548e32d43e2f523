"""The one HTTP client. Everything that Fretwatch fetches or sends goes through `Egress.request`.

It guards the address (`guard.py`), caps the size (`reading.py`) and holds a deadline over the whole exchange: httpx's
own timeouts count per read, so a server that drips one byte a second would never meet them. It keeps no cookies, reads
no proxy settings and never retries; who calls decides that.
"""

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

import httpx
from ssrfguard import Policy, Resolver, SSRFGuardError

from app import __version__
from app.domain.errors import AddressRefused, AnswerTooLarge, NoAnswer
from app.egress.guard import GuardedTransport, guarded_policy, private_policy
from app.egress.reading import TooLarge, Unreadable, read_body

USER_AGENT: Final = f"fretwatch/{__version__} (+https://github.com/fretwatch/fretwatch)"
CONNECT_SECONDS: Final = 5.0
"""For one address; a name with several is tried on up to four."""
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status: header names in lower case, the body unpacked, the address asked last."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    took: timedelta


class Egress:
    """Outgoing HTTP with an address guard, a size cap and a total deadline. Safe to share between tasks.

    `transport` replaces the network and `resolver` the name look-up in tests; the check of the written URL stays. `tls`
    is for an operator with certificates of their own; without it SSL_CERT_FILE and SSL_CERT_DIR are honoured, as usual.
    """

    def __init__(
        self,
        *,
        user_agent: str = USER_AGENT,
        transport: httpx.AsyncBaseTransport | None = None,
        resolver: Resolver | None = None,
        tls: ssl.SSLContext | None = None,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._user_agent = user_agent
        self._given = transport
        self._resolver = resolver
        self._tls = tls
        self._timer = timer
        self._transports: dict[bool, httpx.AsyncBaseTransport] = {}

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = NO_HEADERS,
        content: bytes | None = None,
        allow_private: bool = False,
        max_bytes: int = 10_000_000,
        deadline: timedelta = timedelta(seconds=20),
        redirects: int = 0,
    ) -> Answer:
        """Send one request and read the whole answer; any status is an answer.

        `redirects` of a GET are followed on the same host only, each checked like the first; further ones, and all to
        another host, come back as the 3xx that they are. `allow_private` opens the operator's own networks and every
        port. `deadline` covers look-up, connection, redirects and body.

        Raises `AddressRefused` before anything is sent, `AnswerTooLarge` with the answer's status, and `NoAnswer`.
        Their messages name scheme and host only: paths and queries may hold secrets.
        """
        started = self._timer()
        try:
            async with asyncio.timeout(deadline.total_seconds()):
                for _ in range(redirects + 1):
                    answer = await self._exchange(method, url, headers, content, allow_private, max_bytes)
                    onward = same_host_redirect(answer) if method == "GET" else None
                    if onward is None:
                        break
                    url = onward
        except TimeoutError as error:
            raise NoAnswer(
                f"{origin(url)} did not answer within {deadline.total_seconds():g} seconds in all"
            ) from error
        return replace(answer, took=timedelta(seconds=self._timer() - started))

    async def close(self) -> None:
        """Close the connections that were kept alive."""
        transports, self._transports = list(self._transports.values()), {}
        for transport in transports:
            await transport.aclose()

    async def _exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None,
        allow_private: bool,
        max_bytes: int,
    ) -> Answer:
        """One request and its answer, with every failure turned into an `EgressError`."""
        policy = private_policy() if allow_private else guarded_policy()
        try:
            policy.check_url(url)
            request = self._request(method, url, headers, content)
            policy.check_url(str(request.url))  # what httpx understood is what is sent, so that is checked too
            response = await self._transport(policy, allow_private).handle_async_request(request)
            body = await self._body(response, url, max_bytes)
        except SSRFGuardError as error:
            raise AddressRefused(refusal(url, error, allow_private)) from error
        except httpx.InvalidURL as error:
            raise AddressRefused(f"this is not an address that can be called ({error})") from error
        except (httpx.TransportError, Unreadable) as error:
            raise NoAnswer(f"{origin(url)} gave no usable answer: {explained(error)}") from error
        lower = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, lower, body, str(request.url), timedelta())

    async def _body(self, response: httpx.Response, url: str, max_bytes: int) -> bytes:
        """The capped body, read below httpx's own decoding."""
        stream = response.stream
        assert isinstance(stream, httpx.AsyncByteStream)
        try:
            return await read_body(stream, response.headers.get("content-encoding", ""), max_bytes)
        except TooLarge as error:
            message = f"{origin(url)} answered with more than {max_bytes:,} bytes; the rest was not read"
            raise AnswerTooLarge(message, status=response.status_code) from error
        finally:
            await stream.aclose()

    def _request(self, method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> httpx.Request:
        sent = {"User-Agent": self._user_agent, "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
        given = {name.lower() for name in headers}
        return httpx.Request(
            method,
            url,
            headers={**{name: value for name, value in sent.items() if name.lower() not in given}, **headers},
            content=content,
            extensions={"timeout": {"connect": CONNECT_SECONDS, "read": None, "write": None, "pool": None}},
        )

    def _transport(self, policy: Policy, allow_private: bool) -> httpx.AsyncBaseTransport:
        """The pool for this policy: a connection that was opened under the wide one is never used under the narrow."""
        if self._given is not None:
            return self._given
        if allow_private not in self._transports:
            self._tls = self._tls or httpx.create_ssl_context()
            self._transports[allow_private] = GuardedTransport(policy, self._resolver, self._tls)
        return self._transports[allow_private]


def origin(url: str) -> str:
    """Scheme, host and port: as much of an address as a message may show."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or "?"
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "the address"
    return f"{parts.scheme or '?'}://{host}{port}"


def refusal(url: str, error: SSRFGuardError, allow_private: bool) -> str:
    """Why the guard refused, and what to do where the address is meant."""
    reason = getattr(error, "reason", "it may not be called")
    meant = "" if allow_private else "; set allow_private = true if this is a machine of your own"
    return f"{origin(url)} is refused: {reason}. No connection was made{meant}"


def explained(error: Exception) -> str:
    """A sentence for a failure below HTTP; httpx leaves some of its own empty."""
    if isinstance(error, httpx.ConnectTimeout):
        return f"no connection within {CONNECT_SECONDS:g} seconds"
    if isinstance(error, httpx.ReadError | httpx.RemoteProtocolError):
        return f"the connection was cut or what came is not HTTP ({error or type(error).__name__})"
    return str(error) or type(error).__name__


def same_host_redirect(answer: Answer) -> str | None:
    """Where a redirect leads, if it stays on the same host and does not drop TLS."""
    location = answer.headers.get("location")
    if answer.status not in REDIRECTS or not location:
        return None
    try:
        here = httpx.URL(answer.url)
        there = here.join(location)
    except httpx.InvalidURL:
        return None
    upgraded = (here.scheme, there.scheme) == ("http", "https") and here.port is None and there.port is None
    same = (here.scheme, here.port) == (there.scheme, there.port)
    return str(there) if there.host == here.host and (same or upgraded) else None
