"""The client behind an HTTP connection, as the life of a call sees it."""

from collections.abc import Awaitable, Callable
from typing import Any

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class HttpClient:
    """ports.client.Client over ASGI. `gone` is true from the moment the connection is lost."""

    __slots__ = ("_cycle", "_receive", "_send", "started")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._cycle = scope.get("farthing.cycle")
        self._receive = receive
        self._send = send
        self.started = False

    @property
    def gone(self) -> bool:
        return self._cycle is not None and self._cycle.disconnected

    async def head(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        self.started = True
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def body(self, piece: bytes) -> None:
        if piece:
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})

    async def end(self) -> None:
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def cut(self) -> None:
        """Close without the last chunk, so that the client sees a cut and not an end."""
        if self._cycle is not None and not self._cycle.disconnected:
            self._cycle.response_complete = True
            self._cycle.transport.close()

    async def left(self) -> None:
        """Return when the client has left. Only after its whole body was read."""
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                return
