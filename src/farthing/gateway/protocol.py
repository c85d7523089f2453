"""uvicorn's HTTP/1.1 protocol with the limits it lacks: header size and count, time for header and body, stalled writes.

Measured without them (uvicorn 0.54 with httptools): a 64 MB header is accepted after five seconds of blocked loop, and
half a header keeps its connection for ever. One sweep a second looks at all connections, so a request costs no timer.
"""

import asyncio
import re
from typing import Any
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from farthing.gateway.limits import WireLimits
from farthing.gateway.turn import Bell, Turn

_HOST = re.compile(rb"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")
_ONCE = frozenset(
    (
        b"host",
        b"authorization",
        b"content-length",
        b"content-type",
        b"x-api-key",
        b"x-goog-api-key",
        b"x-farthing-labels",
        b"idempotency-key",
    )
)
_REASONS = {
    400: b"Bad Request",
    408: b"Request Timeout",
    431: b"Request Header Fields Too Large",
    503: b"Service Unavailable",
}


class LimitedProtocol(HttpToolsProtocol):
    """One client connection. Made by uvicorn; `limits` are set on the class that `serve` hands it."""

    limits = WireLimits()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.head_bytes = 0
        self.reading_head = True
        self.waiting_since = 0.0
        """When the present header or body began to arrive; 0 while nothing is awaited."""
        self.stalled_since = 0.0
        self.idle_since = self.loop.time()
        self.host: bytes | None = None
        self.once: set[bytes] = set()
        self.problem: tuple[int, bytes] | None = None
        """What is wrong with the present header, as status and reason."""
        self.refused = False
        self.lingering_since = 0.0
        """When we said no and closed our side; until the client has closed its own, what it still sends is dropped."""
        self.one_too_many = False
        self.body_bytes = 0
        self.answering: Turn | None = None
        """The turn whose application runs; older than `cycle` where requests are pipelined."""

    # Reading

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]  # uvicorn asks for what it is always given
        self.one_too_many = len(self.connections) > self.limits.connections

    def data_received(self, data: bytes) -> None:
        if self.refused:
            self._drop(len(data))
            return
        self.idle_since = 0.0
        if self.reading_head:
            self.head_bytes += len(data)
            if not self.waiting_since:
                self.waiting_since = self.loop.time()
        super().data_received(data)
        if self.reading_head and self.head_bytes > self.limits.head_bytes:
            self.refuse(431, b"the request header is too large")

    def on_message_begin(self) -> None:
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self.host = None
        self.once = set()
        self.problem = None
        self.reading_head = True

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name in _ONCE:
            if name in self.once:
                self.problem = 400, b"the header " + name + b" is given twice"
            self.once.add(name)
            if name == b"host":
                self.host = value
        elif b"_" in name:
            self.problem = 400, b"a header name contains an underscore"
        elif name == b"expect":
            self.expect_100_continue = value.lower() == b"100-continue"
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self.refused:  # a request right behind the one that was refused: nothing of it is looked at
            return
        problem = self._problem_of_the_whole() if self.problem is None else self.problem
        if problem is not None:
            self.refuse(*problem)
            return
        turn = self._turn()
        self.reading_head = False
        self.head_bytes = self.body_bytes = 0
        self.waiting_since = self.loop.time()
        before, self.cycle = self.cycle, turn
        if getattr(before, "response_complete", True):  # None at first, which uvicorn's type does not say
            self.answering = turn
            self._start_asgi_task(turn, self.app)
        else:  # a pipelined request waits for the answer before it
            self.flow.pause_reading()
            self.pipeline.appendleft((turn, self.app))

    def on_body(self, body: bytes) -> None:
        if not self.refused:
            self.body_bytes += len(body)
            super().on_body(body)

    def on_message_complete(self) -> None:
        self.waiting_since = 0.0
        self.reading_head = True
        if not self.refused:
            super().on_message_complete()

    def _problem_of_the_whole(self) -> tuple[int, bytes] | None:
        if len(self.headers) > self.limits.headers:
            return 431, b"the request has too many headers"
        if self.head_bytes > self.limits.head_bytes:  # it may be the body that came with it
            size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
            if size > self.limits.head_bytes:
                return 431, b"the request header is too large"
        if self.one_too_many:
            return 503, b"the gateway has too many connections; try again"
        if self.host is None:
            return 400, b"exactly one Host header is required"
        return None if _HOST.fullmatch(self.host) else (400, b"the Host header is not a host")

    def _turn(self) -> Turn:
        """The request as ASGI has it, and what answers it."""
        version = self.parser.get_http_version()
        raw_path, _, query = self.url.partition(b"?")
        if not raw_path.startswith(b"/"):  # `GET http://host/path`, or CONNECT's authority
            parsed = httptools.parse_url(self.url)
            raw_path, query = parsed.path, parsed.query
        path = raw_path.partition(b"#")[0].decode("latin-1")
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": version,
            "method": self.parser.get_method().decode("ascii"),
            "scheme": self.scheme,
            "path": unquote(path) if "%" in path else path,
            "raw_path": raw_path,
            "query_string": query,
            "root_path": "",
            "headers": self.headers,
            "server": self.server,
            "client": self.client,
        }
        turn = Turn(
            scope=scope,  # type: ignore[arg-type]  # a plain dict, as every ASGI application takes it
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=[],
            message_event=Bell(),  # type: ignore[arg-type]  # all that is asked of it
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != "1.0" and self.parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        scope["farthing.turn"] = turn
        return turn

    # Answering

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self.answering, app = self._next_in_line()
            self._start_asgi_task(self.answering, app)
        else:
            self.idle_since = self.loop.time()

    def pause_writing(self) -> None:
        self.stalled_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        self.stalled_since = 0.0
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Every turn on this connection is over, not only the newest, which is all that uvicorn knows of."""
        for turn in (self.answering, *(turn for turn, _ in self.pipeline)):
            if isinstance(turn, Turn):
                turn.lose()
        super().connection_lost(exc)

    def refuse(self, status: int, why: bytes) -> None:
        """Answer before any application code runs, and close. What is owed to earlier requests goes out first: a refusal
        must never be taken for the answer to one of them."""
        self.refused = True
        if self.transport.is_closing():
            return
        turn = self.cycle
        owed = not getattr(turn, "response_complete", True)  # None at first, which uvicorn's type does not say
        if self.reading_head and owed:
            turn.keep_alive = False
        elif not self.reading_head and (not owed or turn.response_started or self.pipeline):
            self.transport.close()
        else:
            self._say_no(status, why)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's own words
        """What uvicorn calls where the parser gives up."""
        self.refuse(400, b"this is not valid HTTP/1.1")

    def _say_no(self, status: int, why: bytes) -> None:
        body = b'{"error":{"message":"' + why + b'","type":"invalid_request_error","code":"bad_http","param":null}}'
        self.transport.write(
            b"HTTP/1.1 %d %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s"
            % (status, _REASONS[status], len(body), body)
        )
        self.waiting_since = self.idle_since = 0.0
        self.lingering_since = self.loop.time()
        if not self.reading_head:
            self.cycle.disconnected = True  # whoever waits for the rest of this body waits in vain
            self.cycle.message_event.set()
        self.transport.write_eof()  # closing at once would reset the connection under a client that still sends

    def _drop(self, size: int) -> None:
        self.body_bytes += size
        if self.body_bytes > self.limits.dropped_bytes:
            self.transport.abort()

    def _unsupported_upgrade_warning(self) -> None:
        """Another protocol is not spoken here: the request is answered as it is, and what follows it is not read. The
        parser has thrown away its body, if it has one: then it is refused."""
        self.refused = True
        self.cycle.keep_alive = False
        if self.cycle.scope["method"] not in ("GET", "HEAD") and not self.pipeline:
            self.cycle.disconnected = True
            self._say_no(400, b"a request with a body cannot ask for another protocol: leave out Upgrade")

    def _next_in_line(self) -> tuple[Turn, Any]:
        if self.waiting_since:  # while it stood in line we did not read: its time begins now
            self.waiting_since = self.loop.time()
        turn, app = self.pipeline.pop()
        assert isinstance(turn, Turn)
        return turn, app

    # Time

    def check(self, now: float) -> None:
        """Close the connection if it has kept us waiting longer than it may."""
        limits = self.limits
        if self.lingering_since:
            if now - self.lingering_since > limits.linger_seconds:
                self.transport.abort()
        elif self.stalled_since and now - self.stalled_since > limits.stall_seconds:
            self.transport.abort()
        elif self.pipeline:
            return  # it is us who do not read
        elif self.waiting_since and self.reading_head and now - self.waiting_since > limits.head_seconds:
            self.refuse(408, b"the request header took too long to arrive")
        elif self.waiting_since and not self.reading_head and now - self.waiting_since > self._body_seconds():
            self.refuse(408, b"the request body took too long to arrive")
        elif self.idle_since and now - self.idle_since > limits.idle_seconds:
            self.transport.close()

    def _body_seconds(self) -> float:
        return self.limits.body_seconds + self.body_bytes / 1_000_000


async def sweep(connections: set[Any], *, every_seconds: float = 1.0) -> None:
    """Look at every connection, for as long as the server runs."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(every_seconds)
        now = loop.time()
        for connection in list(connections):
            if isinstance(connection, LimitedProtocol):
                connection.check(now)
