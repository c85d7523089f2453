"""A plain forward proxy: whoever is told to use it asks it for whole addresses, and it remembers which."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

_HOPS = frozenset(("connection", "transfer-encoding", "proxy-connection", "keep-alive"))
SECONDS = 20


class _Handler(BaseHTTPRequestHandler):
    server: Any

    def do_POST(self) -> None:
        asked = urlsplit(self.path)
        self.server.asked.append(self.path)
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        onward = http.client.HTTPConnection(asked.hostname or "", asked.port, timeout=SECONDS)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOPS}
        onward.request(self.command, asked.path, body, headers)
        answer = onward.getresponse()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _HOPS:
                self.send_header(name, value)
        self.send_header("connection", "close")
        self.end_headers()
        while piece := answer.read1():
            self.wfile.write(piece)
        onward.close()

    do_GET = do_POST  # noqa: N815 - the names that the server looks for

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def forward_proxy() -> Iterator[tuple[str, list[str]]]:
    """Its address, and the addresses that it was asked for."""
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", server.asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join(SECONDS)
