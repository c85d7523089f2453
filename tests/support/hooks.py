"""A receiver of webhooks on loopback, in a thread: says what the test sets, and remembers every message with its signature."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec


class Message(msgspec.Struct, frozen=True):
    """One message as it came."""

    body: bytes
    signature: str
    key: str
    status: int
    """What it was answered."""

    @property
    def said(self) -> dict[str, Any]:
        return json.loads(self.body)


class Receiver:
    """`status` is what the next message is answered."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.status = 204
        self.messages: list[Message] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/T0K3N"

    @property
    def taken(self) -> list[Message]:
        return [message for message in self.messages if message.status == 204]


@contextmanager
def receiver(status: int = 204) -> Iterator[Receiver]:
    """Listening until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            seen = Message(body, self.headers["x-farthing-signature"], self.headers["idempotency-key"], box.status)
            self.send_response(box.status)
            self.send_header("content-length", "0")
            self.end_headers()
            box.messages.append(seen)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    box = Receiver(server.server_address[1])
    box.status = status
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield box
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
