"""One call between the side that has the sockets (a client's own thread or loop) and the engine's loop.

The engine asks, one thing at a time, and the caller's side does it where it is: send this, read on, show that to your
user. So proxies, TLS, event hooks and context variables are the client's own, and the engine touches no socket.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import NamedTuple

from farthing.domain.errors import Ambiguous, UpstreamFailed
from farthing.ports.upstream import Outbound

Headers = list[tuple[bytes, bytes]]


class Send(NamedTuple):
    """Send this request and say what came back."""

    request: Outbound


class More(NamedTuple):
    """Read the next piece of the provider's answer."""


Take = Callable[[bytes], bool]
"""What wants the pieces of an answer: False where it wants no more."""


class Pour(NamedTuple):
    """Read on, and hand each piece to `Exchange.take` in the moment it is read: no word to the engine between them."""

    take: Take


class Begin(NamedTuple):
    """The user's answer begins, and its pieces follow."""

    status: int
    headers: Headers


class Piece(NamedTuple):
    """A piece of the user's answer."""

    data: bytes


class Whole(NamedTuple):
    """The user's answer, where it comes at once."""

    status: int
    headers: Headers
    body: bytes


class Done(NamedTuple):
    """The call is over: every hold has its end. `error` is what broke on our side; None otherwise."""

    complete: bool
    error: BaseException | None = None
    answer: Whole | None = None
    """None where it began before, or never."""
    last: bytes = b""
    """The last piece of an answer that began before."""


Task = Send | More | Pour | Begin | Piece | Done


