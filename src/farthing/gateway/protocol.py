"""uvicorn's HTTP/1.1 protocol with the limits it lacks: header size and count, time for header and body, stalled writes.

Measured without them (uvicorn 0.54 with httptools): a 64 MB header is accepted after five seconds of blocked loop, and
half a header keeps its connection for ever. One sweep a second looks at all connections, so a request costs no timer.
"""

import asyncio
import re
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 32 * 1024
MAX_HEADERS = 100
HEAD_SECONDS = 10.0
BODY_SECONDS = 60.0
"""For the first megabyte; each further megabyte buys another second."""
STALL_SECONDS = 60.0
"""How long a client may leave our bytes unread before it counts as gone."""

_HOST = re.compile(rb"^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$")
_ONCE = (b"host", b"authorization", b"content-length", b"content-type", b"x-api-key", b"x-farthing-labels")


class LimitedProtocol(HttpToolsProtocol):
    """One client connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.head_bytes = 0
        self.reading_head = True
        self.waiting_since = 0.0
        """When the present header or body began to arrive; 0 while nothing is awaited."""
        self.stalled_since = 0.0
        self.refused = False

    def data_received(self, data: bytes) -> None:
        if self.refused:
            return
        if self.reading_head:
            self.head_bytes += len(data)
            if not self.waiting_since:
                self.waiting_since = self.loop.time()
        super().data_received(data)
        if self.reading_head and self.head_bytes > MAX_HEAD_BYTES:
            self.refuse(431, b"the request header is larger than 32 KiB")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.reading_head = True

    def on_headers_complete(self) -> None:
        problem = head_problem(self.headers, len(self.url))
        if problem is not None:
            self.refuse(*problem)
            return
        self.reading_head = False
        self.head_bytes = 0
        self.waiting_since = self.loop.time()
        super().on_headers_complete()
        self.scope["farthing.cycle"] = self.cycle  # type: ignore[typeddict-unknown-key]

    def on_message_complete(self) -> None:
        self.waiting_since = 0.0
        self.reading_head = True
        if not self.refused:
            super().on_message_complete()

    def on_body(self, body: bytes) -> None:
        if not self.refused:
            super().on_body(body)

    def pause_writing(self) -> None:
        self.stalled_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        self.stalled_since = 0.0
        super().resume_writing()

    def refuse(self, status: int, why: bytes) -> None:
        """Answer before any application code runs, and close."""
        self.refused = True
        if self.transport.is_closing():
            return
        body = b'{"error":{"message":"' + why + b'","type":"invalid_request_error","code":"bad_http","param":null}}'
        reason = {400: b"Bad Request", 408: b"Request Timeout", 431: b"Request Header Fields Too Large"}[status]
        self.transport.write(
            b"HTTP/1.1 %d %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s"
            % (status, reason, len(body), body)
        )
        self.transport.close()

    def overdue(self, now: float) -> bool:
        """Whether this connection has kept us waiting longer than it may."""
        if self.stalled_since and now - self.stalled_since > STALL_SECONDS:
            return True
        if not self.waiting_since:
            return False
        if self.reading_head:
            return now - self.waiting_since > HEAD_SECONDS
        received = len(self.cycle.body)
        return now - self.waiting_since > BODY_SECONDS + received / 1_000_000


def head_problem(headers: list[tuple[bytes, bytes]], url_bytes: int) -> tuple[int, bytes] | None:
    """What is wrong with a request's header, as (status, reason); None where nothing is."""
    if len(headers) > MAX_HEADERS:
        return 431, b"more than 100 headers"
    size = url_bytes
    seen: dict[bytes, int] = {}
    for name, value in headers:
        size += len(name) + len(value) + 4
        if name in _ONCE:
            seen[name] = seen.get(name, 0) + 1
        if b"_" in name:
            return 400, b"a header name contains an underscore"
    if size > MAX_HEAD_BYTES:
        return 431, b"the request header is larger than 32 KiB"
    if seen.get(b"host", 0) != 1:
        return 400, b"exactly one Host header is required"
    twice = next((name for name, count in seen.items() if count > 1), None)
    if twice is not None:
        return 400, b"the header " + twice + b" is given twice"
    host = next(value for name, value in headers if name == b"host")
    if not _HOST.match(host):
        return 400, b"the Host header is not a host"
    return None


async def sweep(connections: set[Any]) -> None:
    """Close overdue connections, once a second, for as long as the server runs."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(1.0)
        now = loop.time()
        for connection in list(connections):
            if isinstance(connection, LimitedProtocol) and connection.overdue(now):
                if connection.stalled_since:
                    connection.transport.abort()
                else:
                    connection.refuse(408, b"the request took too long to arrive")
