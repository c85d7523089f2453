"""What the upstream client alone costs: CPU µs per whole answer and per event of a stream, our pool beside aiohttp.

    python benchmarks/upstream_client.py [--rounds 15] [--pace-ms 10]

The native mock answers from another CPU: 2 kB requests of eight headers, 1.3 kB answers of sixteen, streams of 50
events, each its own write and `pace` apart, read piece by piece and poured. CPU is this process's user + system time.
Clients take turns, batch by batch, and the best batch counts: shared machines change speed from second to second.
"""

import argparse
import asyncio
import gc
import statistics
import time
from collections.abc import Awaitable, Callable

import uvloop
from programs import Cpus, mock, workshop

from farthing.ports.upstream import Answer, Outbound, Upstream
from farthing.providers.forward import AiohttpUpstream
from farthing.providers.pool import Pool

PIECES = 52
"""Of a stream: 50 words, the stop and the usage; the end comes with the last."""
CLIENTS: dict[str, Callable[[], Upstream]] = {"pool": Pool, "aiohttp": AiohttpUpstream}
HEADERS = (
    (b"authorization", b"Bearer sk-0123456789abcdef0123456789abcdef"),
    (b"content-type", b"application/json"),
    (b"accept", b"application/json"),
    (b"user-agent", b"OpenAI/Python 2.1.0"),
    (b"x-stainless-lang", b"python"),
    (b"x-stainless-os", b"Linux"),
    (b"x-stainless-retry-count", b"0"),
)


async def whole(answer: Answer) -> None:
    assert len(await answer.read_all(1 << 20)) > 1000


async def read(answer: Answer) -> None:
    while await answer.read():
        pass


async def pour(answer: Answer) -> None:
    assert await answer.pour(bool)


LOADS = (
    # how the answer is fetched, in flight, requests in a batch
    (whole, 1, 400),
    (whole, 16, 1000),
    (whole, 64, 1000),
    (read, 64, 128),
    (pour, 64, 128),
)


def request(port: int, *, stream: bool, pace_ms: int) -> Outbound:
    asked = b"true" if stream else b"false"
    body = b'{"model":"m","stream":%b,"messages":[{"role":"user","content":"%b"}]}' % (asked, b"x" * 1950)
    headers = (*HEADERS, (b"x-pace-ms", b"%d" % pace_ms))
    return Outbound(origin=f"http://127.0.0.1:{port}", target="/v1/chat/completions", headers=headers, body=body)


async def batch(
    upstream: Upstream, ask: Outbound, fetch: Callable[[Answer], Awaitable[None]], total: int, in_flight: int
) -> float:
    """CPU µs per request."""
    left = iter(range(total))

    async def worker() -> None:
        for _ in left:
            await fetch(await upstream.send(ask))

    before = time.process_time()
    await asyncio.gather(*(worker() for _ in range(in_flight)))
    return (time.process_time() - before) / total * 1e6


async def measure(port: int, rounds: int, pace_ms: int) -> None:
    upstreams = {name: make() for name, make in CLIENTS.items()}
    try:
        for fetch, in_flight, total in LOADS:
            ask = request(port, stream=fetch is not whole, pace_ms=pace_ms)
            spent: dict[str, list[float]] = {name: [] for name in upstreams}
            for turn in range(rounds + 1):
                for name, upstream in upstreams.items():
                    gc.collect()
                    micros = await batch(upstream, ask, fetch, total, in_flight)
                    if turn:  # the first opens the connections
                        spent[name].append(micros)
            for name, micros_of in spent.items():
                each = "" if fetch is whole else f"  {min(micros_of) / PIECES:6.2f} us per event"
                print(
                    f"{name:8} {fetch.__name__:6} {in_flight:3} in flight  best {min(micros_of):7.1f} us CPU"
                    f"  median {statistics.median(micros_of):7.1f}{each}",
                    flush=True,
                )
    finally:
        for upstream in upstreams.values():
            await upstream.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--pace-ms", type=int, default=10)
    arguments = parser.parse_args()
    cpus = Cpus()
    with workshop() as folder, mock(folder, cpus) as port:
        cpus.here(cpus.measured)
        uvloop.run(measure(port, arguments.rounds, arguments.pace_ms))


if __name__ == "__main__":
    main()
