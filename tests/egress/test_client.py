"""`Egress` against a scripted server: size, time, compression, redirects, and what its messages say."""

import gzip
import zlib
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import psutil
import pytest

from app.domain.errors import AddressRefused, AnswerTooLarge, NoAnswer
from app.egress import USER_AGENT, Egress
from tests.egress.server import Reply, ScriptedServer, scripted_server

SHORT = timedelta(milliseconds=400)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with scripted_server() as running:
        yield running


@pytest.fixture
async def egress() -> AsyncIterator[Egress]:
    client = Egress()
    yield client
    await client.close()


def bomb(mebibytes: int) -> bytes:
    """Zeros, packed by gzip a thousand to one."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([*(packer.compress(bytes(1 << 20)) for _ in range(mebibytes)), packer.flush()])


async def test_it_brings_status_headers_body_and_says_who_asks(server: ScriptedServer, egress: Egress) -> None:
    url = server.on("/feed", Reply(201, b"hello", {"ETag": '"a"'}))
    answer = await egress.request("POST", url, headers={"X-Mark": "1"}, content=b"sent", allow_private=True)
    assert (answer.status, answer.body, answer.headers["etag"], answer.url) == (201, b"hello", '"a"', url)
    assert answer.took > timedelta()
    asked = server.asked[0]
    assert (asked.method, asked.body, asked.headers["x-mark"]) == ("POST", b"sent", "1")
    assert asked.headers["user-agent"] == USER_AGENT
    assert asked.headers["accept-encoding"] == "gzip, deflate"


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(b"a text")),
        ("x-gzip", gzip.compress(b"a ") + gzip.compress(b"text")),
        ("gzip", gzip.compress(b"a text") + b"\0\0padding"),
        ("deflate", zlib.compress(b"a text")),
        ("deflate", zlib.compress(b"a text", wbits=-15)),
        ("gzip, deflate", zlib.compress(gzip.compress(b"a text"))),
        ("identity", b"a text"),
    ],
)
async def test_it_unpacks(server: ScriptedServer, egress: Egress, coding: str, packed: bytes) -> None:
    url = server.on("/", Reply(200, packed, {"Content-Encoding": coding}))
    assert (await egress.request("GET", url, allow_private=True)).body == b"a text"


@pytest.mark.parametrize(
    ("coding", "packed", "says"),
    [
        ("gzip", gzip.compress(b"a text")[:-12], "cut short"),
        ("gzip", b"no gzip at all", "broken"),
        ("deflate", b"\xff\xff\xff\xff", "broken"),
        ("br", b"whatever", "not asked for"),
        ("gzip, gzip, gzip", b"", "not asked for"),
    ],
)
async def test_a_body_that_cannot_be_unpacked(
    server: ScriptedServer, egress: Egress, coding: str, packed: bytes, says: str
) -> None:
    url = server.on("/", Reply(200, packed, {"Content-Encoding": coding}))
    with pytest.raises(NoAnswer, match=says):
        await egress.request("GET", url, allow_private=True)


@pytest.mark.parametrize("layers", [1, 2])
async def test_a_gzip_bomb_is_refused_without_the_memory(server: ScriptedServer, egress: Egress, layers: int) -> None:
    packed = bomb(1024)
    if layers == 2:
        packed = gzip.compress(packed)
    url = server.on("/", Reply(200, packed, {"Content-Encoding": ", ".join(["gzip"] * layers)}))
    before = psutil.Process().memory_info().rss
    with pytest.raises(AnswerTooLarge, match="10,000,000 bytes") as caught:
        await egress.request("GET", url, allow_private=True)
    assert caught.value.status == 200
    assert psutil.Process().memory_info().rss - before < 40 << 20


async def test_what_arrives_is_capped_too(server: ScriptedServer, egress: Egress) -> None:
    url = server.on("/", Reply(200, b"x" * 65_537))
    with pytest.raises(AnswerTooLarge):
        await egress.request("GET", url, allow_private=True, max_bytes=65_536)
    assert len((await egress.request("GET", url, allow_private=True, max_bytes=65_537)).body) == 65_537


@pytest.mark.parametrize("reply", [Reply(hang=True), Reply(drip=0.05)], ids=["hangs", "drips"])
async def test_the_deadline_is_total(server: ScriptedServer, egress: Egress, reply: Reply) -> None:
    url = server.on("/slow", reply)
    with pytest.raises(NoAnswer, match=r"within 0\.4 seconds in all"):
        await egress.request("GET", url, allow_private=True, deadline=SHORT)


async def test_an_answer_cut_short_is_no_answer(server: ScriptedServer, egress: Egress) -> None:
    url = server.on("/", Reply(200, b"half", cut=True))
    with pytest.raises(NoAnswer, match="cut"):
        await egress.request("GET", url, allow_private=True)


async def test_nobody_listens() -> None:
    async with scripted_server() as closed:
        url = closed.url
    with pytest.raises(NoAnswer):
        await Egress().request("GET", url, allow_private=True)


async def test_redirects_stay_on_the_host_and_are_counted(server: ScriptedServer, egress: Egress) -> None:
    server.on("/b", Reply(302, headers={"Location": "/c"}))
    server.on("/c", Reply(200, b"there"))
    url = server.on("/a", Reply(301, headers={"Location": "/b"}))
    followed = await egress.request("GET", url, allow_private=True, redirects=3)
    assert (followed.status, followed.body, followed.url) == (200, b"there", server.url + "/c")
    assert (await egress.request("GET", url, allow_private=True, redirects=1)).status == 302
    assert (await egress.request("GET", url, allow_private=True)).status == 301
    assert (await egress.request("POST", url, content=b"", allow_private=True, redirects=3)).status == 301


@pytest.mark.parametrize(
    "location", ["http://elsewhere.example/", "//elsewhere.example/", "ftp://127.0.0.1/", "http://["]
)
async def test_a_redirect_to_elsewhere_is_reported(server: ScriptedServer, egress: Egress, location: str) -> None:
    url = server.on("/", Reply(302, headers={"Location": location}))
    answer = await egress.request("GET", url, allow_private=True, redirects=3)
    assert (answer.status, answer.headers["location"]) == (302, location)
    assert len(server.asked) == 1


async def test_loopback_is_refused_unless_allowed_and_nothing_arrives(server: ScriptedServer, egress: Egress) -> None:
    with pytest.raises(AddressRefused):
        await egress.request("GET", server.on("/", Reply()))
    assert not server.asked


async def test_messages_name_the_host_and_no_secret(server: ScriptedServer, egress: Egress) -> None:
    secret = "s3cr3t-token"
    url = server.on(f"/hook/{secret}", Reply(hang=True)) + f"?key={secret}"
    with pytest.raises(NoAnswer) as slow:
        await egress.request("GET", url, headers={"Authorization": secret}, allow_private=True, deadline=SHORT)
    refused = []
    for bad in (url, f"ftp://a.example/{secret}", f"http://me:{secret}@127.0.0.1/", f"http://a.example:99/{secret}"):
        with pytest.raises(AddressRefused) as caught:
            await egress.request("GET", bad)
        refused.append(caught.value.message)
    assert not [message for message in (slow.value.message, *refused) if secret in message]


async def test_a_given_transport_is_guarded_by_the_written_address() -> None:
    calls: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(str(request.url))
        return httpx.Response(200, content=gzip.compress(b"ok"), headers={"Content-Encoding": "gzip"})

    egress = Egress(transport=httpx.MockTransport(answer))
    assert (await egress.request("GET", "https://public.example/x")).body == b"ok"
    with pytest.raises(AddressRefused):
        await egress.request("GET", "http://10.1.2.3/")
    assert calls == ["https://public.example/x"]
