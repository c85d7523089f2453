"""The client behind an HTTP connection, as the life of a call sees it: an answer is written straight to the socket.

The head is joined once and checked once, and a whole answer is one write.
"""

import asyncio
import http
from collections.abc import Callable
from typing import Protocol

from farthing.gateway.bell import Bell
from farthing.gateway.head import Headers
from farthing.ports.client import Client

_STATUS_LINES: dict[int, bytes] = {
    status.value: b"HTTP/1.1 %d %s" % (status.value, status.phrase.encode()) for status in http.HTTPStatus
}
_CHUNKED = b"transfer-encoding: chunked"
_CLOSE = b"connection: close"


class Wire(Protocol):
    """The connection as an answer needs it."""

    transport: asyncio.Transport
    stalled: bool
    """The client leaves more than the transport's high-water mark unread."""
    room: Bell
    """Rung when it no longer does, or is gone."""

    def answered(self) -> None:
        """The answer is complete."""
        ...


class PatientClient(Client, Protocol):
    """A client that can be waited for until it leaves."""

    async def left(self) -> None: ...


class HttpClient:
    """`farthing.ports.client.Client`, for one request. Writing to a client that left does nothing."""

    __slots__ = (
        "_chunked",
        "_moved",
        "_on_gone",
        "_one_one",
        "_wants_body",
        "complete",
        "gone",
        "keep_alive",
        "started",
        "wire",
    )

    def __init__(self, wire: Wire, *, wants_body: bool, one_one: bool, keep_alive: bool) -> None:
        self.wire = wire
        self.keep_alive = keep_alive
        self.started = False
        self.complete = False
        """All of the answer is written, or it was cut."""
        self.gone = False
        """True from the moment the connection is lost."""
        self._wants_body = wants_body
        self._one_one = one_one
        self._chunked = False
        self._on_gone: Callable[[], None] | None = None
        self._moved = Bell()
        """Rung when something came of the client: more of its body, or its leaving."""

    async def whole(self, status: int, headers: Headers, body: bytes) -> None:
        """Head and body in one write. `headers` carry no content-length: it is added here."""
        self.started = True
        if self.wire.stalled:
            await self.drained()
        if not self.gone:
            head = self._head(status, headers, b"content-length: %d" % len(body))
            self.wire.transport.write(head + body if self._wants_body else head)
            self._complete()

    async def head(self, status: int, headers: Headers) -> None:
        """Begin an answer whose length is not known: chunked, or until the connection closes for HTTP/1.0."""
        self.started = True
        if self.wire.stalled:
            await self.drained()
        if not self.gone:
            self._chunked = self._one_one
            if not self._chunked:
                self.keep_alive = False
            self.wire.transport.write(self._head(status, headers, *((_CHUNKED,) if self._chunked else ())))

    def write(self, piece: bytes) -> bool:
        wire = self.wire
        if piece and not self.gone:
            wire.transport.write(b"%x\r\n%b\r\n" % (len(piece), piece) if self._chunked else piece)
        return not wire.stalled

    async def drained(self) -> None:
        if self.wire.stalled:
            await self.wire.room.wait()

    async def body(self, piece: bytes) -> None:
        if not self.write(piece):
            await self.drained()

    async def end(self, last: bytes = b"") -> None:
        """The last piece and the proper end, in one write."""
        if self.gone or self.complete:
            return
        if self._chunked:
            last = b"%x\r\n%b\r\n0\r\n\r\n" % (len(last), last) if last else b"0\r\n\r\n"
        self.wire.transport.write(last)
        self._complete()

    async def cut(self) -> None:
        self.close()

    def close(self) -> None:
        """Close without a proper end, so that the client sees a cut. What was written before is still sent."""
        if not self.gone and not self.complete:
            self.complete = True
            self.wire.transport.close()

    def when_gone(self, do: Callable[[], None]) -> None:
        if self.gone:
            do()
        else:
            self._on_gone = do

    async def left(self) -> None:
        """Return when the client has left. Only after its whole body was read."""
        while not self.gone:
            self._moved.clear()
            await self._moved.wait()

    def lose(self) -> None:
        """The connection is lost."""
        if not self.complete and not self.gone:
            self.gone = True
            self._moved.set()
            if self._on_gone is not None:
                self._on_gone()

    def _complete(self) -> None:
        self.complete = True
        if not self.keep_alive:
            self.wire.transport.close()
        self.wire.answered()

    def _head(self, status: int, headers: Headers, *framing: bytes) -> bytes:
        line = _STATUS_LINES.get(status) or b"HTTP/1.1 %d " % status
        close = () if self.keep_alive else (_CLOSE,)
        lines = (line, *map(b": ".join, headers), *framing, *close, b"\r\n")
        head = b"\r\n".join(lines)
        if head.count(b"\n") != len(lines) or head.count(b"\r") != len(lines):
            raise ValueError("a header of the answer contains a line break")
        return head
