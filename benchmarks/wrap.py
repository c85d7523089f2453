"""What `farthing.wrap` adds to a call, in microseconds: whole and streamed, blocking and asynchronous, beside the bare client.

    python benchmarks/wrap.py [--calls 200] [--store memory:] [--store file] [--only openai] [--profile]

The provider is a stub in a process of its own that answers at once, an event a packet. Bare and wrapped calls alternate, so
that both meet the same machine. Shown is what wrapping adds to the CPU time of the whole process, all its threads: to the
fastest call of all, and to the median one. A stream is asked for with 10 and with 210 events; the difference tells what
it adds to an event. Then what `import farthing` loads.
"""

import argparse
import asyncio
import cProfile
import os
import pstats
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anthropic
import openai

import farthing
from farthing.sdk.engine import close_engines

SHORT, LONG = 10, 210
ASK: dict[str, Any] = {"messages": [{"role": "user", "content": "hello " * 20}], "max_tokens": 500}
MODELS = {"openai": "gpt-4o-mini", "anthropic": "claude-haiku-4-5"}
CLIENTS = {
    ("openai", False): openai.OpenAI,
    ("openai", True): openai.AsyncOpenAI,
    ("anthropic", False): anthropic.Anthropic,
    ("anthropic", True): anthropic.AsyncAnthropic,
}
WARMING = 20
Added = tuple[float, float]
"""Microseconds of CPU: to the fastest call, to the median one."""


def asking(maker: str, events: int) -> Callable[[Any], Any]:
    """A call, whole where it has no events; for an asynchronous client it has to be awaited."""
    ask = {**ASK, "model": MODELS[maker], **({"stream": True, "user": f"events-{events}"} if events else {})}
    if maker == "anthropic" and events:
        ask["metadata"] = {"user_id": ask.pop("user")}
    return lambda client: (client.chat.completions if maker == "openai" else client.messages).create(**ask)


def blocking(ask: Callable[[Any], Any], events: int) -> Callable[[Any], int]:
    def once(client: Any) -> int:
        began = time.process_time_ns()
        answer = ask(client)
        for _ in answer if events else ():
            pass
        return time.process_time_ns() - began

    return once


def awaiting(ask: Callable[[Any], Awaitable[Any]], events: int) -> Callable[[Any], Awaitable[int]]:
    async def once(client: Any) -> int:
        began = time.process_time_ns()
        answer = await ask(client)
        if events:
            async for _ in answer:
                pass
        return time.process_time_ns() - began

    return once


def added(took: list[tuple[int, int]]) -> Added:
    bare, wrapped = zip(*took[WARMING:], strict=True)
    return (min(wrapped) - min(bare)) / 1_000, (statistics.median(wrapped) - statistics.median(bare)) / 1_000


def measured(maker: str, url: str, events: int, calls: int) -> Added:
    kind = CLIENTS[maker, False]
    bare, wrapped = kind(base_url=url, api_key="k"), farthing.wrap(kind(base_url=url, api_key="k"))
    once = blocking(asking(maker, events), events)
    with bare, wrapped:
        return added([(once(bare), once(wrapped)) for _ in range(calls + WARMING)])


async def measured_async(maker: str, url: str, events: int, calls: int) -> Added:
    kind = CLIENTS[maker, True]
    bare, wrapped = kind(base_url=url, api_key="k"), farthing.wrap(kind(base_url=url, api_key="k"))
    once = awaiting(asking(maker, events), events)
    async with bare, wrapped:
        return added([(await once(bare), await once(wrapped)) for _ in range(calls + WARMING)])


def row(name: str, whole: Added, short: Added, long: Added) -> str:
    each = [(more - less) / (LONG - SHORT) for less, more in zip(short, long, strict=True)]
    shown = [f"{least:>+7,.0f} ({median:>+6,.0f})" for least, median in (whole, short)]
    return f"{name:<32}{shown[0]:>20}{shown[1]:>20}{each[0]:>+10.1f} ({each[1]:>+5.1f})"


def compare(url: str, store: str, only: str, calls: int) -> None:
    os.environ["FARTHING_STORE"] = store
    with farthing.budget("$1000"):
        for maker, asynchronous in CLIENTS:
            name = f"{store.partition(':')[0]} {maker} {'async' if asynchronous else 'sync'}"
            if only not in name:
                continue
            base, found = (f"{url}/v1" if maker == "openai" else url), []
            for events in (0, SHORT, LONG):
                work = (maker, base, events, calls)
                found.append(asyncio.run(measured_async(*work)) if asynchronous else measured(*work))
            print(row(name, *found), flush=True)
    close_engines()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--store", action="append", choices=["memory:", "file"], help="both where none is named")
    parser.add_argument("--only", default="", help="a part of a row's name")
    parser.add_argument(
        "--profile", action="store_true", help="name the functions in which the caller's thread spends its time"
    )
    told = parser.parse_args()
    stub = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("wrap_stub.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert stub.stdout is not None
    url, profile = f"http://127.0.0.1:{int(stub.stdout.readline())}", cProfile.Profile()
    print(f"{'µs of CPU added: least (median)':<32}{'whole call':>20}{f'{SHORT} events':>20}{'each further event':>20}")
    with tempfile.TemporaryDirectory() as folder:
        for store in told.store or ["memory:", "file"]:
            work = (url, f"sqlite:///{folder}/farthing.db" if store == "file" else store, told.only, told.calls)
            profile.runcall(compare, *work) if told.profile else compare(*work)
    stub.communicate()
    if told.profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(40)
    print(imported())


def imported() -> str:
    script = "import sys; before = set(sys.modules); import farthing; print(len(set(sys.modules) - before), 'socket' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded, network = done.stdout.split()
    return f"import farthing loads {loaded} modules beyond Python's own; a network library: {network}"


if __name__ == "__main__":
    main()
