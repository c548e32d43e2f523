"""Reads an answer's body with a cap on what arrives and on what it unpacks to.

Capping decoded chunks would be no cap: one raw chunk of a gzip bomb decodes to 67 MB before the first look at it. So
the raw bytes are unpacked here, at most 64 KiB at a time.
"""

import zlib
from collections.abc import AsyncIterable, Iterator
from typing import Final

PIECE: Final = 65_536
MAX_LAYERS: Final = 2
GZIP_WINDOW: Final = 31
ZLIB_WINDOW: Final = 15
BARE_WINDOW: Final = -15
GZIP_MAGIC: Final = b"\x1f\x8b"


class TooLarge(Exception):
    """The body passed its cap."""


class Unreadable(Exception):
    """The body is cut short, broken, or packed in a way that was not asked for."""


class Unpacker:
    """Undoes one layer of gzip or deflate, in small pieces, up to `max_bytes` in all."""

    def __init__(self, coding: str, max_bytes: int) -> None:
        self._coding = coding
        self._window = GZIP_WINDOW if coding == "gzip" else ZLIB_WINDOW
        self._inner = zlib.decompressobj(self._window)
        self._left = max_bytes
        self._held = b""
        self._started = False
        self._done = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """What `chunk` unpacks to, at most 64 KiB at a time; `TooLarge` past the cap."""
        pending = self._held + chunk
        self._held = b""
        while pending and not self._done:
            if self._inner.eof:
                if not self._next_member(pending):
                    return
                continue
            piece = self._decompress(pending)
            pending = self._inner.unused_data if self._inner.eof else self._inner.unconsumed_tail
            self._left -= len(piece)
            if self._left < 0:
                raise TooLarge
            if piece:
                yield piece

    def finish(self) -> None:
        """Raise `Unreadable` when the stream ended in the middle."""
        if self._started and not self._inner.eof:
            raise Unreadable("its compressed body is cut short")

    def _decompress(self, chunk: bytes) -> bytes:
        try:
            piece = self._inner.decompress(chunk, PIECE)
        except zlib.error as error:
            if self._coding != "deflate" or self._started:
                raise Unreadable("its compressed body is broken") from error
            piece = self._decompress_bare(chunk)
        self._started = True
        return piece

    def _decompress_bare(self, chunk: bytes) -> bytes:
        # "deflate" means zlib, but some servers send the bare stream.
        self._inner = zlib.decompressobj(BARE_WINDOW)
        try:
            return self._inner.decompress(chunk, PIECE)
        except zlib.error as error:
            raise Unreadable("its compressed body is broken") from error

    def _next_member(self, rest: bytes) -> bool:
        """Gzip files may be joined end to end; anything else after the end is padding."""
        if self._coding == "gzip" and rest.startswith(GZIP_MAGIC):
            self._inner = zlib.decompressobj(self._window)
            return True
        if self._coding == "gzip" and GZIP_MAGIC.startswith(rest):
            self._held = rest
        else:
            self._done = True
        return False


def unpackers(content_encoding: str, max_bytes: int) -> list[Unpacker]:
    """The layers to undo, outermost first; `Unreadable` for a coding that was not asked for."""
    codings = [
        coding for part in content_encoding.lower().split(",") if (coding := part.strip()) not in ("", "identity")
    ]
    named = [{"x-gzip": "gzip"}.get(coding, coding) for coding in codings]
    if len(named) > MAX_LAYERS or not set(named) <= {"gzip", "deflate"}:
        raise Unreadable(f"its body is packed as {content_encoding[:40]!r}, which was not asked for")
    return [Unpacker(coding, max_bytes) for coding in reversed(named)]


async def read_body(raw: AsyncIterable[bytes], content_encoding: str, max_bytes: int) -> bytes:
    """The unpacked body; `TooLarge` once either what arrived or what it unpacks to passes `max_bytes`."""
    layers = unpackers(content_encoding, max_bytes)
    body = bytearray()
    arrived = 0
    async for chunk in raw:
        arrived += len(chunk)
        if arrived > max_bytes:
            raise TooLarge
        for piece in unpack(layers, chunk):
            body += piece
            if len(body) > max_bytes:
                raise TooLarge
    for layer in layers:
        layer.finish()
    return bytes(body)


def unpack(layers: list[Unpacker], chunk: bytes) -> Iterator[bytes]:
    """`chunk` through all layers."""
    if not layers:
        yield chunk
        return
    for piece in layers[0].feed(chunk):
        yield from unpack(layers[1:], piece)
