"""One call of an asynchronous client: as `blocking`, on the client's own event loop, be it asyncio's or trio's."""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from farthing.domain.errors import Ambiguous
from farthing.sdk.caller import TRAILING_PIECES, Caller
from farthing.sdk.calls import Request, serve
from farthing.sdk.engine import LocalEngine
from farthing.sdk.exchange import Begin, Done, Exchange, More, Piece, Pour, Send, Task
from farthing.sdk.http import BodyKind, bounded, end_of_reading, headers_of, outbound, pieces_of_async, streams
from farthing.sdk.loops import Mailbox, here

_CLOSED = "the event loop of the client was closed"


class AsyncCall(Caller):
    """One call of an asynchronous client; its tasks are done on the client's own loop."""

    def __init__(self, inner: Any, module: Any, request: Any, **how: Any) -> None:
        super().__init__(inner, module, request, **how)
        self._loop = here()
        self._tasks: Mailbox[Task] = self._loop.mailbox()
        self._pieces: AsyncIterator[bytes] | None = None
        self._abandoned = False

    async def begin(self, engine: LocalEngine, asked: Request) -> Any:
        """The response for the client. Raises what the client's own HTTP raised."""
        self._engine = engine
        exchange = self._exchange = Exchange(engine.loop, self._ask, engine.engine.limits.answer_bytes)
        engine.start(lambda: serve(engine, asked, exchange))
        try:
            return await self._response_of_ours()
        except BaseException:
            self.close()
            raise

    async def piece(self) -> bytes:
        """The next piece of a streamed answer; b"" at its end, and once it is closed."""
        try:
            while not (self._out or self._over or self._left):
                await self._step()
            if not self._out:
                await self._release()
        except BaseException:
            self.close()
            raise
        return self._last()

    def close(self) -> None:
        if self._released or self._left or self._exchange is None:
            return
        self._left = True
        self._out = []
        self._exchange.leave()
        try:
            self._loop.soon(self._finish_apart)
        except RuntimeError:
            self._exchange.failed(Ambiguous(_CLOSED))

    def _ask(self, task: Task) -> None:
        try:
            if not self._abandoned:
                self._loop.soon(self._tasks.put, task)
                return
        except RuntimeError:  # the client's loop is closed
            self._abandoned = True
        if isinstance(task, Send | More | Pour):
            self._exchange_here.failed(Ambiguous(_CLOSED))

    async def _response_of_ours(self) -> Any:
        while not self._over:
            task = await self._tasks.get()
            if isinstance(task, Begin):
                return self._streamed(task.status, task.headers, _STREAMS.of(self._module)(self))
            await self._do(task)
        return self._whole()

    def _finish_apart(self) -> None:
        try:
            self._loop.begin(self._finish)
        except RuntimeError:  # a loop in its last moments takes no more tasks
            self._exchange_here.failed(Ambiguous(_CLOSED))

    async def _finish(self) -> None:
        """What is left of a call whose user has left. Where the loop ends before it, nobody reads on."""
        try:
            while not self._over:
                await self._step()
                self._out = []
            await self._release()
        finally:
            if not self._over:
                self._abandoned = True
                self._exchange_here.failed(Ambiguous(_CLOSED))

    async def _step(self) -> None:
        """As of `SyncCall`."""
        if self._taking is None:
            await self._do(await self._tasks.get())
            return
        try:
            self._take(self._taking, await self._read())
        except BaseException as error:  # noqa: BLE001 - the engine must hear of it; it is raised again where the user is
            self._give_up(error)

    async def _read(self) -> bytes:
        return b"" if self._pieces is None else await anext(self._pieces, b"")

    async def _do(self, task: Task) -> None:
        if isinstance(task, Done):
            await self._end(task)
        elif isinstance(task, Piece):
            self._out.append(task.data)
        elif isinstance(task, Pour):
            self._taking = task.take
        else:
            await self._ask_the_provider(task)

    async def _ask_the_provider(self, task: Task) -> None:
        try:
            if isinstance(task, Send):
                await self._send(task)
            elif isinstance(task, More):
                self._exchange_here.read_on(await self._read())
        except BaseException as error:  # noqa: BLE001 - as above
            self._give_up(error)

    async def _send(self, task: Send) -> None:
        exchange = self._exchange_here
        self._sent = outbound(self._module, self._request, task)
        response = self._response = await self._inner.send(self._sent, stream=True, **self._how)
        headers = headers_of(response)
        self._pieces = pieces_of_async(response)
        whole = None if streams(response) else await _joined(self._pieces, exchange)
        exchange.began(response.status_code, headers, whole)

    async def _end(self, done: Done) -> None:
        self._finished(done)
        if not self._more_to_read:
            await self._release()

    async def _release(self) -> None:
        """As of `SyncCall`."""
        if not self._over or self._released:
            return
        if self._more_to_read:
            with suppress(Exception):
                await self._read_out()
        if self._pieces is not None:
            await end_of_reading(self._pieces)
        if self._response is not None:
            await self._response.aclose()
        self._closed()

    async def _read_out(self) -> None:
        for _ in range(TRAILING_PIECES):
            if not await self._read():
                return


class AsyncBody:
    """As `SyncBody`, for asynchronous clients. No generator: nobody need end it where it is dropped half-way."""

    def __init__(self, call: AsyncCall) -> None:
        self._call = call

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        piece = await self._call.piece()
        if not piece:
            raise StopAsyncIteration
        return piece

    async def aclose(self) -> None:
        self._call.close()

    def __del__(self) -> None:
        self._call.close()


_STREAMS = BodyKind("AsyncByteStream", AsyncBody)


async def _joined(pieces: AsyncIterator[bytes], exchange: Exchange) -> bytes:
    size, joined = 0, []
    async for piece in pieces:
        size += len(piece)
        joined.append(bounded(piece, size, exchange))
    return b"".join(joined)
