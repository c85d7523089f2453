"""One connection to a provider: an asyncio protocol that carries one exchange at a time."""

import asyncio
import select
import socket
from typing import Protocol, cast

from farthing.providers.exchange import Exchange

_ONE_PACKET = 16 * 1024
"""Up to here head and body are joined: copying costs less than a second write."""
_READ_BYTES = 32 * 1024
"""The most that is taken from a socket at once. uvloop's own reads are of 256 KiB: with a thousand clients that do not
read, what is in hand for each would be a megabyte."""


class Owner(Protocol):
    """Who keeps connections between requests."""

    def take_back(self, connection: "Connection") -> None:
        """It is free for another request."""
        ...

    def forget(self, connection: "Connection") -> None:
        """It is closed. Called once."""
        ...


class Connection(asyncio.BufferedProtocol):
    """Open from `connection_made` to the first of `close` and `connection_lost`."""

    __slots__ = ("_buffer", "_exchange", "_poll", "_transport", "born", "closed", "gone", "idle_since", "owner", "peer")

    def __init__(self, loop: asyncio.AbstractEventLoop, buffer: bytearray | None = None) -> None:
        """`buffer` may be shared by all connections of one loop: it is filled and emptied in one go."""
        self._buffer = memoryview(new_buffer() if buffer is None else buffer)
        self.owner: Owner | None = None
        self.closed = False
        self.born = self.idle_since = loop.time()
        self.gone: asyncio.Future[None] = loop.create_future()
        """Done when the transport has let go."""
        self.peer = ""
        """The address that was reached."""
        self._exchange: Exchange | None = None
        self._transport: asyncio.Transport
        self._poll = select.poll()

    def begin(self, exchange: Exchange, head: bytes, body: bytes) -> None:
        """Write a request. From the first line of this on nobody may claim that nothing was sent."""
        assert self._exchange is None, "one exchange at a time"
        self._exchange = exchange
        if len(body) <= _ONE_PACKET:
            self._transport.write(head + body)
        else:
            self._transport.write(head)
            if not self._transport.is_closing():  # it may have learned just now that nobody listens
                self._transport.write(body)

    def ready(self) -> bool:
        """Whether it can carry a request now.

        Asks the kernel as well: an end of stream or bytes that nobody asked for (a server's parting 408) may have
        come since the loop last looked, and must not be taken for the answer to what is sent next.
        """
        return not self.closed and not self._transport.is_closing() and not self._poll.poll(0)

    # ── what an exchange asks of its line ────────────────────────────────────────────────────────────────────────

    def finish(self, *, reusable: bool) -> None:
        self._exchange = None
        owner = self.owner
        if reusable and owner is not None and not self.closed and not self.backlog():
            owner.take_back(self)
        else:
            self.close()

    def close(self) -> None:
        """Drop it at once, unsent bytes included."""
        if not self.closed:
            self.closed = True
            self._transport.abort()
            if self.owner is not None:
                self.owner.forget(self)

    def pause(self) -> None:
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def backlog(self) -> int:
        return 0 if self._transport.is_closing() else self._transport.get_write_buffer_size()

    def check(self, now: float) -> None:
        """Let the exchange that is under way, if any, fail for being late."""
        if self._exchange is not None:
            self._exchange.check(now)

    def fail(self, reason: str) -> None:
        """End what is under way, as if the connection had been lost, and close."""
        exchange, self._exchange = self._exchange, None
        self.close()
        if exchange is not None:
            exchange.lost(reason)

    # ── what the event loop calls ────────────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class does not say so
        peer = transport.get_extra_info("peername")
        self.peer = str(peer[0]) if peer else ""
        sock = transport.get_extra_info("socket")
        self._poll.register(sock.fileno(), select.POLLIN)
        _keep_alive(sock)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - the size is ours to choose
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        exchange = self._exchange
        if exchange is not None:
            exchange.feed(self._buffer[:nbytes])  # not a copy: it is parsed before the next read
        else:
            self.close()  # nobody asked

    def eof_received(self) -> None:
        self.fail("")

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.gone.done():
            self.gone.set_result(None)
        self.fail("" if exc is None else f"broke the connection ({type(exc).__name__})")


def new_buffer() -> bytearray:
    """What connections of one loop may read into."""
    return bytearray(_READ_BYTES)


def _keep_alive(sock: socket.socket) -> None:
    """Probe after a minute of silence: a model may think longer than a NAT remembers."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option in ("TCP_KEEPIDLE", "TCP_KEEPINTVL"):
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), 60)
