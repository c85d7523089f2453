"""One call of a blocking client: its thread does what the engine asks, and gets the answer.

An exception in a transport would become `APIConnectionError` after three attempts; so a refusal is an answer here (402,
`x-should-retry: false`), and what the client's own HTTP raised is raised again, as if we were not there.
"""

import queue
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

from farthing.domain.errors import Ambiguous, LedgerUnavailable
from farthing.sdk.caller import TRAILING_PIECES, Caller
from farthing.sdk.calls import Request, serve
from farthing.sdk.engine import LocalEngine
from farthing.sdk.exchange import Begin, Done, Exchange, More, Piece, Pour, Send, Task
from farthing.sdk.http import BodyKind, bounded, headers_of, outbound, pieces_of, streams

LOOK_SECONDS = 1.0
"""How often a call that waits looks whether anybody is still there to answer it."""


class SyncCall(Caller):
    """One call of a blocking client. Its tasks are done by whichever thread asks for the answer."""

    def __init__(self, inner: Any, module: Any, request: Any, **how: Any) -> None:
        super().__init__(inner, module, request, **how)
        self._tasks: queue.SimpleQueue[Task] = queue.SimpleQueue()
        self._pieces: Iterator[bytes] = iter(())

    def begin(self, engine: LocalEngine, asked: Request) -> Any:
        """The response for the client. Raises what the client's own HTTP raised, LedgerUnavailable where the engine ends."""
        self._engine = engine
        exchange = self._exchange = Exchange(engine.loop, self._tasks.put, engine.engine.limits.answer_bytes)
        engine.start(lambda: serve(engine, asked, exchange))
        try:
            return self._response_of_ours()
        except BaseException:
            self.close()
            raise

    def piece(self) -> bytes:
        """The next piece of a streamed answer; b"" at its end, and once it is closed."""
        try:
            while not (self._out or self._over or self._left):
                self._step()
            if not self._out:
                self._release()
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
        ending = Ambiguous("the program ended before the answer did")
        if sys.is_finalizing():  # a thread that is started now never runs
            self._exchange.failed(ending)
            return
        try:
            threading.Thread(target=self._rest, name="farthing-drain", daemon=True).start()
        except RuntimeError:  # nor does one that cannot be started any more
            self._exchange.failed(ending)

    def _response_of_ours(self) -> Any:
        while not self._over:
            task = self._next()
            if isinstance(task, Begin):
                return self._streamed(task.status, task.headers, _STREAMS.of(self._module)(self))
            self._do(task)
        return self._whole()

    def _rest(self) -> None:
        """What is left of a call whose user has left."""
        while not self._over:
            self._step()
            self._out = []
        self._release()

    def _step(self) -> None:
        """Read on where that is what is asked, a piece at a time: whoever leaves between two, another goes on (`_rest`)."""
        if self._taking is None:
            self._do(self._next())
            return
        try:
            self._take(self._taking, next(self._pieces, b""))
        except BaseException as error:  # noqa: BLE001 - the engine must hear of it; it is raised again where the user is
            self._give_up(error)

    def _next(self) -> Task:
        """What the engine asks next. An engine that ends says so; one that died, and a task that was lost to Ctrl-C between
        two steps, are noticed here."""
        exchange, engine = self._exchange_here, self._engine_here
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

    def _do(self, task: Task) -> None:
        if isinstance(task, Done):
            self._end(task)
        elif isinstance(task, Piece):
            self._out.append(task.data)
        elif isinstance(task, Pour):
            self._taking = task.take
        else:
            self._ask_the_provider(task)

    def _ask_the_provider(self, task: Task) -> None:
        try:
            if isinstance(task, Send):
                self._send(task)
            elif isinstance(task, More):
                self._exchange_here.read_on(next(self._pieces, b""))
        except BaseException as error:  # noqa: BLE001 - as above
            self._give_up(error)

    def _send(self, task: Send) -> None:
        exchange = self._exchange_here
        self._sent = outbound(self._module, self._request, task)
        response = self._response = self._inner.send(self._sent, stream=True, **self._how)
        headers = headers_of(response)
        pieces = pieces_of(response)
        if streams(response):
            self._pieces = pieces
            exchange.began(response.status_code, headers, None)
        else:
            exchange.began(response.status_code, headers, _joined(pieces, exchange))

    def _end(self, done: Done) -> None:
        self._finished(done)
        if not self._more_to_read:
            self._release()

    def _release(self) -> None:
        """Give the connection back, read out where the answer came to its own end, so that it can serve again."""
        if self._over and not self._released:
            if self._more_to_read:
                with suppress(Exception):  # only the connection is lost
                    deque(islice(self._pieces, TRAILING_PIECES), maxlen=0)
            if self._response is not None:
                self._response.close()
            self._closed()


class SyncBody:
    """Iterates over the pieces of a call; closing it is leaving it, and so is to drop it."""

    def __init__(self, call: SyncCall) -> None:
        self._call = call

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._call.piece, b"")

    def close(self) -> None:
        self._call.close()

    def __del__(self) -> None:
        self._call.close()


_STREAMS = BodyKind("SyncByteStream", SyncBody)


def _joined(pieces: Iterator[bytes], exchange: Exchange) -> bytes:
    size, joined = 0, []
    for piece in pieces:
        size += len(piece)
        joined.append(bounded(piece, size, exchange))
    return b"".join(joined)
