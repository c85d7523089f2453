"""Clients that misbehave: they leave, close one half of their connection, do not read, or ask twice."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import msgspec

from farthing.testing import Fault
from support import fault_world as world
from support.fault_gateway import Stage
from support.fault_words import Case
from support.fault_world import NOBODY_SAW, Run, call
from support.hasty import Seen, eventually
from support.leaving import connect


def misbehaving_client(stage: Stage, case: Case, run: Run) -> Seen:
    """The run's call, made by a client that does what the case names."""
    return _CLIENTS[case.inject](stage, run)


def request_bytes(url: str, run: Run, **more: str) -> bytes:
    """The run's call as it goes over the wire, on a connection that ends with it."""
    body = msgspec.json.encode(run.body())
    fields = {**run.headers, **more, "host": urlsplit(url).netloc, "connection": "close"}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"POST {world.PATH} HTTP/1.1\r\n{head}content-length: {len(body)}\r\n\r\n".encode() + body


@contextmanager
def sent(url: str, run: Run, **more: str) -> Iterator[socket.socket]:
    """A connection on which the run's call has been sent, and nothing read."""
    with connect(url) as sock:
        sock.sendall(request_bytes(url, run, **more))
        yield sock


def _leaves_in_its_request(stage: Stage, run: Run) -> Seen:
    with connect(stage.url) as sock:
        sock.sendall(request_bytes(stage.url, run)[:-10])
    return NOBODY_SAW


def _leaves_before_the_answer(stage: Stage, run: Run) -> Seen:
    stage.provider.faults.push(Fault(kind="latency", seconds=0.05))
    with sent(stage.url, run):
        eventually(stage.arrived, "the provider has the request")
    return NOBODY_SAW


def _leaves_in_the_answer(stage: Stage, run: Run) -> Seen:
    stage.provider.faults.push(Fault(kind="slow", seconds=0.005))
    with sent(stage.url, run) as sock:
        seen = b""
        while seen.count(b"data: ") < 5:
            seen += sock.recv(4_096)
    return NOBODY_SAW


def _closes_one_half(stage: Stage, run: Run) -> Seen:
    stage.provider.faults.push(Fault(kind="latency", seconds=0.05))
    with sent(stage.url, run) as sock:
        eventually(stage.arrived, "the provider has the request")
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(65_536):
            pass
    return NOBODY_SAW


def _does_not_read(stage: Stage, run: Run) -> Seen:
    with sent(stage.url, run) as sock:
        eventually(lambda: stage.arrived() and stage.quiet(), "it is settled while nobody reads")
        got = b""
        while piece := sock.recv(65_536):
            got += piece
    return Seen(int(got.split(b" ", 2)[1]), {}, got.decode("utf-8", "replace"), got.endswith((b"\r\n0\r\n\r\n", b"}")))


def _asks_twice(stage: Stage, run: Run) -> Seen:
    stage.provider.faults.push(Fault(kind="latency", seconds=0.1))
    seen: list[Seen] = []
    key = {"idempotency_key": run.name}
    first = threading.Thread(target=lambda: seen.append(call(stage.url, run, **key)))
    first.start()
    eventually(stage.arrived, "the first is under way")
    again = call(stage.url, run, **key)
    first.join(20)
    assert (again.status, again.text) == (seen[0].status, seen[0].text), "both have the one answer"
    assert again.headers["x-farthing-replayed"] == "true"
    return seen[0]


_CLIENTS: dict[str, Callable[[Stage, Run], Seen]] = {
    "leaves in its request": _leaves_in_its_request,
    "leaves before the answer": _leaves_before_the_answer,
    "leaves in the answer": _leaves_in_the_answer,
    "closes one half": _closes_one_half,
    "does not read": _does_not_read,
    "twice": _asks_twice,
}
