"""The connections to one origin: which are free, who waits for one, and how a new one is made."""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable

from farthing.domain.errors import NotSent, Unreachable
from farthing.providers.addresses import Origin
from farthing.providers.connection import Connection, new_buffer
from farthing.providers.exchange import Terms
from farthing.providers.limits import Limits, Timeouts


class Turn:
    """A place in the queue. Granted, it holds a free connection, or (None) the right to open one."""

    __slots__ = ("connection", "future", "granted")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.future: asyncio.Future[None] = loop.create_future()
        self.connection: Connection | None = None
        self.granted = False

    def grant(self, connection: Connection | None) -> None:
        self.connection = connection
        self.granted = True
        self.wake()

    def wake(self) -> None:
        if not self.future.done():
            self.future.set_result(None)


class Lane:
    """First come, first served over at most `limits.connections`; the connection used last is used next.

    Everything here happens before a request is written, so all that goes wrong is NotSent.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        origin: Origin,
        *,
        limits: Limits,
        timeouts: Timeouts,
        tls: Callable[[], ssl.SSLContext],
        judge: Callable[[str], str],
    ) -> None:
        """`judge` says why nothing may be sent to a name or address, "" where it may."""
        self.connections: set[Connection] = set()
        self.terms = Terms(loop=loop, origin=origin.text, limits=limits, timeouts=timeouts)
        """What is common to all exchanges with this origin."""
        self._loop = loop
        self._origin = origin
        self._limits = limits
        self._timeouts = timeouts
        self._tls = tls
        self._judge = judge
        self._free: list[Connection] = []
        self._opening = 0
        self._queue: deque[Turn] = deque()
        self._closed = False
        self._buffer = new_buffer()

    def reuse(self) -> Connection | None:
        """A free connection that is still open."""
        while self._free:
            connection = self._free.pop()
            if connection.ready():
                return connection
            connection.close()
        return None

    async def obtain(self) -> Connection:
        """A connection, however long that takes. Raises NotSent."""
        deadline = self._loop.time() + self._timeouts.wait_seconds
        first = False
        while not self._closed:
            connection = self.reuse()
            if connection is not None:
                return connection
            if len(self.connections) + self._opening < self._limits.connections:
                self._opening += 1
                return await self._open()
            turn = await self._wait(deadline, first=first)
            if turn.granted and turn.connection is None:
                return await self._open()
            if turn.connection is not None and turn.connection.ready():
                return turn.connection
            if turn.connection is not None:
                turn.connection.close()
            first = True  # what was handed over has died meanwhile: next in line again
        raise NotSent(f"{self._origin.text} was not asked: this side is shutting down")

    async def _wait(self, deadline: float, *, first: bool) -> Turn:
        if not first and len(self._queue) >= self._limits.waiting:
            raise NotSent(
                f"{self._origin.text} was not asked: {len(self._queue)} requests already wait for a connection"
            )
        turn = Turn(self._loop)
        if first:
            self._queue.appendleft(turn)
        else:
            self._queue.append(turn)
        try:
            async with asyncio.timeout_at(deadline):
                await turn.future
        except TimeoutError:
            self._withdraw(turn)
            seconds = self._timeouts.wait_seconds
            raise NotSent(
                f"{self._origin.text} was not asked: no connection became free within {seconds:g} s"
            ) from None
        except BaseException:
            self._withdraw(turn)
            raise
        return turn

    def _withdraw(self, turn: Turn) -> None:
        """Leave the queue; what was granted in the same moment goes to the next."""
        if not turn.granted:
            if turn in self._queue:
                self._queue.remove(turn)
        elif turn.connection is None:
            self._opening -= 1
            self._pass_on()
        elif not turn.connection.closed:
            self.take_back(turn.connection)

    async def _open(self) -> Connection:
        """Connect, TLS handshake included. The caller has counted it in `_opening`; it is a connection or nothing after."""
        try:
            connection = await self._connect()
        except BaseException:
            self._opening -= 1
            self._pass_on()
            raise
        self._opening -= 1
        connection.owner = self
        self.connections.add(connection)
        why = self._objection(connection)
        if why:
            connection.close()
            self.forget(connection)  # it may have been lost before it had an owner to tell
            raise NotSent(f"{self._origin.text} was not asked: {why}")
        return connection

    async def _connect(self) -> Connection:
        origin = self._origin
        why = self._judge(origin.host)
        if why:
            raise NotSent(f"{origin.text} was not asked: {why}")
        try:
            async with asyncio.timeout(self._timeouts.connect_seconds):
                _, connection = await self._loop.create_connection(
                    lambda: Connection(self._loop, self._buffer),
                    origin.host,
                    origin.port,
                    ssl=self._tls() if origin.tls else None,
                    server_hostname=origin.host if origin.tls else None,
                )
        except TimeoutError:
            seconds = self._timeouts.connect_seconds
            raise Unreachable(f"{origin.text} did not let us connect within {seconds:g} s; nothing was sent") from None
        except (OSError, UnicodeError) as error:  # refused, unknown name, TLS; a name that cannot be one
            raise Unreachable(f"{origin.text} cannot be reached ({error}); nothing was sent") from error
        return connection

    def _objection(self, connection: Connection) -> str:
        """Why nothing may be written to a connection that has just been opened."""
        if self._closed:
            return "this side is shutting down"
        if connection.closed:
            return "it closed the connection at once"
        return self._judge(connection.peer)

    # ── what connections and the pool tell ───────────────────────────────────────────────────────────────────────

    def take_back(self, connection: Connection) -> None:
        now = self._loop.time()
        if self._closed or now - connection.born >= self._limits.age_seconds:
            connection.close()
        elif self._queue:
            self._queue.popleft().grant(connection)
        else:
            connection.idle_since = now
            self._free.append(connection)

    def forget(self, connection: Connection) -> None:
        self.connections.discard(connection)
        if connection in self._free:
            self._free.remove(connection)
        self._pass_on()

    def _pass_on(self) -> None:
        """A connection fewer: the first in the queue may open one."""
        if self._queue and len(self.connections) + self._opening < self._limits.connections:
            self._opening += 1
            self._queue.popleft().grant(None)

    def check(self, now: float) -> None:
        """Fail what is late, close what was idle too long."""
        for connection in list(self.connections):
            connection.check(now)
        stale = now - self._limits.keep_seconds
        for connection in [free for free in self._free if free.idle_since < stale]:
            connection.close()

    def close(self) -> None:
        self._closed = True
        for turn in self._queue:
            turn.wake()
        self._queue.clear()
        for connection in list(self.connections):
            connection.fail("was left")
