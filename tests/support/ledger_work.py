"""Work for a ledger, and the audit of what it left behind: promises kept, sums right, nothing free."""

import asyncio
import json
import random
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from farthing.domain.budget import AccountKey, Budget, Unit
from farthing.domain.hold import Charge, Loss, Reserve, Reserved, Settlement, Spent, Void
from farthing.domain.ids import Mint, attempt_id
from farthing.domain.record import AttemptOpening, CallClosing, CallOpening
from farthing.domain.usage import Usage
from farthing.stores.sqlite.owners import largest_id

HELD, UNKNOWN, SETTLED, VOID = range(4)
BUDGETS = (
    Budget(name="team", limits=((Unit.USD, 10**15), (Unit.CALLS, 10**9))),
    Budget(name="user", each="user", limits=((Unit.TOKENS, 10**12),)),
)
NOW_MS = 1_800_000_000_000
DUE_MS = NOW_MS * 2
"""Never, in these tests: a policy would settle what they look for as unknown."""


class Held(NamedTuple):
    """The ledger said yes: the attempt may be sent."""

    attempt: int


class Told(NamedTuple):
    """The ledger was told of an end; it has promised nothing yet."""

    attempt: int
    state: int


class Ended(NamedTuple):
    """The ledger said that this end is durable."""

    attempt: int
    state: int
    cost_nanos: int = 0


def a_reserve(call: int, chance: random.Random, *, ordinal: int = 1, wait_ms: int = 1_000) -> Reserve:
    user = f"user {chance.randrange(5)}"
    opening = AttemptOpening(
        id=attempt_id(call, ordinal),
        call_id=call,
        ordinal=ordinal,
        provider="openai",
        model="gpt-4o",
        book="b00c",
        bound="bytes",
        input_bound=100,
        text_bytes=100,
        opened_ms=NOW_MS,
    )
    charges = (
        Charge(AccountKey("team", "", Unit.USD, "lifetime"), 250_000, 10_000, 1, 1_000),
        Charge(AccountKey("team", "", Unit.CALLS, "lifetime"), 1, 0),
        Charge(AccountKey("user", user, Unit.TOKENS, "lifetime"), 100, 1),
    )
    record = CallOpening(id=call, arrived_ms=NOW_MS, labels=(("user", user),), skeleton=b"{}" + b" " * 300)
    return Reserve(opening=opening, call=record, charges=charges, cap=64, floor=64, wait_ms=wait_ms)


def a_settlement(attempt: int, chance: random.Random) -> Settlement:
    output = chance.randrange(64)
    spent = Spent(picos=250_000 + output * 10_000, input_tokens=90, output_tokens=output)
    return Settlement(
        attempt=attempt,
        spent=spent,
        usage=Usage(input_tokens=90, output_tokens=output),
        cost_nanos=-(-spent.picos // 1_000),
        settled_ms=NOW_MS,
        closing=CallClosing(id=attempt - 1, outcome="paid", status=200, finished_ms=NOW_MS),
    )


async def work(
    ledger, mint: Mint, *, calls: int, seed: int, say: Callable[[NamedTuple], None], at_once: int = 8
) -> None:
    """Reserve and end so many calls, saying each promise once the ledger made it. One in ten stays in flight."""
    chance = random.Random(seed)
    left = iter(range(calls))

    async def one_after_another():
        for _ in left:
            ask = a_reserve(mint(NOW_MS), chance)
            answer = await ledger.reserve(ask)
            assert isinstance(answer, Reserved), answer
            say(Held(ask.opening.id))
            await _end(ledger, ask.opening.id, chance, say)

    await asyncio.gather(*(one_after_another() for _ in range(at_once)))


async def _end(ledger, attempt: int, chance: random.Random, say) -> None:
    match chance.choices((SETTLED, VOID, UNKNOWN, HELD), (6, 2, 1, 1))[0]:
        case 0:
            return
        case 1:
            end = Ended(attempt, UNKNOWN)
            say(Told(attempt, UNKNOWN))
            ledger.lose(Loss(attempt=attempt, seen=Spent(), due_ms=DUE_MS, reason="reset"))
        case 2:
            settlement = a_settlement(attempt, chance)
            end = Ended(attempt, SETTLED, settlement.cost_nanos)
            say(Told(attempt, SETTLED))
            ledger.settle(settlement)
        case 3:
            end = Ended(attempt, VOID)
            say(Told(attempt, VOID))
            ledger.void(Void(attempt=attempt, reason="not sent", at_ms=NOW_MS))
    if chance.random() < 0.5:
        await ledger.flush()
        say(end)


def broken_promises(connection: sqlite3.Connection, promises: list[NamedTuple]) -> list[str]:
    """What the recovered file does not keep of what was said (I9, I10)."""
    rows = {row[0]: row[1:] for row in connection.execute("SELECT id, state, cost_nanos FROM attempt")}
    told = {promise.attempt: promise.state for promise in promises if isinstance(promise, Told)}
    broken = []
    for promise in promises:
        state, cost = rows.get(promise.attempt, (None, None))
        match promise:
            case Held(attempt) if state is None:
                broken.append(f"{attempt} was granted and is gone")
            case Ended(attempt, promised, cost_promised) if state != promised:
                broken.append(f"{attempt} was promised to be {promised} ({cost_promised} nanos) and is {state}")
            case Ended(attempt, 2, cost_promised) if cost != cost_promised:
                broken.append(f"{attempt} was promised to cost {cost_promised} and costs {cost}")
    for attempt, (state, _) in rows.items():
        if state == HELD:
            broken.append(f"{attempt} is held by a dead owner")
        elif state in {SETTLED, VOID} and told.get(attempt) != state:
            broken.append(f"{attempt} is {state} and nobody said so")
    return broken


def wrong_sums(connection: sqlite3.Connection) -> list[str]:
    """Accounts that do not equal the sum of their attempts: open ones as held and unknown (I2), settled as posted (I3)."""
    sums = {state: Counter() for state in (HELD, UNKNOWN, SETTLED)}
    for state, charges, posted in connection.execute("SELECT state, charges, posted FROM attempt WHERE state < 3"):
        held = json.loads(charges)
        amounts = json.loads(posted) if posted else [charge[1] for charge in held]
        for charge, amount in zip(held, amounts, strict=True):
            sums[state][charge[0]] += amount
    return [
        f"account {account} has held {held}, unknown {unknown}, posted {posted}"
        for account, held, unknown, posted in connection.execute("SELECT id, held, unknown, posted FROM account")
        if (held, unknown, posted) != (sums[HELD][account], sums[UNKNOWN][account], sums[SETTLED][account])
    ]


def contents(path: Path) -> dict[str, list]:
    """Everything in the file that recovery could change, but not who opened it last."""
    connection = sqlite3.connect(path)
    tables = ("account", "attempt", "call", "adjustment", "response", "gate")
    found = {table: connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in tables}
    connection.close()
    return found


def newest_id(path: Path) -> int:
    connection = sqlite3.connect(path)
    newest = largest_id(connection)
    connection.close()
    return newest
