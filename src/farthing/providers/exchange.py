"""One request and its answer: everything that is known of it, and nothing that the next one could see.

The connection only lends its bytes. An exchange has its own parser, buffer and failure, and gives the connection
back when the whole body is in its caller's hands; what a provider sends after that has no exchange to land in.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

import msgspec

from farthing.domain.errors import Ambiguous
from farthing.providers.incoming import Incoming
from farthing.providers.limits import Limits, Timeouts

_Waiter = asyncio.Future[None]


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


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What all exchanges with one origin have in common."""

    loop: asyncio.AbstractEventLoop
    origin: str
    limits: Limits
    timeouts: Timeouts


class Exchange(Incoming):
    """An answer on its way in (`ports.upstream.Answer`). Made when its request is about to be written."""

    __slots__ = (
        "_backlog",
        "_began",
        "_line",
        "_loop",
        "_paused",
        "_room",
        "_seen",
        "_stopped",
        "_taker",
        "_terms",
        "_waiter",
        "_whole",
        "_written",
    )

    def __init__(self, terms: Terms, line: Line, *, began: float, bodiless: bool = False) -> None:
        """`began` is when the whole undertaking started, in the loop's time; `bodiless` is the answer to a HEAD."""
        Incoming.__init__(self, terms.limits, bodiless=bodiless)
        self._terms = terms
        self._loop = terms.loop
        self._line: Line | None = line
        self._began = began
        self._written = self._seen = terms.loop.time()
        self._backlog = 0
        self._room = terms.limits.unread_bytes
        self._waiter: _Waiter | None = None
        self._taker: Callable[[bytes], bool] | None = None
        self._stopped: BaseException | bool = False
        self._paused = self._whole = False

    # ── the caller's side ────────────────────────────────────────────────────────────────────────────────────────

    async def arrive(self) -> None:
        """Wait for the headers. Raises Ambiguous: the request has been written."""
        if not (self.headed or self.flaw):
            waiter = self._waiter = self._loop.create_future()
            try:
                await waiter
            except BaseException:
                self._waiter = None
                self.abort()
                raise
            self._waiter = None
        if not self.headed:
            raise self._ambiguous()

    async def read(self) -> bytes:
        while not self.pieces:
            if self.flaw:
                raise self._ambiguous()
            if self.complete:
                self._release()
                return b""
            await self._wait()
        return self._fetch()

    async def read_all(self, limit: int) -> bytes:
        if not self.complete or self.unread > limit:
            await self._gather(limit)
        return self._fetch()

    async def pour(self, take: Callable[[bytes], bool]) -> bool:
        while self.pieces or not (self.complete or self.flaw):
            if self.pieces:
                self._hand_over(take)
            else:
                self._taker = take
                await self._wait()
            stopped, self._stopped = self._stopped, False
            if isinstance(stopped, BaseException):
                self.abort()
                raise stopped
            if stopped:
                return False
        if self.flaw:
            raise self._ambiguous()
        self._release()
        return True

    def abort(self) -> None:
        if self.pieces or not self.complete:
            self._release()
            self.complete = False
            self.pieces.clear()
            self._fail("was not heard to its end: the answer was given up")
        else:
            self._release()

    async def _gather(self, limit: int) -> None:
        """Wait until all of the body is there. Raises Ambiguous where that will not be."""
        self._whole = True
        self._room = limit
        self._resume()
        while not (self.complete or self.flaw) and max(self.declared, self.unread) <= limit:
            await self._wait()
        if self.unread > limit or not (self.complete or self.flaw):
            self.complete = False
            self._fail(f"sent an answer of more than {limit} bytes")
        if self.flaw:
            self.pieces.clear()
            raise self._ambiguous()

    def _fetch(self) -> bytes:
        body = self.take()
        if self.complete:
            self._release()
        elif self._paused:
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
            self._waiter = self._taker = None

    def _ambiguous(self) -> Ambiguous:
        return Ambiguous(f"{self._terms.origin} {self.flaw}; what the request cost is unknown")

    # ── the connection's side ────────────────────────────────────────────────────────────────────────────────────

    def feed(self, data: bytes | memoryview) -> None:
        """Bytes from the provider."""
        Incoming.feed(self, data)
        self._seen = self._loop.time()
        over = self.complete or self.flaw
        if over and not self.reusable and self._line is not None:
            self._line.close()
        taker = self._taker
        if taker is not None and self.pieces and not self._told():
            self._hand_over(taker)
            if over or self._stopped is not False:
                self._wake()
        elif over:
            self._wake()
        elif self.headed:
            self._announce()

    def lost(self, reason: str) -> None:
        """The connection ended: `reason` says how, "" for an orderly end of the stream."""
        if reason:
            self._fail(f"{reason} {self.stage}")
        else:
            self.end()
            self._wake()

    def check(self, now: float) -> None:
        """Fail if any phase has lasted too long."""
        limit = self._terms.timeouts
        if now - self._began > limit.total_seconds:
            self._late("finish its answer", limit.total_seconds)
        elif self.complete or self._paused:
            return
        elif self.headed:
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
        if not self.complete:
            self._fail(f"did not {act} within {seconds:g} s")
        elif self._line is not None:
            self._line.close()  # all there, but nobody fetched it

    def _hand_over(self, take: Callable[[bytes], bool]) -> None:
        """Give `take` what has come. What it raises is for the task that pours, not for the event loop."""
        try:
            self._stopped = not take(self._fetch())
        except BaseException as error:  # noqa: BLE001 - raised again by `pour`
            self._stopped = error

    def _announce(self) -> None:
        """The head or some of the body has come. Whoever reads piece by piece makes the provider wait."""
        if self.unread > self._room:
            if not self._whole and not self._paused and self._line is not None:
                self._paused = True
                self._line.pause()
            self._wake()
        elif not self._whole and self._taker is None:
            self._wake()

    def _resume(self) -> None:
        if self._paused and self._line is not None:
            self._paused = False
            self._seen = self._loop.time()
            self._line.resume()

    def _fail(self, reason: str) -> None:
        self.drop(reason)
        self._release()
        self._wake()

    def _release(self) -> None:
        """Part from the connection, which reads on. Called once the body is complete or given up."""
        line = self._line
        if line is not None:
            if self.complete and self._paused:
                self._resume()
            self._line = None
            line.finish(reusable=self.complete and self.reusable)

    def _told(self) -> bool:
        """Whether nobody waits, or whoever does has been told (or cancelled) and has not come to it yet."""
        return self._waiter is None or self._waiter.done()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
