"""Faults that happen around a gateway in this process: its provider, its clients, its clock, its configuration."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from farthing.config.build import reload
from farthing.config.engine import wall_ms
from farthing.config.load import load
from farthing.guard.providers import Providers
from farthing.testing import Fault, SimulatedProvider, list_prices
from support import fault_world as world
from support.fault_words import STORM, Case, Layer, Policy
from support.fault_world import NOBODY_SAW, Outcome, Run, billed, call, left_by, one_run, then, warm_up
from support.gateway import RunningGateway, running_gateway
from support.hasty import Seen, eventually

SECRET = "the-secret-of-the-callers-that-meet-faults"
KEYS = """
[[keys]]
name = "caller"
secret = "{secret}"
may_set = ["team", "run"]

[[keys]]
name = "other"
secret = "another-secret-that-keeps-the-door-locked"
"""
DEARER = """
[[prices]]
model = "gpt-4o"
input = 25
output = 100

[[prices]]
model = "gpt-4o-mini"
input = 1.5
output = 6
"""
AUTUMN_MS = 1_792_882_800_000
"""2026-10-25T01:00+02:00, a day that has twenty-five hours in Amsterdam."""
DAILY = """
[[budgets]]
name = "daily"
limit = "100 USD"
window = "day"
tz = "Europe/Amsterdam"
"""


class MovingClock:
    """Milliseconds since 1970: real time, and as far off as it was set."""

    def __init__(self, start_ms: int) -> None:
        self._off = start_ms - wall_ms()
        self.jumped_ms = 0

    def __call__(self) -> int:
        return wall_ms() + self._off + self.jumped_ms


class Stage:
    """A gateway and a provider, for faults that happen one after the other."""

    def __init__(self, gateway: RunningGateway, provider: SimulatedProvider, folder: Path, clock: Any = None) -> None:
        self.gateway = gateway
        self.provider = provider
        self.folder = folder
        self.clock = clock

    def meet(self, case: Case, policy: Policy, *, streamed: bool) -> Outcome:
        """One run meets the fault; what came of it, and what its next call gets."""
        run = one_run(case.name, policy, streamed=streamed, secret=SECRET if case.layer is Layer.CHANGE else "")
        self.gateway.engine.health = Providers()  # each fault meets a gateway that still trusts its provider
        warm_up(self.gateway.url, run)
        self.provider.reset()
        seen = _BY_LAYER[case.layer](self, case, run)
        eventually(self._quiet, "the provider has made up its bill, and nothing is held")
        self.gateway.flush()
        bill, left = billed(self.provider, run), left_by(self.gateway.engine.records, run)
        self.provider.reset()
        after = then(self.gateway.url, run)
        self.restore(case)
        return Outcome(run, seen, left, bill, after)

    def restore(self, case: Case) -> None:
        """What one fault changed must not meet the next."""
        if case.fault == "F27":
            for gate in self.gateway.engine.directory.load().gates:
                self.gateway.engine.directory.acknowledge(gate.name, "the next case")
        if case.layer is Layer.CLOCK:
            self.clock.jumped_ms = 0
        if case.layer is Layer.CHANGE:
            self.configure()

    def configure(self, secret: str = SECRET, more: str = "", **limits: str) -> None:
        """Take up a configuration, as SIGHUP would."""
        keys = KEYS.format(secret=secret)
        file = world.write_config(self.folder, self.provider.url, more=keys + more, **limits)
        taken = asyncio.run_coroutine_threadsafe(reload(self.gateway.engine, load(file, {})), self.gateway.loop)
        taken.result(10)

    def arrived(self) -> bool:
        return len(self.provider.bill) > 0

    def _quiet(self) -> bool:
        running = any(entry.outcome == "running" for entry in self.provider.bill)
        self.gateway.flush()
        held = sum(standing.held for standing in self.gateway.engine.records.accounts("all"))
        return not running and not held


# The provider


def _misbehaving(stage: Stage, case: Case, run: Run) -> Seen:
    if case.inject == "refusing":
        with stage.provider.refusing():
            return call(stage.gateway.url, run)
    times = STORM if case.fault == "F28" else 1
    stage.provider.faults.push(*[case.inject] * times)
    seen = [call(stage.gateway.url, run) for _ in range(times)]
    assert len({each.status for each in seen}) == 1
    return seen[0]


# The client


def _client(stage: Stage, case: Case, run: Run) -> Seen:
    return _CLIENTS[case.inject](stage, run)


def _connect(stage: Stage) -> socket.socket:
    parts = urlsplit(stage.gateway.url)
    return socket.create_connection((parts.hostname, parts.port), timeout=30)


def request_bytes(url: str, run: Run, **more: str) -> bytes:
    """The run's call as it goes over the wire, on a connection that ends with it."""
    body = msgspec.json.encode(run.body())
    fields = {**run.headers, **more, "host": urlsplit(url).netloc, "connection": "close"}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"POST {world.PATH} HTTP/1.1\r\n{head}content-length: {len(body)}\r\n\r\n".encode() + body


