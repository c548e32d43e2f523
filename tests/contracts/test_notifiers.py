"""What every notifier must do, over a real loopback receiver that misbehaves on purpose.

A new channel is added to `NOTIFIERS` and has its tests.
"""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from app.delivery.webhook import MAX_ANSWER, WebhookNotifier
from app.domain.alerts import Endpoint, Outcome, OutcomeKind, OutgoingMessage
from app.domain.ports import Notifier
from app.egress.client import Egress

Make = Callable[[Egress, timedelta], Notifier]
NOTIFIERS: dict[str, Make] = {
    "webhook": lambda egress, deadline: WebhookNotifier(egress, deadline=deadline),
}
SECRET = "whsec_bWFkZSB1cCBmb3IgdGhlc2UgdGVzdHMsIDMyIGI="
MESSAGE = OutgoingMessage(
    "01KA000000000000000000000A", '{"title":"Gitarre zerstört"}'.encode(), datetime(2026, 3, 2, 12, tzinfo=UTC)
)
PROMPT = timedelta(seconds=10)


@dataclass
class Request:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class ScriptedReceiver:
    """Answers by path: `/status/503`, `/retry-after/7`, `/reset`, `/hang`, `/truncated`, `/garbage`, `/large/200`."""

    port: int = 0
    requests: list[Request] = field(default_factory=list)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        path = first.split(" ")[1]
        self.requests.append(Request(path, headers, body))
        try:
            await self._misbehave(path, writer)
        finally:
            writer.close()

    async def _misbehave(self, path: str, writer: asyncio.StreamWriter) -> None:
        _, what, *rest = path.partition("?")[0].split("/")
        empty = "content-length: 0\r\nconnection: close\r\n\r\n"
        location = f"location: http://127.0.0.1:{self.port}/status/200\r\n"
        if what == "status":
            writer.write(f"HTTP/1.1 {rest[0]} Said\r\n{location if rest[0][0] == '3' else ''}{empty}".encode())
        elif what == "retry-after":
            writer.write(f"HTTP/1.1 429 Slow\r\nretry-after: {rest[0]}\r\n{empty}".encode())
        elif what == "truncated":
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
        elif what == "garbage":
            writer.write(b"\x00\x01 this is not HTTP\r\n\r\n")
        elif what == "large":
            length = MAX_ANSWER + 1
            writer.write(f"HTTP/1.1 {rest[0]} Large\r\ncontent-length: {length}\r\n\r\n".encode() + b"x" * length)
        elif what == "reset":
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        else:
            await asyncio.sleep(5)  # longer than the deadline it is called with; the caller hangs up first


