"""A process at work on a ledger until it is killed: says each promise on its standard output, a line each.

`python -m support.doomed FILE SEED` works until the end of time; with a third argument N it kills itself at the N-th
row that it writes once the ledger is open.
"""

import asyncio
import json
import os
import random
import sys
from pathlib import Path

from farthing.domain.ids import Mint
from farthing.stores.sqlite.ledger import SqliteLedger
from support import ledger_work
from support.faults import Faults, die
from support.ledger_work import BUDGETS, DUE_MS, NOW_MS, Held, a_reserve, newest_id, work

WRITES = {"INSERT", "UPDATE", "DELETE"}


def say(promise) -> None:
    """One write to a pipe is whole or not at all."""
    os.write(1, (json.dumps([type(promise).__name__, *promise]) + "\n").encode())


def heard(lines: list[str]) -> list:
    """The promises in what a killed process had said."""
    return [getattr(ledger_work, name)(*values) for name, *values in map(json.loads, lines)]


async def work_until_killed(path: Path, seed: int) -> None:
    newest = newest_id(path) if path.exists() else 0
    ledger = SqliteLedger.open(path, clock=lambda: NOW_MS, unknown_after_ms=DUE_MS - NOW_MS)
    ledger.adopt(BUDGETS, ())
    await work(ledger, Mint(ledger.slot, newest), calls=10**9, seed=seed, say=say)


async def die_at_a_row(path: Path, seed: int, place: int) -> None:
    faults = Faults()
    ledger = SqliteLedger.open(path, clock=lambda: NOW_MS, connect=faults.connect, unknown_after_ms=DUE_MS - NOW_MS)
    ledger.adopt(BUDGETS, ())
    chance = random.Random(seed)
    mint = Mint(ledger.slot, newest_id(path))
    await ledger.flush()
    written = iter(range(10**9))
    faults.arm(lambda verb, _: verb in WRITES and next(written) == place, die)
    while True:
        ask = a_reserve(mint(NOW_MS), chance)
        await ledger.reserve(ask)
        say(Held(ask.opening.id))


if __name__ == "__main__":
    file, its_seed = Path(sys.argv[1]), int(sys.argv[2])
    asyncio.run(
        die_at_a_row(file, its_seed, int(sys.argv[3])) if len(sys.argv) > 3 else work_until_killed(file, its_seed)
    )
