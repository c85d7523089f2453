"""HTTP/1.1 on one connection, with limits of size and time that uvicorn lacks; a request is handed on without ASGI.

Measured without the limits (uvicorn 0.54 with httptools): a 64 MB header is accepted after five seconds of blocked loop,
and half a header keeps its connection for ever. One sweep a second looks at all connections, so a request costs no timer.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from farthing.gateway.bell import Bell
from farthing.gateway.framing import Framing, NotHttp
from farthing.gateway.head import Head, HeadReader
from farthing.gateway.limits import WireLimits
from farthing.gateway.turn import READ_AHEAD_BYTES, Turn

log = logging.getLogger("farthing.gateway")

App = Callable[[Turn], Coroutine[Any, Any, None]]

_END_OF_HEAD = b"\r\n\r\n"
_BLANK = b"\r\n"
_REASONS = {
    400: b"Bad Request",
    408: b"Request Timeout",
    431: b"Request Header Fields Too Large",
    503: b"Service Unavailable",
}


class LimitedProtocol(asyncio.Protocol):
    """One client connection. Made by uvicorn; `limits` are set on the class that `serve` hands it."""

    limits = WireLimits()
    transport: asyncio.Transport

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],  # noqa: ARG002 - uvicorn's signature
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.loop = _loop or asyncio.get_running_loop()
        self.app: App = config.loaded_app
        self.connections: set[Any] = server_state.connections
        self.tasks: set[asyncio.Task[None]] = server_state.tasks
        self.framing = Framing()
        self.heads = HeadReader(self.limits.headers)
        self.peer = ""
        self.one_too_many = False
        self.turn: Turn | None = None
        """The request that is being answered, or was last."""
        self.reading_head = True
        self.partial = b""
        """The beginning of a head. The parser has it."""
        self.unread = b""
        """What came behind a request that is not answered yet. Nobody has looked at it."""
        self.deaf = False
        """Nothing that still arrives is looked at: we said no, or the client said it would ask nothing more."""
        self.dropped_bytes = 0
        self.reading_paused = False
        self.stalled = False
        self.room = Bell()
        # Since when, in the loop's time; 0 where it is not so
        self.waiting_since = 0.0
        """The present head or body is arriving."""
        self.stalled_since = 0.0
        self.idle_since = self.loop.time()
        self.lingering_since = 0.0
        """We said no and closed our side; until the client has closed its own, what it still sends is dropped."""

    # Reading

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # a stream's; uvloop's has no base class to ask for
        self.connections.add(self)
        self.one_too_many = len(self.connections) > self.limits.connections
        peer = transport.get_extra_info("peername")
        self.peer = str(peer[0]) if isinstance(peer, tuple) else ""

    def data_received(self, data: bytes) -> None:
        if self.deaf:
            self._drop(len(data))
        else:
            self.idle_since = 0.0
            self._read(data)

    def _read(self, data: bytes) -> None:
        try:
            while data and not self.deaf:
                if not self.reading_head:
                    data = self._read_body(data)
                elif self.turn is not None and not self.turn.complete:  # pipelined: it is looked at when its turn comes
                    self._keep_for_later(data)
                    return
                else:
                    data = self._read_head(data)
        except NotHttp:
            self.refuse(400, b"this is not valid HTTP/1.1")

    def _keep_for_later(self, data: bytes) -> None:
        self.unread += data
        if len(self.unread) > READ_AHEAD_BYTES:
            self.pause_reading()

    def _read_head(self, data: bytes) -> bytes:
        """Take a head, with its body where all of that is here, and begin its turn. Returns what is left."""
        fed = len(self.partial)
        if not fed and data[0] in _BLANK:  # empty lines before a request are nothing
            data = data.lstrip(_BLANK)
        block = self.partial + data if fed else data
        end = block.find(_END_OF_HEAD, max(0, fed - len(_END_OF_HEAD) + 1))
        if end < 0 or end > self.limits.head_bytes:
            self._wait_for_head(block, fed)
            return b""
        head = self.heads.read(block[:end])
        start = end + len(_END_OF_HEAD)
        stop = start + head.length
        all_here = stop <= len(block) and not head.constant.chunked
        cut = stop if all_here else start
        known = self.heads.known and all_here and not fed
        if known:
            self.framing.again(block[start:stop])
        upgrade = not known and self.framing.head(block[fed:cut], ends=all_here)
        self.partial = b""
        self._begin(head, all_here=all_here, upgrade=upgrade)
        return block[cut:] if cut < len(block) else b""

    def _wait_for_head(self, block: bytes, fed: int) -> None:
        """A head that is not complete, or too long. The parser sees what there is, so that nonsense is told at once."""
        if not self.waiting_since:
            self.waiting_since = self.loop.time()
        if len(block) > self.limits.head_bytes:
            self.refuse(431, b"the request header is too large")
        elif len(block) > fed:
            self.framing.part_of_head(block[fed:])
            self.partial = block

    def _begin(self, head: Head, *, all_here: bool, upgrade: bool) -> None:
        """Begin the turn of a request whose head is complete, or say why not."""
        problem = head.constant.problem
        if problem is None and self.one_too_many:
            problem = 503, b"the gateway has too many connections; try again"
        if (
            problem is None and upgrade and head.constant.method not in ("GET", "HEAD")
        ):  # the parser threw away its body
            problem = 400, b"a request with a body cannot ask for another protocol: leave out Upgrade"
        if problem is not None:
            self.refuse(*problem)
            return
        keeps = self.framing.keeps and head.constant.one_one and not upgrade  # no other protocol is spoken here
        turn = self.turn = Turn(self, head, self.framing.pieces, all_here=all_here or upgrade, keep_alive=keeps)
        if turn.all_here:
            self.waiting_since = 0.0
            self.deaf = not keeps
        else:
            self.framing.expect_body(head)
            self.waiting_since = self.loop.time()
            self.reading_head = False
        turn.task = self.loop.create_task(self._answer(turn))
        self.tasks.add(turn.task)

    def _read_body(self, data: bytes) -> bytes:
        """Take what of these bytes belongs to the present body. Returns what is left."""
        turn, framing = self.turn, self.framing
        assert turn is not None
        cut = framing.body(data)
        if framing.ended:
            self.reading_head = True
            self.waiting_since = 0.0
            self.deaf = not turn.keep_alive
        turn.arrived(framing.size, all_here=framing.ended)
        if framing.ended and turn.complete:
            self.idle_since = self.loop.time()
        return data[cut:]

    # Answering

    async def _answer(self, turn: Turn) -> None:
        """Let the application answer. An answer that it leaves undone is cut."""
        try:
            await self.app(turn)
        except Exception:
            log.exception("a request failed")
        finally:
            turn.close()
            if turn.task is not None:
                self.tasks.discard(turn.task)

    def answered(self) -> None:
        """The present answer is complete: whoever stands in line comes next."""
        if self.transport.is_closing():
            return
        self.resume_reading()
        self.idle_since = self.loop.time()
        if self.unread:
            data, self.unread = self.unread, b""
            self.idle_since = 0.0
            self._read(data)

    def shutdown(self) -> None:
        """The server stops: what is being answered is finished, and nothing else is begun."""
        if self.turn is None or self.turn.complete:
            self.transport.close()
        else:
            self.turn.keep_alive = False

    def pause_reading(self) -> None:
        if not self.reading_paused:
            self.reading_paused = True
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        if self.reading_paused:
            self.reading_paused = False
            self.transport.resume_reading()

    def pause_writing(self) -> None:
        self.stalled = True
        self.stalled_since = self.loop.time()
        self.room.clear()

    def resume_writing(self) -> None:
        self.stalled = False
        self.stalled_since = 0.0
        self.room.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self.connections.discard(self)
        self.deaf = True
        self.resume_writing()
        self.framing.close()
        turn, self.turn = self.turn, None
        if turn is not None:
            turn.lose()

    def refuse(self, status: int, why: bytes) -> None:
        """Answer before any application code runs, or instead of it, and close."""
        self.deaf = True
        turn = self.turn
        if self.transport.is_closing():
            return
        if self.reading_head:
            self._say_no(status, why)
        elif turn is None or turn.started:  # a second answer would be taken for that of another request
            self.transport.close()
        else:
            self._say_no(status, why)
            turn.lose()  # whoever waits for the rest of this body waits in vain

    def _say_no(self, status: int, why: bytes) -> None:
        body = b'{"error":{"message":"' + why + b'","type":"invalid_request_error","code":"bad_http","param":null}}'
        self.transport.write(
            b"HTTP/1.1 %d %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s"
            % (status, _REASONS[status], len(body), body)
        )
        self.waiting_since = self.idle_since = 0.0
        self.lingering_since = self.loop.time()
        self.transport.write_eof()  # closing at once would reset the connection under a client that still sends

    def _drop(self, size: int) -> None:
        self.dropped_bytes += size
        if self.dropped_bytes > self.limits.dropped_bytes:
            self.transport.abort()

    # Time

    def check(self, now: float) -> None:
        """Close the connection if it has kept us waiting longer than it may."""
        limits = self.limits
        if self.lingering_since:
            if now - self.lingering_since > limits.linger_seconds:
                self.transport.abort()
        elif self.stalled_since and now - self.stalled_since > limits.stall_seconds:
            self.transport.abort()
        elif self.waiting_since and self.reading_head and now - self.waiting_since > limits.head_seconds:
            self.refuse(408, b"the request header took too long to arrive")
        elif self.waiting_since and not self.reading_head and now - self.waiting_since > self._body_seconds():
            self.refuse(408, b"the request body took too long to arrive")
        elif self.idle_since and now - self.idle_since > limits.idle_seconds:
            self.transport.close()

    def _body_seconds(self) -> float:
        return self.limits.body_seconds + (self.turn.body_bytes / 1_000_000 if self.turn is not None else 0)


async def sweep(connections: set[Any], *, every_seconds: float = 1.0) -> None:
    """Look at every connection, for as long as the server runs."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(every_seconds)
        now = loop.time()
        for connection in list(connections):
            if isinstance(connection, LimitedProtocol):
                connection.check(now)
