"""What a process does that shares a ledger's file with others, for tests of exactness across processes."""

import asyncio
import os
from pathlib import Path
from typing import NamedTuple, TextIO

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


def reserve_in_child(path: Path, amount: int) -> "tuple[int, Pipe]":
    """Fork a child with a ledger of its own that reserves again and again, one at a time, on budget `b`.

    It answers each line it reads with `yes` or `no`: whether one more reserve, asked for after that line was read, fitted.
    It ends when its input is closed.
    """
    to_child, from_child = os.pipe(), os.pipe()
    child = os.fork()
    if child:
        os.close(to_child[0])
        os.close(from_child[1])
        return child, Pipe(os.fdopen(to_child[1], "w", buffering=1), os.fdopen(from_child[0]))
    status = 1
    try:
        os.close(to_child[1])
        os.close(from_child[0])
        with os.fdopen(to_child[0]) as asked, os.fdopen(from_child[1], "w", buffering=1) as said:
            _reserve_for_each(path, amount, asked, said)
        status = 0
    finally:
        os._exit(status)


class Pipe(NamedTuple):
    """Both ends of a conversation with a child."""

    to_child: TextIO
    from_child: TextIO

    def ask(self) -> bool:
        """Whether one more reserve fits."""
        self.to_child.write("go\n")
        return self.from_child.readline() == "yes\n"


def _reserve_for_each(path: Path, amount: int, asked: TextIO, said: TextIO) -> None:
    ledger = SqliteLedger.open(path, what="test")
    try:
        for number, _ in enumerate(asked, start=1):
            got = ledger.reserve_blocking(fixed(number, amount, wait_ms=1))
            said.write("yes\n" if isinstance(got, Reserved) else "no\n")
    finally:
        ledger.close_now()
