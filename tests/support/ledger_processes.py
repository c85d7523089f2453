"""What a process does that shares a ledger's file with others, for tests of exactness across processes."""

import asyncio
import os
from pathlib import Path

from farthing.domain.hold import Reserved
from farthing.stores.sqlite.ledger import SqliteLedger
from support.money import budget, fixed, settlement


async def spend(path: Path, first: int, calls: int, *, limit: int, amount: int, cost: int, wait_ms: int) -> list[str]:
    """Make `calls` concurrent calls and say what came of each: `paid` or the refusal's code."""
    ledger = SqliteLedger.open(path, what="test")
    ledger.adopt([budget("b", limit)], ())

    async def one(number: int) -> str:
        got = await ledger.reserve(fixed(number, amount, wait_ms=wait_ms))
        if not isinstance(got, Reserved):
            return getattr(got, "code", "short")
        await asyncio.sleep(0.002)
        ledger.settle(settlement(number, cost))
        return "paid"

    try:
        return list(await asyncio.gather(*(one(number) for number in range(first, first + calls))))
    finally:
        await ledger.close()


def spend_in_child(*args, **more) -> tuple[int, int]:
    """Fork a child that spends; its process id and a pipe on which it says how many calls were paid."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    status = 1
    try:
        os.close(reading)
        outcomes = asyncio.run(spend(*args, **more))
        os.write(writing, ",".join(outcomes).encode())
        status = 0
    finally:
        os._exit(status)


def outcomes_of(child: tuple[int, int]) -> list[str]:
    process, reading = child
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    _, status = os.waitpid(process, 0)
    assert status == 0, said
    return said.split(",")
