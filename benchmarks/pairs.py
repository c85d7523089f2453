"""Overspend and false refusals of the SQLite ledger, counted over many reserve/settle pairs; both must be 0.

    python benchmarks/pairs.py [--pairs 20000] [--in-flight 64] [--seed 7] [--json] [--folder DIR]

Calls of four levels (organisation, team, user, run) and five windows (lifetime, month, day, any 24 hours, run), in dollars,
euros, tokens and counts, at random prices, sizes and costs, ask for money as the gateway does. Budgets are so small that
many are used up. A model beside (`pairs_model.py`) says of every refusal whether there was room, and of every account
whether it ever went over. Ends with status 1 where anything is not as it must be.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from itertools import count
from pathlib import Path
from statistics import mean, median

import msgspec
import uvloop
from pairs_model import Model, Side
from pairs_world import Ask, World

from farthing.domain.hold import Declined, Loss, Reserve, Reserved, Settlement, Short, Spent, Void
from farthing.domain.ids import Mint, attempt_id
from farthing.domain.record import AttemptOpening, CallClosing, CallOpening
from farthing.domain.usage import Usage
from farthing.stores.sqlite.ledger import SqliteLedger
from farthing.stores.sqlite.records import SqliteRecords
from farthing.stores.sqlite.verify import verify

PATIENCE_MS = 60_000
NEVER_MS = 2**62
FOUND_OUT_AFTER = 200
"""An outcome that was unknown is known so many calls later."""
SLOW_SECONDS = 0.004
"""How long some calls take, so that others have to wait for what they hold."""
CLEAN = ("overspent", "overspent by calendar", "false refusals", "wrong holds", "accounts that differ", "findings in the file")
"""What must be 0."""


class Lost(msgspec.Struct, frozen=True):
    """A call whose outcome nobody knows yet."""

    attempt: int
    ask: Ask
    cap: int


class Trial:
    """Callers that keep so many calls in flight until enough pairs are done."""

    def __init__(self, ledger: SqliteLedger, world: World, pairs: int) -> None:
        self.ledger, self.world, self.pairs = ledger, world, pairs
        self.model = Model(world.budgets)
        self.counts: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self._mint = Mint(ledger.slot)
        self._numbers = count()
        self._lost: list[Lost] = []

    async def run(self, in_flight: int) -> None:
        self.ledger.adopt(self.world.budgets, ())
        await asyncio.gather(*(self._calls() for _ in range(in_flight)))
        for lost in self._lost:
            self._find_out(lost)
        await self.ledger.flush()

    async def _calls(self) -> None:
        while self.counts["pairs"] < self.pairs:
            await self._one(self.world.ask())
            if self.counts["pairs"] % 10_000 == 0 and self.counts["pairs"]:
                await asyncio.sleep(0)

    async def _one(self, ask: Ask) -> None:
        call = self._mint(ask.at_ms)
        marks = self.model.marks(ask)
        found = await self.ledger.reserve(a_reserve(call, ask, wait_ms=0))
        if isinstance(found, Short):
            found = await self.ledger.reserve(a_reserve(call, ask, wait_ms=PATIENCE_MS))
        match found:
            case Reserved():
                self.model.held(ask, found.cap, found.held)
                self.counts["clamped"] += found.clamped
                self.counts["waited"] += found.waited_ms > 0
                await self._end(attempt_id(call, 1), ask, found.cap)
            case Declined(code="budget_exceeded", standing=standing):
                assert standing is not None
                self.model.refused(ask, standing, marks)
                self.refused[f"{standing.account.budget}, {standing.account.unit}"] += 1
                self.world.end_run(ask)
            case _:
                self.counts["waited in vain"] += 1

    async def _end(self, attempt: int, ask: Ask, cap: int) -> None:
        chance = self.world.chance.random()
        if chance < 0.05:
            await asyncio.sleep(SLOW_SECONDS)
        elif chance < 0.5:
            await asyncio.sleep(0)
        self.counts["pairs"] += 1
        if 0.96 < chance < 0.98:
            self.counts["voided"] += 1
            self.model.voided(ask, cap)
            self.ledger.void(Void(attempt=attempt, reason="not sent", at_ms=ask.at_ms, closing=closing(attempt, ask)))
        elif chance > 0.98:
            self.counts["unknown, settled later"] += 1
            self.model.lost(ask, cap)
            self.ledger.lose(Loss(attempt=attempt, seen=Spent(), due_ms=NEVER_MS, reason="reset"))
            self._lost.append(Lost(attempt, ask, cap))
            if len(self._lost) > FOUND_OUT_AFTER:
                self._find_out(self._lost.pop(0))
        else:
            self._settle(attempt, ask, cap, was_unknown=False)

    def _find_out(self, lost: Lost) -> None:
        self._settle(lost.attempt, lost.ask, lost.cap, was_unknown=True)

    def _settle(self, attempt: int, ask: Ask, cap: int, *, was_unknown: bool) -> None:
        used = self.world.used(ask, cap)
        self.model.settled(ask, cap, used, was_unknown=was_unknown)
        self.ledger.settle(a_settlement(attempt, ask, used))


def a_reserve(call: int, ask: Ask, *, wait_ms: int) -> Reserve:
    return Reserve(
        opening=AttemptOpening(
            id=attempt_id(call, 1),
            call_id=call,
            ordinal=1,
            provider="openai",
            model="gpt-4o-mini",
            book="b00c",
            bound="bytes",
            input_bound=ask.input_bound,
            text_bytes=ask.input_bound,
            opened_ms=ask.at_ms,
        ),
        call=CallOpening(id=call, arrived_ms=ask.at_ms, labels=ask.labels),
        charges=ask.charges,
        cap=ask.cap,
        floor=ask.floor,
        wait_ms=wait_ms,
    )


def a_settlement(attempt: int, ask: Ask, used: tuple[int, int]) -> Settlement:
    picos = ask.picos(*used)
    return Settlement(
        attempt=attempt,
        spent=Spent(picos=picos, input_tokens=used[0], output_tokens=used[1]),
        usage=Usage(input_tokens=used[0], output_tokens=used[1]),
        cost_nanos=-(-picos // 1_000),
        settled_ms=ask.at_ms,
        closing=closing(attempt, ask),
    )


def closing(attempt: int, ask: Ask) -> CallClosing:
    return CallClosing(id=attempt - 1, outcome="paid", status=200, finished_ms=ask.at_ms)


def measured(path: Path, pairs: int, in_flight: int, seed: int) -> dict[str, object]:
    """One trial on a file of its own, and everything found."""
    world = World(pairs, seed)
    ledger = SqliteLedger.open(path, clock=lambda: world.now_ms, what="bench")
    trial = Trial(ledger, world, pairs)
    began, began_cpu = time.perf_counter(), time.process_time()
    try:
        uvloop.run(trial.run(in_flight))
        seconds, cpu_seconds, commits = time.perf_counter() - began, time.process_time() - began_cpu, ledger.commits
    finally:
        ledger.close_now()
    model = trial.model
    return {
        "pairs": trial.counts["pairs"],
        "in flight": in_flight,
        "seed": seed,
        **{name: trial.counts[name] for name in ("voided", "unknown, settled later", "clamped", "waited", "waited in vain")},
        "refused": dict(sorted(trial.refused.items())),
        "accounts": len(model.sides),
        "used up": used_up(model),
        "overspent": {"/".join(key): over for key, over in model.over.items()},
        "overspent by calendar": {" ".join(key): over for key, over in model.overspent_by_calendar().items()},
        "false refusals": model.false_refusals,
        "wrong holds": model.wrong_holds,
        "accounts that differ": model.differences(accounts_in(path)),
        "findings in the file": [str(finding) for finding in verify(path)],
        "seconds": round(seconds, 1),
        "CPU seconds": round(cpu_seconds, 1),
        "pairs/s": round(pairs / seconds),
        "pairs/commit": round(pairs / commits, 1),
        "simulated days": round((world.now_ms - World(pairs, seed).now_ms) / 86_400_000, 1),
    }
