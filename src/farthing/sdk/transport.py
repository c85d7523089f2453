"""Transports for httpx of either generation that put the engine between a client and its own HTTP.

An exception in a transport would become `APIConnectionError` after three attempts; so a refusal is an answer here (402,
`x-should-retry: false`), and what the client's own HTTP raised is raised again, as if we were not there.
"""

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

from farthing.domain.errors import Ambiguous, NotSent, Unreachable, UpstreamFailed
from farthing.sdk.calls import Request, serve
from farthing.sdk.engine import LocalEngine
from farthing.sdk.exchange import Begin, Done, Exchange, More, Piece, Send, Task

_BEFORE_SENDING = (
    "ConnectError",
    "ConnectTimeout",
    "PoolTimeout",
    "UnsupportedProtocol",
    "InvalidURL",
    "LocalProtocolError",
    "ProxyError",
)
"""What httpx raises before the first byte of a request was written."""


def proof(error: BaseException) -> UpstreamFailed:
    """What an error of the client's own HTTP proves about what was sent."""
    names = {kind.__name__ for kind in type(error).__mro__}
    text = f"{type(error).__name__}: {error}"[:300]
    if names & {"ConnectError", "ConnectTimeout"}:
        return Unreachable(text)
    return NotSent(text) if names & set(_BEFORE_SENDING) else Ambiguous(text)


class SyncCall:
    """One call of a blocking client. Its tasks are done by whichever thread asks for the answer."""

    def __init__(self, inner: Any, module: Any, request: Any) -> None:
        self._inner = inner
        self._module = module
        self._request = request
        self._tasks: queue.SimpleQueue[Task] = queue.SimpleQueue()
        self._response: Any = None
        self._pieces: Iterator[bytes] = iter(())
        self._error: BaseException | None = None
        self._exchange: Exchange | None = None
        self._over = False

    def begin(self, engine: LocalEngine, asked: Request) -> Any:
        """The response for the client. Raises what the client's own HTTP raised."""
        exchange = self._exchange = Exchange(engine.loop, self._tasks.put, engine.engine.limits.answer_bytes)
        engine.start(lambda: serve(engine, asked, exchange))
        try:
            return self._answer(exchange)
        except BaseException:
            exchange.leave()
            if not self._over:
                self._finish_apart()
            raise

    def pieces(self) -> Iterator[bytes]:
        """The pieces of a streamed answer."""
        while True:
            task = self._tasks.get()
            if isinstance(task, Piece):
                yield task.data
            elif isinstance(task, Done):
                self._end(task)
                if self._error is not None:
                    raise self._error
                if not task.complete:
                    raise self._module.RemoteProtocolError("the stream ended before the answer was complete")
                return
            else:
                self._do(task)

    def close(self) -> None:
        """The user wants no more. What is under way is accounted for in the background."""
        if not self._over and self._exchange is not None:
            self._exchange.leave()
            self._finish_apart()

    def _answer(self, exchange: Exchange) -> Any:
        while True:
            task = self._tasks.get()
            if isinstance(task, Begin):
                return self._made(task)
            if isinstance(task, Done):
                self._end(task)
                raise self._error or RuntimeError("the call ended without an answer") from task.error
            self._do(task)

    def _made(self, begin: Begin) -> Any:
        if begin.body is None:
            stream = _SYNC_STREAMS.of(self._module)(self)
            return self._module.Response(begin.status, headers=begin.headers, stream=stream, request=self._request)
        self._until_over()
        if self._error is not None and begin.status >= 500:
            raise self._error
        return self._module.Response(begin.status, headers=begin.headers, content=begin.body, request=self._request)

    def _until_over(self) -> None:
        while not self._over:
            task = self._tasks.get()
            if isinstance(task, Done):
                self._end(task)
            else:
                self._do(task)

    def _finish_apart(self) -> None:
        threading.Thread(target=self._until_over, name="farthing-drain", daemon=True).start()

    def _end(self, done: Done) -> None:
        self._over = True
        if self._response is not None:
            self._response.close()
        if done.error is not None and self._error is None:
            self._error = done.error

    def _do(self, task: Task) -> None:
        exchange = self._exchange
        assert exchange is not None
        try:
            if isinstance(task, Send):
                response = self._response = self._inner.send(_outbound(self._inner, self._request, task), stream=True)
                whole = None if _streams(response) else _whole(response, exchange)
                self._pieces = response.iter_raw() if whole is None else iter(())
                exchange.began(response.status_code, _headers(response), whole)
            elif isinstance(task, More):
                exchange.read_on(next(self._pieces, b""))
        except BaseException as error:
            self._error = error
            exchange.failed(proof(error))
            if not isinstance(error, Exception):
                raise


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
        self._over = False
        self._abandoned = False

    async def begin(self, engine: LocalEngine, asked: Request) -> Any:
        """The response for the client. Raises what the client's own HTTP raised."""
        exchange = self._exchange = Exchange(engine.loop, self._ask, engine.engine.limits.answer_bytes)
        engine.start(lambda: serve(engine, asked, exchange))
        try:
            return await self._answer()
        except BaseException:
            exchange.leave()
            if not self._over:
                self._finish_apart()
            raise

    async def pieces(self) -> AsyncIterator[bytes]:
        """The pieces of a streamed answer."""
        while True:
            task = await self._tasks.get()
            if isinstance(task, Piece):
                yield task.data
            elif isinstance(task, Done):
                await self._end(task)
                if self._error is not None:
                    raise self._error
                if not task.complete:
                    raise self._module.RemoteProtocolError("the stream ended before the answer was complete")
                return
            else:
                await self._do(task)

    async def aclose(self) -> None:
        """The user wants no more. What is under way is accounted for in the background."""
        if not self._over and self._exchange is not None:
            self._exchange.leave()
            self._finish_apart()

    def _ask(self, task: Task) -> None:
        try:
            if not self._abandoned:
                self._loop.call_soon_threadsafe(self._tasks.put_nowait, task)
                return
        except RuntimeError:  # the client's loop is closed
            self._abandoned = True
        if isinstance(task, Send | More) and self._exchange is not None:
            self._exchange.failed(Ambiguous("the event loop of the client was closed"))

    async def _finish(self) -> None:
        """What is left of a call whose user has left. Where the loop ends before it, nobody reads on."""
        try:
            await self._until_over()
        finally:
            if not self._over and self._exchange is not None:
                self._abandoned = True
                self._exchange.failed(Ambiguous("the event loop of the client was closed"))

    async def _answer(self) -> Any:
        while True:
            task = await self._tasks.get()
            if isinstance(task, Begin):
                return await self._made(task)
            if isinstance(task, Done):
                await self._end(task)
                raise self._error or RuntimeError("the call ended without an answer") from task.error
            await self._do(task)

    async def _made(self, begin: Begin) -> Any:
        if begin.body is None:
            stream = _ASYNC_STREAMS.of(self._module)(self)
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
        if self._response is not None:
            await self._response.aclose()
        if done.error is not None and self._error is None:
            self._error = done.error

    async def _do(self, task: Task) -> None:
        exchange = self._exchange
        assert exchange is not None
        try:
            if isinstance(task, Send):
                response = await self._inner.send(_outbound(self._inner, self._request, task), stream=True)
                self._response = response
                whole = None if _streams(response) else await _whole_async(response, exchange)
                self._pieces = response.aiter_raw() if whole is None else None
                exchange.began(response.status_code, _headers(response), whole)
            elif isinstance(task, More):
                piece = b"" if self._pieces is None else await anext(self._pieces, b"")
                exchange.read_on(piece)
        except BaseException as error:
            self._error = error
            exchange.failed(proof(error))
            if not isinstance(error, Exception):
                raise


