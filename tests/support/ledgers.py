"""One ledger of each kind for the contract suite, with a clock the test sets."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from farthing.stores.memory.ledger import MemoryLedger
from farthing.stores.sqlite.ledger import SqliteLedger


class Clock:
    """Milliseconds since 1970, moved by hand."""

    def __init__(self, now_ms: int = 1_800_000_000_000) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms


def make_ledger(kind: str, path: Path, clock: Clock | None = None):
    if kind == "memory":
        return MemoryLedger(clock=clock or Clock())
    return SqliteLedger.open(path / "ledger.db", clock=clock or Clock(), what="test")


async def close_ledger(ledger) -> None:
    if isinstance(ledger, SqliteLedger):
        await ledger.close()


def sweep(ledger) -> None:
    """Let time take effect now instead of at the next round."""
    if isinstance(ledger, MemoryLedger):
        ledger.tick()
    else:
        ledger.sweep_now()


async def until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    """Poll until something is so; fails when it does not become so."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.002)
