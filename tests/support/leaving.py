"""Clients that leave: at a chosen byte of the answer, inside their own request, or with one half of the connection."""

import json
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx2

from support.hasty import PATHS, body_of, eventually, headers_of


def request_bytes(host: str, *, stream: bool, cap: int | None = 120) -> bytes:
    """A whole chat request as it goes over the wire."""
    body = json.dumps(body_of("chat", stream=stream, cap=cap)).encode()
    head = f"POST {PATHS['chat']} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def connect(url: str) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=30)


def leave_at_byte(url: str, k: int, *, stream: bool, cap: int | None = 120) -> None:
    """Send the request, read `k` bytes of the answer, close. An answer that is shorter is read to its end."""
    with connect(url) as sock:
        sock.sendall(request_bytes(urlsplit(url).netloc, stream=stream, cap=cap))
        left = k
        while left > 0 and (piece := sock.recv(min(left, 512))):
            left -= len(piece)


def leave_once_sent(url: str, sent: Callable[[], bool], *, stream: bool) -> None:
    """Send the request, wait until the provider has it, leave without reading."""
    with connect(url) as sock:
        sock.sendall(request_bytes(urlsplit(url).netloc, stream=stream))
        eventually(sent, "the provider has the request")


def leave_inside_body(url: str) -> None:
    """Send all but the last bytes of the request, then close."""
    with connect(url) as sock:
        sock.sendall(request_bytes(urlsplit(url).netloc, stream=False)[:-10])


def abandon_after_events(url: str, dialect: str, events: int) -> None:
    """Begin a stream as a client of this dialect does, and close once so many events have come."""
    body = body_of(dialect, stream=True)
    with (
        httpx2.Client(trust_env=False, timeout=60) as client,
        client.stream("POST", f"{url}{PATHS[dialect]}", json=body, headers=headers_of(dialect)) as answer,
    ):
        seen = b""
        for piece in answer.iter_raw():
            seen += piece
            if seen.count(b"\n\n") >= events:
                return


def read_nothing_until(url: str, true: Callable[[], bool]) -> bytes:
    """Begin a stream and read none of it until something is true; then all of it."""
    with connect(url) as sock:
        sock.sendall(request_bytes(urlsplit(url).netloc, stream=True))
        eventually(true, "it became true while the client read nothing")
        got = b""
        while piece := sock.recv(65_536):
            got += piece
        return got


def half_close(url: str) -> bytes:
    """Send the request, close the sending half, read what comes."""
    with connect(url) as sock:
        sock.sendall(request_bytes(urlsplit(url).netloc, stream=True))
        sock.shutdown(socket.SHUT_WR)
        got = b""
        while piece := sock.recv(65_536):
            got += piece
        return got
