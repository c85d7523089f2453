"""The client behind an HTTP connection, as the life of a call sees it."""

from collections.abc import Awaitable, Callable
from typing import Any

from farthing.gateway.turn import Headers, turn_of

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class HttpClient:
    """`farthing.ports.client.Client` over one turn. Writing to a client that left does nothing."""

    __slots__ = ("_receive", "_turn", "started")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._turn = turn_of(scope)
        self._receive = receive
        self.started = False

    @property
    def gone(self) -> bool:
        """True from the moment the connection is lost."""
        return self._turn.disconnected

    async def whole(self, status: int, headers: Headers, body: bytes) -> None:
        self.started = True
        await self._turn.whole(status, headers, body)

    async def head(self, status: int, headers: Headers) -> None:
        self.started = True
        await self._turn.head(status, headers)

    async def body(self, piece: bytes) -> None:
        await self._turn.piece(piece)

    async def end(self, last: bytes = b"") -> None:
        await self._turn.end(last)

    async def cut(self) -> None:
        self._turn.cut()

    def when_gone(self, do: Callable[[], None]) -> None:
        if self._turn.disconnected:
            do()
        else:
            self._turn.on_gone = do

    async def left(self) -> None:
        """Return when the client has left. Only after its whole body was read."""
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                return
