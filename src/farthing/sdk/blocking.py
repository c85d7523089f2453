"""One call of a blocking client: its thread does what the engine asks, and gets the answer.

An exception in a transport would become `APIConnectionError` after three attempts; so a refusal is an answer here (402,
`x-should-retry: false`), and what the client's own HTTP raised is raised again, as if we were not there.
"""

import queue
import sys
import threading
from collections.abc import Iterator
from typing import Any

from farthing.domain.errors import Ambiguous, LedgerUnavailable
from farthing.sdk.calls import Request, serve
from farthing.sdk.engine import LocalEngine
from farthing.sdk.exchange import Begin, Done, Exchange, More, Piece, Pour, Send, Take, Task
from farthing.sdk.http import BodyKind, bounded, headers_of, outbound, proof, streams

LOOK_SECONDS = 1.0
"""How often a call that waits looks whether anybody is still there to answer it."""


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
        self._taking: Take | None = None
        """Whoever pours the answer, while its pieces go to the user."""
        self._over = False
        self._left = False
        self._engine: LocalEngine | None = None

    def begin(self, engine: LocalEngine, asked: Request) -> Any:
        """The response for the client. Raises what the client's own HTTP raised, LedgerUnavailable where the engine ends."""
        self._engine = engine
        exchange = self._exchange = Exchange(engine.loop, self._tasks.put, engine.engine.limits.answer_bytes)
        engine.start(lambda: serve(engine, asked, exchange))
        try:
            return self._answer()
        except BaseException:
            self.close()
            raise

    def pieces(self) -> Iterator[bytes]:
        """The pieces of a streamed answer. Dropped before its end, it is as if it were closed."""
        try:
            yield from self._pieces_to_the_end()
        finally:
            self.close()

    def close(self) -> None:
        """The user wants no more. What is under way is accounted for in the background. Safe to call twice, anywhere."""
        if self._over or self._left or self._exchange is None:
            return
        self._left = True
        self._exchange.leave()
        ending = Ambiguous("the program ended before the answer did")
        if sys.is_finalizing():  # a thread that is started now never runs
            self._exchange.failed(ending)
            return
        try:
            threading.Thread(target=self._rest, name="farthing-drain", daemon=True).start()
        except RuntimeError:  # nor does one that cannot be started any more
            self._exchange.failed(ending)

    @property
    def _engine_here(self) -> LocalEngine:
        assert self._engine is not None
        return self._engine

    def _pieces_to_the_end(self) -> Iterator[bytes]:
        while True:
            task = self._next()
            if isinstance(task, Piece):
                yield task.data
            elif isinstance(task, Pour):
                yield from self._pour(task.take)
            elif isinstance(task, Done):
                self._end(task)
                if self._error is not None:
                    raise self._error
                if not task.complete:
                    raise self._module.RemoteProtocolError("the stream ended before the answer was complete")
                return
            else:
                self._do(task)

    def _next(self) -> Task:
        """What the engine asks next. An engine that ends says so; one that died, and a task that was lost to Ctrl-C between
        two steps, are noticed here."""
        exchange, engine = self._exchange, self._engine_here
        assert exchange is not None
        while True:
            try:
                return self._tasks.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                if self._over:
                    return Done(complete=False)
                if not engine.alive:
                    return Done(complete=False, error=LedgerUnavailable("the engine of this process is gone"))
                if exchange.unanswered and self._tasks.empty():
                    exchange.failed(Ambiguous("interrupted"))

    def _pour(self, take: Take) -> Iterator[bytes]:
        """Read on until no more is wanted. Where the user leaves in the midst of it, somebody else goes on (`_rest`)."""
        exchange = self._exchange
        assert exchange is not None
        self._taking = take
        wanted, at_end = True, False
        try:
            while wanted and not at_end:
                piece = next(self._pieces, b"")
                at_end = not piece
                if piece:
                    out, wanted = exchange.take(take, piece)
                    yield from out
        except GeneratorExit:
            raise
        except BaseException as error:  # noqa: BLE001 - the engine must hear of it; it is raised again where the user is
            self._give_up(exchange, error)
        else:
            exchange.poured(at_end=at_end)
        self._taking = None

    def _give_up(self, exchange: Exchange, error: BaseException) -> None:
        self._error = error
        exchange.failed(proof(error))
        if not isinstance(error, Exception):
            raise error

    def _rest(self) -> None:
        """What is left of a call whose user has left."""
        if self._taking is not None:
            _exhaust(self._pour(self._taking))
        self._until_over()

    def _answer(self) -> Any:
        while True:
            task = self._next()
            if isinstance(task, Begin):
                return self._made(task)
            if isinstance(task, Done):
                self._end(task)
                raise self._error or Ambiguous("the call ended without an answer")
            self._do(task)

    def _made(self, begin: Begin) -> Any:
        if begin.body is None:
            self._engine_here.streams.add(self)
            stream = _STREAMS.of(self._module)(self)
            return self._module.Response(begin.status, headers=begin.headers, stream=stream, request=self._request)
        self._until_over()
        if self._error is not None and begin.status >= 500:
            raise self._error
        return self._module.Response(begin.status, headers=begin.headers, content=begin.body, request=self._request)

    def _until_over(self) -> None:
        while not self._over:
            task = self._next()
            if isinstance(task, Done):
                self._end(task)
            else:
                self._do(task)

    def _end(self, done: Done) -> None:
        self._over = True
        self._engine_here.streams.discard(self)
        if self._response is not None:
            self._response.close()
        if done.error is not None and self._error is None:
            self._error = done.error

    def _do(self, task: Task) -> None:
        exchange = self._exchange
        assert exchange is not None
        try:
            if isinstance(task, Send):
                response = self._response = self._inner.send(outbound(self._inner, self._request, task), stream=True)
                whole = None if streams(response) else _whole(response, exchange)
                self._pieces = response.iter_raw() if whole is None else iter(())
                exchange.began(response.status_code, headers_of(response), whole)
            elif isinstance(task, More):
                exchange.read_on(next(self._pieces, b""))
            elif isinstance(task, Pour):
                _exhaust(self._pour(task.take))
        except BaseException as error:  # noqa: BLE001 - the engine must hear of it; it is raised again where the user is
            self._give_up(exchange, error)


class SyncBody:
    """Iterates over the pieces of a call; closing it is leaving it."""

    def __init__(self, call: SyncCall) -> None:
        self._call = call

    def __iter__(self) -> Iterator[bytes]:
        return self._call.pieces()

    def close(self) -> None:
        self._call.close()

    def __del__(self) -> None:
        self._call.close()


_STREAMS = BodyKind("SyncByteStream", SyncBody)


def _exhaust(pieces: Iterator[bytes]) -> None:
    for _ in pieces:
        pass


def _whole(response: Any, exchange: Exchange) -> bytes:
    size, pieces = 0, []
    for piece in response.iter_raw():
        size += len(piece)
        pieces.append(bounded(piece, size, exchange))
    return b"".join(pieces)
