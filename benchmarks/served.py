"""The gateway that is measured, in a process of its own: `farthing serve` plus figures that only a benchmark wants.

    python benchmarks/served.py farthing.toml

Prints its port, then one line of JSON for each line on standard input, and ends when that closes:
`figures` (batches made durable, the threads and their ids), `sample` (begin to sample the event loop), `samples` (stop;
what was found).
"""

import asyncio
import json
import logging
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

import uvloop

from farthing.config.build import build, shut
from farthing.config.engine import Engine
from farthing.config.load import load
from farthing.gateway.serve import listen, serve

EVERY_SECONDS = 0.002


class Sampler:
    """Where the event loop's thread spends its CPU time.

    A timer of the process's CPU time asks which Python function the loop's thread is in, and counts the CPU time that
    thread took since it was last asked. Time inside C (the loop itself, system calls, parsers) is counted to the Python
    function that called it or, where none did, to the one that runs next.
    """

    def __init__(self) -> None:
        self.taken: Counter[tuple[str, str, int]] = Counter()
        self.last = 0.0

    def start(self) -> None:
        self.taken.clear()
        self.last = time.thread_time()
        signal.signal(signal.SIGPROF, self.look)
        signal.setitimer(signal.ITIMER_PROF, EVERY_SECONDS, EVERY_SECONDS)

    def look(self, _: int, frame: FrameType | None) -> None:
        now = time.thread_time()
        if frame is not None:
            code = frame.f_code
            self.taken[code.co_filename, code.co_qualname, code.co_firstlineno] += now - self.last
        self.last = now

    def stop(self) -> list[tuple[str, str, int, float]]:
        """(file, function, its first line, share of the time), the largest first."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        total = sum(self.taken.values()) or 1.0
        return [(*where, spent / total) for where, spent in self.taken.most_common()]


def answer(asked: str, engine: Engine, sampler: Sampler) -> Any:
    match asked:
        case "figures":
            names = {thread.native_id: thread.name for thread in threading.enumerate()}
            return {"commits": getattr(engine.ledger, "commits", 0), "threads": names}
        case "sample":
            return sampler.start()
        case "samples":
            return sampler.stop()
    raise ValueError(f"cannot be asked {asked!r}")


async def main(file: Path) -> None:
    engine = await build(load(file, {}), what="bench")
    listening = listen("127.0.0.1", 0)
    stop = asyncio.Event()
    sampler = Sampler()
    loop = asyncio.get_running_loop()

    def heard() -> None:
        asked = sys.stdin.readline().strip()
        if asked:
            print(json.dumps(answer(asked, engine, sampler)), flush=True)
        else:
            loop.remove_reader(sys.stdin.fileno())
            logging.disable()  # calls that are cut off now are meant to be
            stop.set()

    def ready() -> None:
        loop.add_reader(sys.stdin.fileno(), heard)
        print(listening.getsockname()[1], flush=True)

    await serve(engine, listening, drain_seconds=1, ready=ready, stop=stop)
    await shut(engine)


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1])))
