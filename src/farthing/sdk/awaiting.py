"""One call of an asynchronous client: as `blocking`, on the client's own event loop."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from farthing.domain.errors import Ambiguous
from farthing.sdk.calls import Request, serve
from farthing.sdk.engine import LocalEngine
from farthing.sdk.exchange import Begin, Done, Exchange, More, Piece, Pour, Send, Take, Task
from farthing.sdk.http import BodyKind, bounded, headers_of, outbound, proof, streams

_CLOSED = "the event loop of the client was closed"


class AsyncCall:
    """One call of an asynchronous client; its tasks are done on the client's own loop."""

    def __init__(self, inner: Any, module: Any, request: Any) -> None:
        self._inner = inner
        self._module = module
        self._request = request
        self._loop = asyncio.get_running_loop()
        self._tasks: asyncio.Queue[Task] = asyncio.Queue()
        self._response: Any = None
        self._pieces: AsyncIterator[bytes] | None = None
        self._error: BaseException | None = None
        self._exchange: Exchange | None = None
        self._engine: LocalEngine | None = None
        self._taking: Take | None = None
        self._over = False
        self._left = False
        self._abandoned = False

    async def begin(self, engine: LocalEngine, asked: Request) -> Any:
        """The response for the client. Raises what the client's own HTTP raised."""
        self._engine = engine
        exchange = self._exchange = Exchange(engine.loop, self._ask, engine.engine.limits.answer_bytes)
        engine.start(lambda: serve(engine, asked, exchange))
        try:
            return await self._answer()
        except BaseException:
            self.close()
            raise

    async def pieces(self) -> AsyncIterator[bytes]:
        """The pieces of a streamed answer. Dropped before its end, it is as if it were closed."""
        try:
            async for piece in self._pieces_to_the_end():
                yield piece
        finally:
            self.close()

    def close(self) -> None:
        """The user wants no more. What is under way is accounted for in the background. Safe to call twice, from anywhere."""
        if self._over or self._left or self._exchange is None:
            return
        self._left = True
        self._exchange.leave()
        try:
            self._loop.call_soon_threadsafe(self._finish_apart)
        except RuntimeError:
            self._exchange.failed(Ambiguous(_CLOSED))

    async def _pieces_to_the_end(self) -> AsyncIterator[bytes]:
        while True:
            task = await self._tasks.get()
            if isinstance(task, Piece):
                yield task.data
            elif isinstance(task, Pour):
                async for piece in self._pour(task.take):
                    yield piece
            elif isinstance(task, Done):
                await self._end(task)
                if self._error is not None:
                    raise self._error
                if not task.complete:
                    raise self._module.RemoteProtocolError("the stream ended before the answer was complete")
                return
            else:
                await self._do(task)

    def _ask(self, task: Task) -> None:
        try:
            if not self._abandoned:
                self._loop.call_soon_threadsafe(self._tasks.put_nowait, task)
                return
        except RuntimeError:  # the client's loop is closed
            self._abandoned = True
        if isinstance(task, Send | More | Pour) and self._exchange is not None:
            self._exchange.failed(Ambiguous(_CLOSED))

    async def _finish(self) -> None:
        """What is left of a call whose user has left. Where the loop ends before it, nobody reads on."""
        try:
            if self._taking is not None:
                await self._drain(self._taking)
            await self._until_over()
        finally:
            if not self._over and self._exchange is not None:
                self._abandoned = True
                self._exchange.failed(Ambiguous(_CLOSED))

    async def _pour(self, take: Take) -> AsyncIterator[bytes]:
        """As `SyncCall._pour`."""
        exchange = self._exchange
        assert exchange is not None
        self._taking = take
        wanted, at_end = True, False
        try:
            while wanted and not at_end:
                piece = b"" if self._pieces is None else await anext(self._pieces, b"")
                at_end = not piece
                if piece:
                    out, wanted = exchange.take(take, piece)
                    for each in out:
                        yield each
        except GeneratorExit:
            raise
        except BaseException as error:  # noqa: BLE001 - the engine must hear of it; it is raised again where the user is
            self._give_up(exchange, error)
        else:
            exchange.poured(at_end=at_end)
        self._taking = None

    async def _drain(self, take: Take) -> None:
        """The same, for nobody: no generator, which a loop that is closing would not begin any more."""
        exchange = self._exchange
        assert exchange is not None
        wanted, at_end = True, False
        try:
            while wanted and not at_end:
                piece = b"" if self._pieces is None else await anext(self._pieces, b"")
                at_end = not piece
                if piece:
                    _, wanted = exchange.take(take, piece)
        except BaseException as error:  # noqa: BLE001 - as above
            self._give_up(exchange, error)
        else:
            exchange.poured(at_end=at_end)
        self._taking = None

    def _give_up(self, exchange: Exchange, error: BaseException) -> None:
        self._error = error
        exchange.failed(proof(error))
        if not isinstance(error, Exception):
            raise error

    async def _answer(self) -> Any:
        while True:
            task = await self._tasks.get()
            if isinstance(task, Begin):
                return await self._made(task)
            if isinstance(task, Done):
                await self._end(task)
                raise self._error or Ambiguous("the call ended without an answer")
            await self._do(task)

    async def _made(self, begin: Begin) -> Any:
        if begin.body is None:
            assert self._engine is not None
            self._engine.streams.add(self)
            stream = _STREAMS.of(self._module)(self)
            return self._module.Response(begin.status, headers=begin.headers, stream=stream, request=self._request)
        await self._until_over()
        if self._error is not None and begin.status >= 500:
            raise self._error
        return self._module.Response(begin.status, headers=begin.headers, content=begin.body, request=self._request)

    async def _until_over(self) -> None:
        while not self._over:
            task = await self._tasks.get()
            if isinstance(task, Done):
                await self._end(task)
            else:
                await self._do(task)

    def _finish_apart(self) -> None:
        task = self._loop.create_task(self._finish())
        _draining.add(task)
        task.add_done_callback(_draining.discard)

    async def _end(self, done: Done) -> None:
        self._over = True
        if self._engine is not None:
            self._engine.streams.discard(self)
        if self._response is not None:
            await self._response.aclose()
        if done.error is not None and self._error is None:
            self._error = done.error

    async def _do(self, task: Task) -> None:
        exchange = self._exchange
        assert exchange is not None
        try:
            if isinstance(task, Send):
                response = await self._inner.send(outbound(self._inner, self._request, task), stream=True)
                self._response = response
                whole = None if streams(response) else await _whole_async(response, exchange)
                self._pieces = response.aiter_raw() if whole is None else None
                exchange.began(response.status_code, headers_of(response), whole)
            elif isinstance(task, More):
                piece = b"" if self._pieces is None else await anext(self._pieces, b"")
                exchange.read_on(piece)
            elif isinstance(task, Pour):
                await self._drain(task.take)
        except BaseException as error:  # noqa: BLE001 - the engine must hear of it; it is raised again where the user is
            self._give_up(exchange, error)


_draining: set[asyncio.Task[None]] = set()


class AsyncBody:
    """As `SyncBody`, for asynchronous clients."""

    def __init__(self, call: AsyncCall) -> None:
        self._call = call

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._call.pieces()

    async def aclose(self) -> None:
        self._call.close()

    def __del__(self) -> None:
        self._call.close()


_STREAMS = BodyKind("AsyncByteStream", AsyncBody)


async def _whole_async(response: Any, exchange: Exchange) -> bytes:
    size, pieces = 0, []
    async for piece in response.aiter_raw():
        size += len(piece)
        pieces.append(bounded(piece, size, exchange))
    return b"".join(pieces)
