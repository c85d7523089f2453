"""What the upstream client alone costs: CPU µs per request at 1, 16 and 64 in flight, our pool beside aiohttp.

    python benchmarks/upstream_client.py [--requests 20000] [--streams 2000]

A bare asyncio server answers from another process (pinned to the first CPU; the client to the last). 2 kB request,
1.1 kB answer of eight headers; streams are 50 events, each its own write. CPU is the client process's user + system
time; a calibration loop stands beside each row because shared machines change speed.
"""

import argparse
import asyncio
import multiprocessing
import os
import resource
import time
from collections.abc import Awaitable, Callable

import uvloop

from farthing.ports.upstream import Outbound, Upstream
from farthing.providers.forward import AiohttpUpstream
from farthing.providers.pool import Pool

HEADERS = b"".join(
    (
        b"HTTP/1.1 200 OK\r\n",
        b"date: Sat, 22 Nov 2025 00:00:00 GMT\r\n",
        b"content-type: %b\r\n",
        b"x-request-id: req_0123456789abcdef\r\n",
        b"openai-processing-ms: 12\r\n",
        b"x-ratelimit-remaining-requests: 9999\r\n",
        b"x-ratelimit-remaining-tokens: 149999\r\n",
        b"server: bare\r\n",
    )
)
WHOLE = HEADERS % b"application/json" + b"content-length: 1100\r\n\r\n" + b"x" * 1100
STREAM = HEADERS % b"text/event-stream" + b"transfer-encoding: chunked\r\n\r\n"
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":" word"}}],"id":"chatcmpl-0123456789"}\n\n'
CHUNK = b"%x\r\n%b\r\n" % (len(EVENT), EVENT)
EVENTS = 50


class BareServer(asyncio.Protocol):
    """Answers each request without looking at more than its length."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.missing = 0

    def data_received(self, data: bytes) -> None:
        if not self.missing:
            head, _, body = data.partition(b"\r\n\r\n")
            self.streamed = head.startswith(b"POST /stream")
            length = head.lower().partition(b"content-length: ")[2]
            self.missing = int(length.partition(b"\r")[0]) - len(body)
        else:
            self.missing -= len(data)
        if self.missing:
            return
        if self.streamed:
            self.transport.write(STREAM)
            self.events(EVENTS)
        else:
            self.transport.write(WHOLE)

    def events(self, left: int) -> None:
        if left and not self.transport.is_closing():
            self.transport.write(CHUNK)
            asyncio.get_running_loop().call_soon(self.events, left - 1)
        elif not self.transport.is_closing():
            self.transport.write(b"0\r\n\r\n")


def serve(ports: "multiprocessing.SimpleQueue[int]") -> None:
    pin(first=True)

    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(BareServer, "127.0.0.1", 0, backlog=1024)
        ports.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(main())


def pin(*, first: bool) -> None:
    cpus = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cpus[0 if first else -1]})


async def whole(upstream: Upstream, request: Outbound) -> None:
    answer = await upstream.send(request)
    assert len(await answer.read_all(1 << 20)) == 1100


async def streamed(upstream: Upstream, request: Outbound) -> None:
    answer = await upstream.send(request)
    size = 0
    while piece := await answer.read():
        size += len(piece)
    assert size == EVENTS * len(EVENT)


async def load(act: Callable[[], Awaitable[None]], total: int, in_flight: int) -> list[float]:
    """Run `total` acts, `in_flight` at a time; seconds of each."""
    took: list[float] = []
    left = iter(range(total))

    async def worker() -> None:
        for _ in left:
            started = time.perf_counter()
            await act()
            took.append(time.perf_counter() - started)

    await asyncio.gather(*(worker() for _ in range(in_flight)))
    return sorted(took)


def calibrate() -> float:
    """Milliseconds of a fixed loop: how fast this machine is just now."""
    started = time.perf_counter()
    total = 0
    for number in range(1_000_000):
        total += number & 7
    return (time.perf_counter() - started) * 1e3


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def measure(name: str, make: Callable[[], Upstream], origin: str, requests: int, streams: int) -> None:
    body = b'{"model":"m","messages":[{"role":"user","content":"' + b"x" * 1950 + b'"}]}'
    headers = (
        (b"authorization", b"Bearer sk-0123456789abcdef0123456789abcdef"),
        (b"content-type", b"application/json"),
        (b"accept", b"application/json"),
        (b"user-agent", b"farthing"),
    )
    for target, act, total in (("/whole", whole, requests), ("/stream", streamed, streams)):
        request = Outbound(origin=origin, target=target, headers=headers, body=body)
        for in_flight in (1, 16, 64):
            upstream = make()
            try:
                await load(lambda: act(upstream, request), in_flight * 4, in_flight)  # noqa: B023
                before, started = cpu_seconds(), time.perf_counter()
                took = await load(lambda: act(upstream, request), total, in_flight)  # noqa: B023
                cpu, wall = cpu_seconds() - before, time.perf_counter() - started
            finally:
                await upstream.close()
            print(
                f"{name:8} {target:8} {in_flight:3} in flight  {cpu / total * 1e6:8.1f} us CPU  {total / wall:8.0f}/s"
                f"  p50 {took[total // 2] * 1e6:7.0f} us  p99 {took[total * 99 // 100] * 1e6:7.0f} us"
                f"  (calibration {calibrate():.0f} ms)"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--streams", type=int, default=1_000)
    arguments = parser.parse_args()
    ports: multiprocessing.SimpleQueue[int] = multiprocessing.SimpleQueue()
    server = multiprocessing.Process(target=serve, args=(ports,), daemon=True)
    server.start()
    try:
        origin = f"http://127.0.0.1:{ports.get()}"
        pin(first=False)
        for name, make in (("pool", Pool), ("aiohttp", AiohttpUpstream)):
            uvloop.run(measure(name, make, origin, arguments.requests, arguments.streams))
    finally:
        server.terminate()
        server.join()


if __name__ == "__main__":
    main()
