"""One HTTP exchange from the provider's side: read the request, write the answer, or break the connection."""

import asyncio
import os
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Headers = list[tuple[bytes, bytes]]

TRANSPORT = "farthing.testing.transport"
"""Under this name the server puts the asyncio transport into the scope's extensions."""

_RESET = struct.pack("ii", 1, 0)
_SETTLE_SECONDS = 0.01
"""Time for what was written to leave before the connection is reset."""


class BodyTooLarge(Exception):
    """The request is longer than the provider takes."""


class Left(Exception):
    """The client went away before its request was complete."""


class Connection:
    """Wraps the ASGI callables of one request."""

    def __init__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: str = scope.get("query_string", b"").decode("latin-1")
        self.headers: dict[str, str] = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        self.status = 0
        """What was sent; 0 before the headers."""
        self._receive = receive
        self._send = send
        self._transport: asyncio.Transport = scope["extensions"][TRANSPORT]["transport"]

    @property
    def gone(self) -> bool:
        return self._transport.is_closing()

    async def body(self, limit: int) -> bytes:
        """The whole request body. Raises BodyTooLarge, or Left when the client went before its end."""
        pieces = []
        size = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Left
            piece = message.get("body", b"")
            size += len(piece)
            if size > limit:
                raise BodyTooLarge
            pieces.append(piece)
            if not message.get("more_body"):
                return b"".join(pieces)

    async def start(self, status: int, headers: Headers) -> None:
        self.status = status
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def write(self, piece: bytes) -> None:
        await self._send({"type": "http.response.body", "body": piece, "more_body": True})

    async def end(self, piece: bytes = b"") -> None:
        await self._send({"type": "http.response.body", "body": piece, "more_body": False})

    async def whole(self, status: int, headers: Headers, body: bytes) -> None:
        await self.start(status, [*headers, (b"content-length", str(len(body)).encode())])
        await self.end(body)

    async def until_gone(self) -> None:
        """Return when the client has left."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def reset(self) -> None:
        """Break the connection with a TCP reset, after what was written has left."""
        await asyncio.sleep(_SETTLE_SECONDS)
        if self.gone:
            return
        own = self._transport.get_extra_info("socket")
        twin = socket.socket(fileno=os.dup(own.fileno()))
        try:
            twin.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        finally:
            twin.close()
        self._transport.abort()
        await self.until_gone()