class Exchange:
    """The engine's side: an upstream, its answer and the client of one call in one. All but the constructor and the methods
    under "What the caller says" belong to the engine's loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ask: Callable[[Task], None], most_bytes: int) -> None:
        """`ask` hands a task to the caller's side; it must not block, and is called on the engine's loop. `most_bytes` is
        the longest whole answer that is read."""
        self.most_bytes = most_bytes
        self._loop = loop
        self._ask = ask
        self.gone = False
        self.status = 0
        self.headers: Headers = []
        self._whole: bytes | None = None
        self._ended = False
        """The provider's answer was read to its end, or given up."""
        self._asked = 0
        self._answered = 0
        """Of what was asked, as the caller's side counts."""
        self._told: asyncio.Future[bytes] | None = None
        self._on_gone: Callable[[], None] | None = None
        self._leaving: asyncio.Future[None] | None = None
        self._complete = False
        """The user has all of the answer."""
        self._answer: Whole | None = None
        self._last = b""
        self._lock = threading.RLock()
        """Held while a piece is taken, so that an answer is not given up in the midst of one. Whoever takes may give up."""
        self._taking = False
        self._out: list[bytes] = []

    # What the caller says, from any thread

    @property
    def unanswered(self) -> bool:
        """The engine waits for an answer to what it asked."""
        return self._asked > self._answered

    def began(self, status: int, headers: Headers, whole: bytes | None) -> None:
        """The provider answers; `whole` is the body where it was read at once."""
        self._answered += 1
        self._post(self._began, status, headers, whole)

    def read_on(self, piece: bytes) -> None:
        """The next piece; `b""` at the answer's proper end."""
        self._answered += 1
        self._post(self._resolve, piece)

    def take(self, take: Take, piece: bytes) -> tuple[list[bytes], bool]:
        """Hand a piece to whoever pours: what the user is to get of it, and whether more is wanted. On the caller's side."""
        with self._lock:
            if self._ended:
                return [], False
            self._taking = True
            try:
                wanted = take(piece)
            finally:
                self._taking = False
            out, self._out = self._out, []
            return out, wanted

    def poured(self, *, at_end: bool) -> None:
        """Nothing more was wanted, or the answer has come to its proper end."""
        self._answered += 1
        self._post(self._resolve, b"" if at_end else b"stopped")

    def failed(self, error: UpstreamFailed) -> None:
        """What was asked for could not be done."""
        self._answered += 1
        self._post(self._reject, error)

    def leave(self) -> None:
        """The user wants no more of the answer."""
        self._post(self._leave)

    def _post(self, act: Callable[..., None], *values: object) -> None:
        try:
            self._loop.call_soon_threadsafe(act, *values)
        except RuntimeError:  # the engine's loop is closed: the holds of its calls become unknown
            return

    def _began(self, status: int, headers: Headers, whole: bytes | None) -> None:
        self.status, self.headers, self._whole = status, headers, whole
        self._resolve(b"")

    def _resolve(self, piece: bytes) -> None:
        if self._told is not None and not self._told.done():
            self._told.set_result(piece)

    def _reject(self, error: UpstreamFailed) -> None:
        self._ended = True
        if self._told is not None and not self._told.done():
            self._told.set_exception(error)

    def _leave(self) -> None:
        if self.gone:
            return
        self.gone = True
        if self._leaving is not None and not self._leaving.done():
            self._leaving.set_result(None)
        if self._on_gone is not None:
            self._on_gone()

    def over(self, error: BaseException | None) -> None:
        """Tell the caller's side that nothing more will come."""
        self._ask(Done(self._complete, error, self._answer, self._last))

    # farthing.ports.upstream.Upstream and Answer

    async def send(self, request: Outbound) -> "Exchange":
        await self._do(Send(request))
        return self

    async def read(self) -> bytes:
        if self._ended or self._complete:  # what follows the end is nobody's money: the caller's side reads it out
            return b""
        if self._whole is not None:
            self._ended = True
            return self._whole
        piece = await self._do(More())
        self._ended = not piece
        return piece

    async def read_all(self, limit: int) -> bytes:
        pieces: list[bytes] = []
        size = 0
        while piece := await self.read():
            size += len(piece)
            if size > limit:
                self.abort()
                raise Ambiguous(f"the provider's answer is longer than {limit:,} bytes")
            pieces.append(piece)
        return b"".join(pieces)

    async def pour(self, take: Take) -> bool:
        if self._whole is not None or self._ended:
            piece = await self.read()
            return not piece or (take(piece) and not await self.read())
        self._ended = not await self._do(Pour(take))
        return self._ended

    def abort(self) -> None:
        with self._lock:
            self._ended = True
            if self._taking:  # on the caller's side, where no future of the loop may be touched
                self._post(self._reject, Ambiguous("the answer was given up"))
                return
        if self._told is not None and not self._told.done():
            self._told.set_exception(Ambiguous("the answer was given up"))

    async def close(self) -> None:
        return

    async def _do(self, task: Task) -> bytes:
        self._told = self._loop.create_future()
        self._ask(task)
        self._asked += 1
        try:
            return await self._told
        except asyncio.CancelledError:
            with self._lock:  # nobody takes a piece any more from here on
                self._ended = True
            raise

    # farthing.ports.client.Client

    async def whole(self, status: int, headers: Headers, body: bytes) -> None:
        self._complete = True
        self._answer = Whole(status, headers, body)

    async def head(self, status: int, headers: Headers) -> None:
        self._ask(Begin(status, headers))

    def write(self, piece: bytes) -> bool:
        if self._taking:
            self._out.append(piece)
        elif not self.gone:
            self._ask(Piece(piece))
        return True  # nothing is read ahead: the caller's side reads on when its user does

    async def drained(self) -> None:
        return

    async def body(self, piece: bytes) -> None:
        if piece:
            self.write(piece)

    async def end(self, last: bytes = b"") -> None:
        self._last, self._complete = last, True

    async def cut(self) -> None:
        return

    def when_gone(self, do: Callable[[], None]) -> None:
        self._on_gone = do
        if self.gone:
            do()

    async def left(self) -> None:
        """Return when the user has left."""
        if not self.gone:
            if self._leaving is None or self._leaving.done():
                self._leaving = self._loop.create_future()
            await asyncio.shield(self._leaving)