@asynccontextmanager
async def receiving() -> AsyncIterator[ScriptedReceiver]:
    receiver = ScriptedReceiver()
    server = await asyncio.start_server(receiver.answer, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver


@pytest.fixture(params=sorted(NOTIFIERS))
def make(request: pytest.FixtureRequest) -> Make:
    return NOTIFIERS[request.param]


def endpoint(kind: str, url: str, *, allow_private: bool = True) -> Endpoint:
    return Endpoint("oncall", url, kind=kind, secrets=(SECRET,), allow_private=allow_private)


def sent(
    make: Make, path: str, *, deadline: timedelta = PROMPT, allow_private: bool = True, times: int = 1
) -> tuple[Outcome, list[Request]]:
    async def run() -> tuple[Outcome, list[Request]]:
        egress = Egress()
        try:
            async with receiving() as receiver:
                notifier = make(egress, deadline)
                to = endpoint(notifier.kind, f"http://127.0.0.1:{receiver.port}{path}", allow_private=allow_private)
                for _ in range(times):
                    outcome = await notifier.send(to, MESSAGE)
                return outcome, receiver.requests
        finally:
            await egress.close()

    return asyncio.run(run())


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_a_2xx_is_a_delivery(make: Make, status: int) -> None:
    outcome, requests = sent(make, f"/status/{status}")
    assert (outcome.kind, outcome.status, outcome.error) == (OutcomeKind.DELIVERED, status, None)
    assert outcome.took > timedelta(0)
    assert len(requests) == 1


def test_every_attempt_carries_the_body_and_the_id_as_they_are(make: Make) -> None:
    _, requests = sent(make, "/status/500", times=3)
    assert [request.body for request in requests] == [MESSAGE.body] * 3
    assert {request.headers["webhook-id"] for request in requests} == {MESSAGE.id}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_failures_and_never_followed(make: Make, status: int) -> None:
    outcome, requests = sent(make, f"/status/{status}")
    assert (outcome.kind, outcome.status) == (OutcomeKind.RETRY, status)
    assert "redirect" in str(outcome.error)
    assert [request.path for request in requests] == [f"/status/{status}"]


@pytest.mark.parametrize("status", [400, 401, 404, 409, 429, 500, 502, 503, 504, 599])
def test_any_other_status_is_tried_again_by_the_caller_not_by_itself(make: Make, status: int) -> None:
    outcome, requests = sent(make, f"/status/{status}")
    assert (outcome.kind, outcome.status, outcome.retry_after) == (OutcomeKind.RETRY, status, None)
    assert str(status) in str(outcome.error)
    assert len(requests) == 1


def test_410_means_never_again(make: Make) -> None:
    outcome, _ = sent(make, "/status/410")
    assert (outcome.kind, outcome.status) == (OutcomeKind.GONE, 410)


def test_retry_after_is_passed_on(make: Make) -> None:
    outcome, _ = sent(make, "/retry-after/7")
    assert (outcome.kind, outcome.retry_after) == (OutcomeKind.RETRY, timedelta(seconds=7))


@pytest.mark.parametrize("path", ["/reset", "/truncated", "/garbage"])
def test_a_broken_answer_is_a_failure_in_words(make: Make, path: str) -> None:
    outcome, requests = sent(make, path)
    assert (outcome.kind, outcome.status) == (OutcomeKind.RETRY, None)
    assert len(str(outcome.error)) > 10
    assert len(requests) == 1


def test_a_receiver_that_hangs_is_left_at_the_deadline(make: Make) -> None:
    outcome, _ = sent(make, "/hang", deadline=timedelta(seconds=0.3))
    assert outcome.kind is OutcomeKind.RETRY
    assert timedelta(seconds=0.2) < outcome.took < timedelta(seconds=4)


@pytest.mark.parametrize(("status", "kind"), [(200, OutcomeKind.DELIVERED), (500, OutcomeKind.RETRY)])
def test_an_endless_answer_is_cut_and_its_status_counts(make: Make, status: int, kind: OutcomeKind) -> None:
    outcome, _ = sent(make, f"/large/{status}")
    assert (outcome.kind, outcome.status) == (kind, status)


def test_nobody_listening_is_a_failure_in_words(make: Make) -> None:
    async def run() -> Outcome:
        egress = Egress()
        async with receiving() as receiver:
            port = receiver.port
        try:
            notifier = make(egress, PROMPT)
            return await notifier.send(endpoint(notifier.kind, f"http://127.0.0.1:{port}/"), MESSAGE)
        finally:
            await egress.close()

    outcome = asyncio.run(run())
    assert outcome.kind is OutcomeKind.RETRY
    assert outcome.error


def test_a_private_address_is_refused_unless_the_endpoint_allows_it(make: Make) -> None:
    outcome, requests = sent(make, "/status/200", allow_private=False)
    assert outcome.kind is OutcomeKind.REFUSED
    assert "allow_private = true" in str(outcome.error)
    assert requests == []


def test_no_outcome_shows_the_secret_or_the_path(make: Make) -> None:
    for path in ("/status/500?token=canary", "/garbage?token=canary", "/truncated?token=canary"):
        outcome, _ = sent(make, path)
        assert SECRET[6:] not in repr(outcome)
        assert "canary" not in repr(outcome)


def test_the_name_of_its_kind_is_the_one_it_is_registered_under() -> None:
    egress = Egress()
    assert {name: make(egress, PROMPT).kind for name, make in NOTIFIERS.items()} == {name: name for name in NOTIFIERS}
