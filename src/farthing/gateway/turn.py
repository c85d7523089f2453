"""One request and its answer on a connection, written straight to the socket.

uvicorn's own cycle checks every header with two patterns and wraps every piece in a dictionary: a sixth of the CPU of
a whole call. Here the head is joined once and checked once, and a whole answer is one write.
"""

import asyncio
import http
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

Headers = list[tuple[bytes, bytes]]

_STATUS_LINES: dict[int, bytes] = {
    status.value: b"HTTP/1.1 %d %s\r\n" % (status.value, status.phrase.encode()) for status in http.HTTPStatus
}


class Bell:
    """As much of asyncio.Event as one waiter needs, at a fifth of its price: every request makes one."""

    __slots__ = ("_rung", "_waiter")

    def __init__(self) -> None:
        self._rung = False
        self._waiter: asyncio.Future[None] | None = None

    def set(self) -> None:
        self._rung = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def clear(self) -> None:
        self._rung = False

    async def wait(self) -> None:
        if not self._rung:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None


class Turn(RequestResponseCycle):
    """uvicorn's cycle, which other ASGI applications may go on using, with a short way for ours."""

    chunked = False
    on_gone: Callable[[], None] | None = None
    """Called once, when the client leaves before its answer is complete."""

    def lose(self) -> None:
        """The connection is lost."""
        if not self.response_complete and not self.disconnected:
            self.disconnected = True
            self.message_event.set()
            if self.on_gone is not None:
                self.on_gone()

    async def whole(self, status: int, headers: Headers, body: bytes) -> None:
        """Head and body in one write. `headers` carry no content-length: it is added here."""
        if not self.disconnected and await self._may_write():
            self.response_started = True
            length = b"content-length: %d\r\n" % len(body)
            self.transport.write(
                self._head(status, headers, length) + (b"" if self.scope["method"] == "HEAD" else body)
            )
            self._complete()

    async def head(self, status: int, headers: Headers) -> None:
        """Begin an answer whose length is not known: chunked, or until the connection closes for HTTP/1.0."""
        if not self.disconnected and await self._may_write():
            self.response_started = True
            self.chunked = self.scope["http_version"] == "1.1"
            if not self.chunked:
                self.keep_alive = False
            self.transport.write(
                self._head(status, headers, b"transfer-encoding: chunked\r\n" if self.chunked else b"")
            )

    async def piece(self, data: bytes) -> None:
        """Waits while the client leaves more than the transport's high-water mark unread."""
        if data and not self.disconnected and await self._may_write():
            self.transport.write(b"%x\r\n%s\r\n" % (len(data), data) if self.chunked else data)

    async def end(self, last: bytes = b"") -> None:
        """The last piece and the proper end, in one write."""
        if not self.disconnected and await self._may_write():
            if self.chunked:
                last = b"%x\r\n%s\r\n0\r\n\r\n" % (len(last), last) if last else b"0\r\n\r\n"
            self.transport.write(last)
            self._complete()

    def cut(self) -> None:
        """Close without a proper end, so that the client sees a cut. What was written before is still sent."""
        if not self.disconnected and not self.response_complete:
            self.response_complete = True
            self.transport.close()

    async def _may_write(self) -> bool:
        if self.flow.write_paused:
            await self.flow.drain()
        return not self.disconnected

    def _complete(self) -> None:
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()

    def _head(self, status: int, headers: Headers, framing: bytes) -> bytes:
        lines = [b"%s: %s\r\n" % pair for pair in headers]
        line = _STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status
        head = b"".join((line, *lines, framing, b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n"))
        breaks = len(lines) + 2 + bool(framing) + (not self.keep_alive)
        if head.count(b"\n") != breaks or head.count(b"\r") != breaks:
            raise ValueError("a header of the answer contains a line break")
        return head


def turn_of(scope: dict[str, Any]) -> Turn:
    """The turn that carries this request; only our own protocol makes one."""
    turn = scope.get("farthing.turn")
    assert isinstance(turn, Turn), "the gateway runs under farthing.gateway.serve"
    return turn