_draining: set[asyncio.Task[None]] = set()


class _Streams:
    """The body of a streamed answer, as a class of the httpx that the client uses."""

    def __init__(self, base: str, made: Any) -> None:
        self._base = base
        self._made = made
        self._known: dict[Any, Any] = {}

    def of(self, module: Any) -> Any:
        found = self._known.get(module)
        if found is None:
            found = self._known[module] = type(self._made.__name__, (self._made, getattr(module, self._base)), {})
        return found


class SyncBody:
    """Iterates over the pieces of a call; closing it is leaving it."""

    def __init__(self, call: SyncCall) -> None:
        self._call = call

    def __iter__(self) -> Iterator[bytes]:
        return self._call.pieces()

    def close(self) -> None:
        self._call.close()


class AsyncBody:
    """As `SyncBody`, for asynchronous clients."""

    def __init__(self, call: AsyncCall) -> None:
        self._call = call

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._call.pieces()

    async def aclose(self) -> None:
        await self._call.aclose()


_SYNC_STREAMS = _Streams("SyncByteStream", SyncBody)
_ASYNC_STREAMS = _Streams("AsyncByteStream", AsyncBody)


def _outbound(inner: Any, request: Any, task: Send) -> Any:
    """The engine's request as one of the client's own HTTP, with the timeouts that the client gave it."""
    asked = task.request
    return inner.build_request(
        asked.method,
        asked.origin + asked.target,
        headers=list(asked.headers),
        content=asked.body,
        extensions=dict(request.extensions),
    )


def _whole(response: Any, exchange: Exchange) -> bytes:
    size, pieces = 0, []
    for piece in response.iter_raw():
        size += len(piece)
        pieces.append(_bounded(piece, size, exchange))
    return b"".join(pieces)


async def _whole_async(response: Any, exchange: Exchange) -> bytes:
    size, pieces = 0, []
    async for piece in response.aiter_raw():
        size += len(piece)
        pieces.append(_bounded(piece, size, exchange))
    return b"".join(pieces)


def _bounded(piece: bytes, size: int, exchange: Exchange) -> bytes:
    if size > exchange.most_bytes:
        raise Ambiguous(f"the provider's answer is longer than {exchange.most_bytes:,} bytes")
    return piece


def _headers(response: Any) -> list[tuple[bytes, bytes]]:
    return [(name.lower(), value) for name, value in response.headers.raw]


def _streams(response: Any) -> bool:
    return bool(response.status_code == 200 and response.headers.get("content-type", "").startswith("text/event-stream"))
