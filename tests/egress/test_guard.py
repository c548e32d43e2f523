"""What the kernel is told to connect to, when hostile addresses are asked for. Nothing leaves the machine."""

import ipaddress
import itertools
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import AddressRefused, EgressError, NoAnswer
from app.egress import Egress
from tests.egress.server import Reply, scripted_server

PUBLIC = "93.184.216.34"
NAMES: dict[str, list[list[str]]] = {
    "public.example": [[PUBLIC]],
    "redirect.example": [[PUBLIC]],
    "rebind.example": [[PUBLIC], ["127.0.0.1"]],
    "mixed.example": [[PUBLIC, "10.0.0.5"]],
    "private.example": [["10.0.0.5"]],
    "v6private.example": [["fd00::1"]],
    "mapped.example": [["::ffff:169.254.169.254"]],
    "localhost": [["127.0.0.1"]],
    "localtest.me": [["127.0.0.1"]],
    "127.0.0.1.nip.io": [["127.0.0.1"]],
    "metadata.google.internal": [["169.254.169.254"]],
    "169.254.169.254.nip.io": [["169.254.169.254"]],
}
"""Each name answers the lists in turn."""
HOSTILE = (
    "http://127.0.0.1/", "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://[::1]/",
    "http://[::ffff:7f00:1]/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://[fd00:ec2::254]/",
    "http://169.254.169.254/latest/meta-data/", "http://168.63.129.16/", "http://100.64.0.1/", "http://10.0.0.1/",
    "http://public.example@127.0.0.1/", "http://public.example:22/", "http://mixed.example/", "http://private.example/",
    "http://mapped.example/", "http://localhost./", "file:///etc/passwd", "http://", "//127.0.0.1/",
)  # fmt: skip
"""A few of our own, for where the shared list is absent."""


class Kernel:
    """Stands where the sockets are: answers look-ups from a table, records every connect, lets none out.

    Connections to a public address can be led to a local server, which then seems to be there.
    """

    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []
        self.lead_to: int | None = None
        self._turns = {name: itertools.cycle(answers) for name, answers in NAMES.items()}

    def getaddrinfo(self, host: Any, port: Any, *_: Any, **__: Any) -> list[tuple[Any, ...]]:
        name = host.decode() if isinstance(host, bytes) else str(host)
        rows = []
        for address in self._addresses(name.rstrip(".").lower()):
            six = ":" in address
            family = socket.AF_INET6 if six else socket.AF_INET
            rows.append((family, socket.SOCK_STREAM, 6, "", (address, port, 0, 0) if six else (address, port)))
        return rows

    def _addresses(self, name: str) -> list[str]:
        if name in self._turns:
            return next(self._turns[name])
        try:
            return [str(ipaddress.ip_address(name))]
        except ValueError:
            pass
        try:
            return [socket.inet_ntoa(socket.inet_aton(name))]
        except OSError:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known") from None

    def forbidden(self) -> list[tuple[str, int]]:
        """Connects that must not have happened."""
        return [(address, port) for address, port in self.told if address != PUBLIC or port not in (80, 443)]


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    stub = Kernel()
    connect, getpeername = socket.socket.connect, socket.socket.getpeername
    pretended: dict[socket.socket, tuple[str, int]] = {}

    def told_to_connect(self: socket.socket, address: Any) -> None:
        if self.family == socket.AF_UNIX:
            return connect(self, address)
        stub.told.append((address[0], address[1]))
        if stub.lead_to is None:
            raise ConnectionRefusedError("nothing leaves the machine")
        pretended[self] = (address[0], address[1])
        return connect(self, ("127.0.0.1", stub.lead_to))

    monkeypatch.setattr(socket, "getaddrinfo", stub.getaddrinfo)
    monkeypatch.setattr(socket.socket, "connect", told_to_connect)
    monkeypatch.setattr(socket.socket, "getpeername", lambda self: pretended.get(self) or getpeername(self))
    return stub


@pytest.fixture
async def egress() -> AsyncIterator[Egress]:
    client = Egress()
    yield client
    await client.close()


async def refused_all(kernel: Kernel, egress: Egress, addresses: Iterator[str]) -> int:
    count = 0
    for url in addresses:
        count += 1
        with pytest.raises(EgressError):
            await egress.request("GET", url, redirects=3)
    assert kernel.forbidden() == []
    return count


async def test_the_control_reaches_connect(kernel: Kernel, egress: Egress) -> None:
    with pytest.raises(NoAnswer):
        await egress.request("GET", "http://public.example/")
    assert kernel.told == [(PUBLIC, 80)]


@pytest.mark.parametrize("url", HOSTILE)
async def test_hostile_addresses_reach_no_connect(kernel: Kernel, egress: Egress, url: str) -> None:
    with pytest.raises(AddressRefused):
        await egress.request("GET", url)
    assert kernel.told == []


@pytest.mark.external
async def test_the_shared_corpus(kernel: Kernel, egress: Egress, shared: Path) -> None:
    corpus = shared / "data" / "ssrf_corpus.txt"
    lines = corpus.read_text(encoding="utf-8").splitlines()
    assert await refused_all(kernel, egress, iter(lines)) == 88


async def test_a_name_that_changes_its_mind(kernel: Kernel, egress: Egress) -> None:
    for _ in range(1_000):
        with pytest.raises(EgressError):
            await egress.request("GET", "http://rebind.example/")
    assert kernel.forbidden() == []
    assert len(kernel.told) == 500


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1/",
        "http://169.254.169.254/latest/",
        "http://private.example/",
        "//localhost/",
        "file:///etc/passwd",
    ],
)
async def test_a_redirect_into_the_private_is_only_reported(kernel: Kernel, egress: Egress, location: str) -> None:
    async with scripted_server() as server:
        server.on("/to-private", Reply(302, headers={"Location": location}))
        kernel.lead_to = server.port
        answer = await egress.request("GET", "http://redirect.example/to-private", redirects=3)
    assert answer.status == 302
    assert kernel.told == [(PUBLIC, 80)]


async def test_a_redirect_is_checked_like_the_first_request(kernel: Kernel, egress: Egress) -> None:
    async with scripted_server() as server:
        server.on("/", Reply(302, headers={"Location": "/again"}))
        kernel.lead_to = server.port
        with pytest.raises(AddressRefused, match="Loopback"):
            await egress.request("GET", "http://rebind.example/", redirects=3)
    assert kernel.told == [(PUBLIC, 80)]


@pytest.mark.parametrize(
    "url", ["http://10.0.0.5:8080/", "http://[fd00::1]:9/", "http://localhost:5001/", "http://100.64.0.1/"]
)
async def test_allow_private_opens_the_operators_networks(kernel: Kernel, egress: Egress, url: str) -> None:
    with pytest.raises(NoAnswer):
        await egress.request("GET", url, allow_private=True)
    assert len(kernel.told) == 1


@pytest.mark.parametrize(
    "url",
    ["http://169.254.169.254/", "http://metadata.google.internal/", "http://[fd00:ec2::254]/", "http://100.100.100.200/",
     "http://168.63.129.16/", "http://0.0.0.0/", "http://[fe80::1]/", "http://224.0.0.1/", "file:///etc/passwd"],
)  # fmt: skip
async def test_allow_private_does_not_open_metadata_services(kernel: Kernel, egress: Egress, url: str) -> None:
    with pytest.raises(AddressRefused):
        await egress.request("GET", url, allow_private=True)
    assert kernel.told == []