def _leaves_in_its_request(stage: Stage, run: Run) -> Seen:
    with _connect(stage) as sock:
        sock.sendall(request_bytes(stage.gateway.url, run)[:-10])
    return NOBODY_SAW


def _leaves_before_the_answer(stage: Stage, run: Run) -> Seen:
    stage.provider.faults.push(Fault(kind="latency", seconds=0.05))
    with _connect(stage) as sock:
        sock.sendall(request_bytes(stage.gateway.url, run))
        eventually(stage.arrived, "the provider has the request")
    return NOBODY_SAW


def _leaves_in_the_answer(stage: Stage, run: Run) -> Seen:
    stage.provider.faults.push(Fault(kind="slow", seconds=0.005))
    with _connect(stage) as sock:
        sock.sendall(request_bytes(stage.gateway.url, run))
        seen = b""
        while seen.count(b"data: ") < 5:
            seen += sock.recv(4_096)
    return NOBODY_SAW


def _closes_one_half(stage: Stage, run: Run) -> Seen:
    stage.provider.faults.push(Fault(kind="latency", seconds=0.05))
    with _connect(stage) as sock:
        sock.sendall(request_bytes(stage.gateway.url, run))
        eventually(stage.arrived, "the provider has the request")
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(65_536):
            pass
    return NOBODY_SAW


def _does_not_read(stage: Stage, run: Run) -> Seen:
    with _connect(stage) as sock:
        sock.sendall(request_bytes(stage.gateway.url, run))
        eventually(lambda: stage.arrived() and stage._quiet(), "it is settled while nobody reads")
        got = b""
        while piece := sock.recv(65_536):
            got += piece
    return Seen(int(got.split(b" ", 2)[1]), {}, got.decode("utf-8", "replace"), got.endswith((b"\r\n0\r\n\r\n", b"}")))


def _asks_twice(stage: Stage, run: Run) -> Seen:
    stage.provider.faults.push(Fault(kind="latency", seconds=0.1))
    seen: list[Seen] = []
    key = {"idempotency_key": run.name}
    first = threading.Thread(target=lambda: seen.append(call(stage.gateway.url, run, **key)))
    first.start()
    eventually(stage.arrived, "the first is under way")
    again = call(stage.gateway.url, run, **key)
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


# Time and configuration


def _in_flight(stage: Stage, run: Run, meanwhile: Callable[[], None]) -> Seen:
    """A call during which something happens."""
    stage.provider.faults.push(Fault(kind="latency", seconds=0.15))
    seen: list[Seen] = []
    caller = threading.Thread(target=lambda: seen.append(call(stage.gateway.url, run)))
    caller.start()
    eventually(stage.arrived, "the call is under way")
    meanwhile()
    assert not seen, "it was still under way"
    caller.join(30)
    return seen[0]


def _clock(stage: Stage, case: Case, run: Run) -> Seen:
    windows: list[set[str]] = []

    def jump() -> None:
        windows.append(_windows(stage, run))
        stage.clock.jumped_ms = int(case.inject) * 1_000
        stage.gateway.engine.ledger.sweep_now()

    seen = _in_flight(stage, run, jump)
    assert windows == [_windows(stage, run)], "it is paid in the windows in which it was reserved"
    return seen


def _windows(stage: Stage, run: Run) -> set[str]:
    """Of the accounts that the run's last call touches."""
    stage.gateway.flush()
    records = stage.gateway.engine.records
    (summary,) = records.recent(limit=1, run=run.name)
    (attempt,) = records.call(summary.id).attempts
    return {share.account.window for share in attempt.shares}


def _change(stage: Stage, case: Case, run: Run) -> Seen:
    changes: dict[str, Callable[[], None]] = {
        "limit": lambda: stage.configure(block="0.000001", soft="0.000001"),
        "price": lambda: stage.configure(more=DEARER),
        "key": lambda: stage.configure(secret="a-new-secret-that-this-caller-does-not-know"),
    }
    return _in_flight(stage, run, changes[case.inject])


_BY_LAYER: dict[Layer, Callable[[Stage, Case, Run], Seen]] = {
    Layer.PROVIDER: _misbehaving,
    Layer.PATIENCE: _misbehaving,
    Layer.CLIENT: _client,
    Layer.CLOCK: _clock,
    Layer.CHANGE: _change,
}


@contextmanager
def stage(layer: Layer, folder: Path) -> Iterator[Stage]:
    """What this layer of faults needs, running."""
    patience = "0.4s" if layer is Layer.PATIENCE else "20s"
    more = {Layer.CHANGE: KEYS.format(secret=SECRET), Layer.CLOCK: DAILY}.get(layer, "")
    clock = MovingClock(AUTUMN_MS) if layer is Layer.CLOCK else wall_ms
    with world.provider(prices=list_prices(clock)).in_thread() as simulated:
        config = world.write_config(folder, simulated.url, patience=patience, more=more)
        with running_gateway(config, clock=clock) as gateway:
            yield Stage(gateway, simulated, folder, clock)
