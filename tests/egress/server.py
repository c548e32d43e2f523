"""A scripted HTTP server on loopback: every path answers what the test wrote down, and every request is kept."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Reply:
    """One answer. `hang` sends the head and no more; `drip` sends a byte and waits, for ever; `cut` stops early."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    hang: bool = False
    drip: float | None = None
    cut: bool = False


@dataclass(frozen=True)
class Asked:
    """One request as it arrived; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


class ScriptedServer:
    """Answers by path, without the query; a list of replies is used up one by one, the last one stays."""

    def __init__(self) -> None:
        self.port = 0
        self.asked: list[Asked] = []
        self.replies: dict[str, list[Reply] | Callable[[Asked], Reply]] = {}

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def on(self, path: str, *replies: Reply) -> str:
        """Script `path`; gives its whole address."""
        self.replies[path] = list(replies)
        return self.url + path

    def on_call(self, path: str, answer: Callable[[Asked], Reply]) -> None:
        """Let a function answer for `path`."""
        self.replies[path] = answer

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            asked = await read_request(reader)
            self.asked.append(asked)
            await send(writer, self._next(asked))
        writer.close()

    def _next(self, asked: Asked) -> Reply:
        replies = self.replies.get(asked.target.partition("?")[0], [Reply(404, b"not here")])
        if not isinstance(replies, list):
            return replies(asked)
        return replies.pop(0) if len(replies) > 1 else replies[0]


async def read_request(reader: asyncio.StreamReader) -> Asked:
    """Head and body of one request."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ", 2)
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)
    }
    return Asked(method, target, headers, await reader.readexactly(int(headers.get("content-length", "0"))))


async def send(writer: asyncio.StreamWriter, reply: Reply) -> None:
    """Write one scripted answer, with its faults."""
    length = len(reply.body) + (1000 if reply.cut or reply.hang or reply.drip is not None else 0)
    headers = {"Content-Length": str(length), "Connection": "close", **reply.headers}
    head = f"HTTP/1.1 {reply.status} Scripted\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items()) + "\r\n"
    writer.write(head.encode("latin-1") + reply.body)
    await writer.drain()
    if reply.hang:
        await asyncio.Event().wait()
    while reply.drip is not None:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(reply.drip)


@asynccontextmanager
async def scripted_server() -> AsyncIterator[ScriptedServer]:
    """A running server; what still hangs at the end is cancelled."""
    server = ScriptedServer()
    running: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def one() -> None:
            try:
                await server.answer(reader, writer)
            finally:
                writer.close()
                with suppress(ConnectionError):
                    await writer.wait_closed()

        task = asyncio.get_running_loop().create_task(one())
        running.add(task)
        task.add_done_callback(running.discard)

    listening = await asyncio.start_server(connected, "127.0.0.1", 0, limit=1 << 20)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        pending: Sequence[asyncio.Task[None]] = tuple(running)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        await listening.wait_closed()
