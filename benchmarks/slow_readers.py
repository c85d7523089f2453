"""A thousand clients that read one byte a second: does memory stay flat, is the provider slowed, and who else suffers?

    python benchmarks/slow_readers.py [--clients 1000] [--seconds 12]

Every client asks for a stream of 4.6 MB and takes a byte of it a second. Meanwhile other clients make ordinary calls.
"""

import argparse
import resource
import socket
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

import cpu
import programs
import workload

EVENTS = 15_000
FILL_SECONDS = 45.0
"""The longest that buffers may take to fill."""
OTHERS = 8
"""Ordinary calls in flight beside the slow ones."""


class Moment(NamedTuple):
    """How things stood."""

    seconds: float
    resident_kib: int
    written: int
    """Bytes of all streams that the provider has got rid of."""


def slow_client(port: int, user: int) -> socket.socket:
    """A client whose stream has begun to come, with as little room for it as the kernel allows."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    client.connect(("127.0.0.1", port))
    body = workload.body(stream=True).replace(b'"max_tokens":256', b'"max_tokens":16000')
    client.sendall(workload.request(user % workload.USERS, body, f"x-events: {EVENTS}\n"))
    client.settimeout(0)
    return client


class Crowd:
    """The slow clients: each takes a byte a second, in turn."""

    def __init__(self, port: int, size: int) -> None:
        self.began = time.monotonic()
        self.clients = [slow_client(port, user) for user in range(size)]
        self.read = [0] * size
        self.cut = 0

    def go_on(self, seconds: float) -> None:
        """Read at the right pace for so long."""
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            due = now - self.began
            for place, client in enumerate(self.clients):
                if self.read[place] < due:
                    self._take(place, client)
            time.sleep(0.05)

    def started(self) -> int:
        """How many have had the beginning of an answer."""
        return sum(map(bool, self.read))

    def _take(self, place: int, client: socket.socket) -> None:
        try:
            if client.recv(1):
                self.read[place] += 1
            else:
                self.cut += 1
                self.read[place] = sys.maxsize
        except BlockingIOError:
            return
        except OSError:
            self.cut += 1
            self.read[place] = sys.maxsize

    def close(self) -> None:
        for client in self.clients:
            client.close()


class Watch:
    """What is looked at again and again."""

    def __init__(self, pid: int, upstream: int) -> None:
        self.pid, self.upstream = pid, upstream
        self.began = time.monotonic()

    def look(self, what: str) -> Moment:
        with urlopen(f"http://127.0.0.1:{self.upstream}/written", timeout=10) as answer:
            written = int(answer.read())
        found = Moment(time.monotonic() - self.began, cpu.resident_kib(self.pid), written)
        print(
            f"{found.seconds:6.1f} s  {what:<34} gateway {found.resident_kib / 1024:7.1f} MiB"
            f"   taken from the provider {found.written / 2**20:8.1f} MiB",
            flush=True,
        )
        return found


def fill(crowd: Crowd, watch: Watch) -> Moment:
    """Until every stream has begun and the provider gets rid of next to nothing more: then all buffers are full."""
    deadline = time.monotonic() + FILL_SECONDS
    last = watch.look(f"{crowd.started()} streams")
    while time.monotonic() < deadline:
        crowd.go_on(3.0)
        now = watch.look(f"{crowd.started()} streams")
        if crowd.started() == len(crowd.clients) and now.written - last.written < 2**20:
            break
        last = now
    return now


def latency(folder: Path, port: int, requests: Path, what: str) -> None:
    found = programs.load(folder, port, OTHERS, 2.0, requests)
    print(
        f"          {OTHERS} others, {what:<12} p50 {found['whole_p50'] / 1e3:6.1f} ms   p99 {found['whole_p99'] / 1e3:6.1f} ms"
        f"   {found['requests'] / found['seconds']:6,.0f}/s   failed {found['failed']}",
        flush=True,
    )


def allow_sockets(clients: int) -> None:
    """Two sockets a client in the gateway, one each in the others."""
    wanted = 2 * clients + 512
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        sys.exit(f"{clients} clients need {wanted} open files; `ulimit -Hn` allows {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=12.0)
    asked = parser.parse_args()
    allow_sockets(asked.clients)
    cpus = programs.Cpus()
    with ExitStack() as stack:
        folder = stack.enter_context(programs.workshop())
        upstream = stack.enter_context(programs.mock(folder, cpus))
        served = stack.enter_context(programs.gateway(folder, cpus, upstream))
        whole = workload.request(0, workload.body(stream=False))
        requests = workload.write_requests(folder / "whole.requests", [whole])
        latency(folder, served.port, requests, "before:")
        watch = Watch(served.pid, upstream)
        before = watch.look("before")
        crowd = Crowd(served.port, asked.clients)
        stack.callback(crowd.close)
        filled = fill(crowd, watch)
        for _ in range(3):
            crowd.go_on(asked.seconds / 3)
            last = watch.look(f"{crowd.started()} streams, {crowd.cut} cut")
        latency(folder, served.port, requests, "meanwhile:")
        each = (filled.resident_kib - before.resident_kib) / asked.clients
        growth = last.resident_kib - filled.resident_kib
        taken = (last.written - filled.written) / (last.seconds - filled.seconds) / asked.clients
        print(
            f"A slow stream costs {each:.0f} KiB of the gateway's memory; once all buffers were full memory changed by"
        )
        print(
            f"{growth / 1024:+.1f} MiB in {last.seconds - filled.seconds:.0f} s, while {taken:,.0f} bytes/s of each stream were taken."
        )


if __name__ == "__main__":
    main()
