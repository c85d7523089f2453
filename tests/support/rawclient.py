"""A client made of bytes: sends exactly what a test says, and reads answers one by one or until the connection closes."""

import json
import re
import socket
import struct

SECONDS = 15
CHAT = json.dumps(
    {"model": "gpt-4o-mini", "max_tokens": 20, "messages": [{"role": "user", "content": "hello"}]}
).encode()


def request(
    *headers,
    method=b"POST",
    path=b"/v1/chat/completions",
    body=CHAT,
    host=b"Host: 127.0.0.1",
    length=True,
    version=b"1.1",
):
    """A request as bytes; `host` None sends none."""
    lines = [b"%s %s HTTP/%s" % (method, path, version)]
    lines += [host] if host is not None else []
    lines += [b"Content-Type: application/json"] if body else []
    lines += [b"Content-Length: %d" % len(body)] if body and length else []
    return b"\r\n".join([*lines, *headers, b"", body])


def get(path=b"/healthz", *headers):
    return request(*headers, method=b"GET", path=path, body=b"")


def chunks(*pieces):
    """A body in chunked coding."""
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


class RawClient:
    """One connection."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), SECONDS)
        self.left = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def rest(self):
        """Everything until the server closes; a reset counts as closed."""
        got, self.left = self.left, b""
        try:
            while piece := self.socket.recv(65_536):
                got += piece
        except ConnectionError:
            pass
        return got

    def answer(self):
        """(status, body) of the next answer with a length or in chunks."""
        while b"\r\n\r\n" not in self.left:
            self._more()
        head, _, self.left = self.left.partition(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        if b"transfer-encoding: chunked" in head:
            while b"0\r\n\r\n" not in self.left:
                self._more()
            body, _, self.left = self.left.partition(b"0\r\n\r\n")
            return status, body
        length = int(found[1]) if (found := re.search(rb"content-length: (\d+)", head)) else 0
        while len(self.left) < length:
            self._more()
        body, self.left = self.left[:length], self.left[length:]
        return status, body

    def reset(self):
        """Leave without a goodbye."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def _more(self):
        piece = self.socket.recv(65_536)
        assert piece, f"closed after {self.left[:200]!r}"
        self.left += piece


def statuses(port, data):
    """The status of every answer to these bytes on one connection, which the client ends by closing its side."""
    with RawClient(port) as client:
        try:
            client.send(data)
            client.socket.shutdown(socket.SHUT_WR)
        except ConnectionError:
            pass
        return [int(code) for code in re.findall(rb"HTTP/1\.1 (\d\d\d) ", client.rest())]


def first_status(port, data):
    """The status of the first answer, and whether the connection is closed after it."""
    with RawClient(port) as client:
        client.send(data)
        status, _ = client.answer()
        client.socket.settimeout(0.2)
        try:
            closed = client.socket.recv(1) == b""
        except TimeoutError:
            closed = False
        except ConnectionError:
            closed = True
        return status, closed
