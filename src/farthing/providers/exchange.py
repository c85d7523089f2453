"""One request and its answer: everything that is known of it, and nothing that the next one could see.

The connection only lends its bytes. An exchange has its own parser, buffer and failure, and gives the connection
back when the whole body is in its caller's hands; what a provider sends after that has no exchange to land in.
"""

import asyncio
from typing import Protocol

from farthing.domain.errors import Ambiguous
from farthing.providers.incoming import Incoming
from farthing.providers.limits import Timeouts


class Line(Protocol):
    """What an exchange needs of the connection that carries it."""

    def finish(self, *, reusable: bool) -> None:
        """The exchange is over; the connection may serve another one if `reusable`."""
        ...

    def close(self) -> None: ...

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def backlog(self) -> int:
        """Bytes of the request that the provider has not taken yet."""
        ...


class Exchange:
    """An answer on its way in (`ports.upstream.Answer`). Made when its request is about to be written."""

    __slots__ = (
        "_backlog",
        "_began",
        "_incoming",
        "_line",
        "_loop",
        "_origin",
        "_paused",
        "_room",
        "_seen",
        "_timeouts",
        "_waiter",
        "_whole",
        "_written",
        "headers",
        "status",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        line: Line,
        incoming: Incoming,
        *,
        origin: str,
        began: float,
        room: int,
        timeouts: Timeouts,
    ) -> None:
        """`began` is when the whole undertaking started, in the loop's time; `room` bytes may lie unread."""
        self.status = 0
        self.headers = incoming.headers
        self._loop = loop
        self._line: Line | None = line
        self._incoming = incoming
        self._origin = origin
        self._began = began
        self._room = room
        self._timeouts = timeouts
        self._waiter: asyncio.Future[None] | None = None
        self._paused = self._whole = False
        self._written = self._seen = loop.time()
        self._backlog = 0

    # ── the caller's side ────────────────────────────────────────────────────────────────────────────────────────

    async def arrive(self) -> None:
        """Wait for the headers. Raises Ambiguous: the request has been written."""
        incoming = self._incoming
        while not incoming.headed:
            if incoming.flaw:
                raise self._ambiguous()
            await self._wait()
        self.status = incoming.status
        self.headers = incoming.headers

    async def read(self) -> bytes:
        incoming = self._incoming
        while not incoming.pieces:
            if incoming.flaw:
                raise self._ambiguous()
            if incoming.complete:
                self._release()
                return b""
            await self._wait()
        return self._take()

    async def read_all(self, limit: int) -> bytes:
        incoming = self._incoming
        self._whole = True
        self._room = limit
        self._resume()
        while not (incoming.complete or incoming.flaw) and max(incoming.declared, incoming.unread) <= limit:
            await self._wait()
        if incoming.unread > limit or not (incoming.complete or incoming.flaw):
            incoming.complete = False
            self._fail(f"sent an answer of more than {limit} bytes")
        if incoming.flaw:
            incoming.pieces.clear()
            raise self._ambiguous()
        return self._take()

    def abort(self) -> None:
        incoming = self._incoming
        if incoming.pieces or not incoming.complete:
            self._release()
            incoming.complete = False
            incoming.pieces.clear()
            self._fail("was not heard to its end: the answer was given up")
        else:
            self._release()

    def _take(self) -> bytes:
        body = self._incoming.take()
        if self._incoming.complete:
            self._release()
        else:
            self._resume()
        return body

    async def _wait(self) -> None:
        assert self._waiter is None, "one reader at a time"
        waiter = self._waiter = self._loop.create_future()
        try:
            await waiter
        except BaseException:
            self.abort()
            raise
        finally:
            self._waiter = None

    def _ambiguous(self) -> Ambiguous:
        return Ambiguous(f"{self._origin} {self._incoming.flaw}; what the request cost is unknown")

    # ── the connection's side ────────────────────────────────────────────────────────────────────────────────────

    def feed(self, data: bytes) -> None:
        """Bytes from the provider."""
        incoming = self._incoming
        incoming.feed(data)
        self._seen = self._loop.time()
        if incoming.complete or incoming.flaw:
            if not incoming.reusable and self._line is not None:
                self._line.close()
            self._wake()
        elif incoming.unread > self._room:
            self._crowded()
        elif not self._whole:
            self._wake()

    def lost(self, reason: str) -> None:
        """The connection ended: `reason` says how, "" for an orderly end of the stream."""
        if reason:
            self._fail(f"{reason} {self._incoming.stage}")
        else:
            self._incoming.end()
            self._wake()

    def check(self, now: float) -> None:
        """Fail if any phase has lasted too long."""
        limit = self._timeouts
        if now - self._began > limit.total_seconds:
            self._late("finish its answer", limit.total_seconds)
        elif self._incoming.complete or self._paused:
            return
        elif self._incoming.headed:
            if now - self._seen > limit.idle_seconds:
                self._late("go on with its answer", limit.idle_seconds)
        elif self._still_writing(now):
            if now - self._written > limit.write_seconds:
                self._late("take more of the request", limit.write_seconds)
        elif now - self._written > limit.first_byte_seconds:
            self._late("answer", limit.first_byte_seconds)

    def _still_writing(self, now: float) -> bool:
        """Whether part of the request still waits to be taken. Progress restarts the clock of the phase."""
        backlog = self._line.backlog() if self._line is not None else 0
        if backlog != self._backlog:
            self._backlog = backlog
            self._written = now
        return backlog > 0

    def _late(self, act: str, seconds: float) -> None:
        if not self._incoming.complete:
            self._fail(f"did not {act} within {seconds:g} s")
        elif self._line is not None:
            self._line.close()  # all there, but nobody fetched it

    def _crowded(self) -> None:
        """More is unread than there is room for. Whoever reads piece by piece makes the provider wait."""
        if not self._whole and not self._paused and self._line is not None:
            self._paused = True
            self._line.pause()
        self._wake()

    def _resume(self) -> None:
        if self._paused and self._line is not None:
            self._paused = False
            self._seen = self._loop.time()
            self._line.resume()

    def _fail(self, reason: str) -> None:
        self._incoming.drop(reason)
        self._release()
        self._wake()

    def _release(self) -> None:
        """Part from the connection, which reads on. Called once the body is complete or given up."""
        if self._incoming.complete:
            self._resume()
        line, self._line = self._line, None
        if line is not None:
            line.finish(reusable=self._incoming.complete and self._incoming.reusable)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
