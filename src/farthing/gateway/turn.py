"""One request on a connection, and the client that is to be answered."""

import asyncio
from typing import Protocol

from farthing.gateway.client import HttpClient, Wire
from farthing.gateway.head import Head

READ_AHEAD_BYTES = 64 * 1024
"""Bytes of a body that are taken before anybody asks for them."""


class ClientLeft(Exception):
    """The client left before its body was complete. A part of a body is never taken for the whole."""


class Connection(Wire, Protocol):
    """The connection as a request needs it."""

    peer: str
    """The client's address; "" where there is none."""

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Turn(HttpClient):
    """A request and its client. The body may still be arriving."""

    __slots__ = ("_asked_for", "_expects", "all_here", "body_bytes", "peer", "pieces", "request", "task")

    wire: Connection

    def __init__(self, wire: Connection, head: Head, pieces: list[bytes], *, all_here: bool, keep_alive: bool) -> None:
        constant = head.constant
        super().__init__(wire, wants_body=constant.method != "HEAD", one_one=constant.one_one, keep_alive=keep_alive)
        self.request = head
        self.peer = wire.peer
        self.pieces = pieces
        """What of the body is here; emptied by whoever reads it."""
        self.all_here = all_here
        self.body_bytes = sum(map(len, pieces))
        self.task: asyncio.Task[None] | None = None
        self._expects = constant.expects and not all_here
        self._asked_for = False

    def arrived(self, size: int, *, all_here: bool) -> None:
        """More of the body is in `pieces`: `size` bytes by now."""
        self.all_here = all_here
        self.body_bytes = size
        if self.complete or self.gone:  # nobody reads it any more
            self.pieces.clear()
        elif self.body_bytes > READ_AHEAD_BYTES and not self._asked_for and not all_here:
            self.wire.pause_reading()
        self._moved.set()

    async def more(self) -> None:
        """Wait for more of the body. Raises ClientLeft."""
        if self._expects and not self.started:
            self._expects = False
            self.wire.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._asked_for = True
        self.wire.resume_reading()
        await self._moved.wait()
        self._moved.clear()
        if self.gone:
            raise ClientLeft
