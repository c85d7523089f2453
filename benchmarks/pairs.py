"""Overspend and false refusals of the SQLite ledger, counted over many reserve/settle pairs; both must be 0.

    python benchmarks/pairs.py [--pairs 20000] [--in-flight 64] [--seed 7] [--json] [--folder DIR]

Calls of four levels (organisation, team, user, run) and five windows (lifetime, month, day, any 24 hours, run), in dollars,
euros, tokens and counts, at random prices, sizes and costs, ask for money as the gateway does. Budgets are so small that
many are used up. A model beside (`pairs_model.py`) says of every refusal whether there was room, and of every account
whether it ever went over. Ends with status 1 where anything is not as it must be.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from statistics import median

import msgspec
import uvloop
from pairs_model import Model, Side
from pairs_world import Ask, World

from farthing.domain.budget import Standing
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
COUNTED = ("pairs", "voided", "unknown, settled later", "clamped", "waited", "waited in vain")
SLOW_SECONDS = 0.004
"""How long some calls take, so that others have to wait for what they hold."""


class UsedUp(msgspec.Struct, frozen=True, kw_only=True):
    """The accounts of one budget that refused a call. Shares are of the limit, by cost before any rounding."""

    budget: str
    accounts: int
    at_first_refusal: float
    """The middle one's, when it first refused."""
    at_the_end: float
    """The middle one's, in the end: smaller calls still fitted."""
    least: float
    rounding: float
    """What rounding up added, as a share of the cost."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    wrong: dict[str, dict[str, int] | list[str]]
    """What must be empty."""
    figures: dict[str, int | float]
    refused: dict[str, int]
    used_up: list[UsedUp]


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
        self.counts: Counter[str] = Counter(dict.fromkeys(COUNTED, 0))
        self.refused: Counter[str] = Counter()
        self._mint = Mint(ledger.slot)
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
                self.world.refused(ask)
            case _:
                self.counts["waited in vain"] += 1

    async def _end(self, attempt: int, ask: Ask, cap: int) -> None:
        chance = self.world.chance.random()
        if chance < 0.1:
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


def measured(path: Path, pairs: int, in_flight: int, seed: int) -> Found:
    """One trial on a file of its own, held against the model."""
    world = World(pairs, seed)
    began_ms, began, began_cpu = world.now_ms, time.perf_counter(), time.process_time()
    ledger = SqliteLedger.open(path, clock=lambda: world.now_ms, what="bench")
    trial = Trial(ledger, world, pairs)
    try:
        uvloop.run(trial.run(in_flight))
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - began_cpu
    finally:
        ledger.close_now()
    model, done = trial.model, trial.counts["pairs"]
    return Found(
        wrong={
            "overspent, nano-units by account": {"/".join(key): over for key, over in model.over.items()},
            "overspent by calendar": {" ".join(key): over for key, over in model.overspent_by_calendar().items()},
            "false refusals": model.false_refusals,
            "holds of the wrong size": model.wrong_holds,
            "accounts that differ from the model": model.differences(accounts_in(path)),
            "findings of the full check of the file": [str(finding) for finding in verify(path)],
        },
        figures={
            **trial.counts,
            "in flight": in_flight,
            "seed": seed,
            "simulated days": round((world.now_ms - began_ms) / 86_400_000, 1),
            "accounts": len(model.sides),
            "seconds": round(seconds, 1),
            "CPU seconds, the model's too": round(cpu_seconds, 1),
            "pairs/s": round(done / seconds),
            "pairs/commit": round(done / ledger.commits, 1),
        },
        refused=dict(sorted(trial.refused.items())),
        used_up=used_up(model),
    )


def accounts_in(path: Path) -> tuple[Standing, ...]:
    """Every account as the file has it."""
    records = SqliteRecords(path)
    try:
        return records.accounts()
    finally:
        records.close()


def used_up(model: Model) -> list[UsedUp]:
    """The accounts of money that refused a call, by budget."""
    by_budget: defaultdict[str, list[Side]] = defaultdict(list)
    for key, side in model.sides.items():
        if key.unit.currency and side.at_first_refusal is not None:
            by_budget[key.budget].append(side)
    return [_used_up(budget, sides) for budget, sides in sorted(by_budget.items())]


def _used_up(budget: str, sides: list[Side]) -> UsedUp:
    shares = [side.share for side in sides]
    real = sum(side.real for side in sides)
    rounding = (sum(side.posted for side in sides) * 1_000_000 - real) / real
    return UsedUp(
        budget=budget,
        accounts=len(sides),
        at_first_refusal=median(side.at_first_refusal or 0 for side in sides),
        at_the_end=median(shares),
        least=min(shares),
        rounding=rounding,
    )


def show(found: Found) -> None:
    for name, value in found.figures.items():
        print(f"{name:40} {value:>12,}")
    print("\nrefused by")
    for name, value in found.refused.items():
        print(f"  {name:38} {value:>12,}")
    print(
        "\nused up                accounts   really spent of the limit: at first refusal    at the end    least    rounding"
    )
    for row in found.used_up:
        print(
            f"{row.budget:22} {row.accounts:8,}   {row.at_first_refusal:43.3%}   {row.at_the_end:11.3%}  "
            f"{row.least:7.2%}   {row.rounding:9.1e}"
        )
    print()
    for name, entries in found.wrong.items():
        print(f"{name:40} {len(entries):>12,}")
        for entry in list(entries)[:5]:
            print(f"    {entry}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=20_000)
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="farthing-bench-", dir=asked.folder) as folder:
        found = measured(Path(folder) / "farthing.db", asked.pairs, asked.in_flight, asked.seed)
    if asked.json:
        print(msgspec.json.encode(found).decode())
    else:
        show(found)
    sys.exit(1 if any(found.wrong.values()) else 0)


if __name__ == "__main__":
    main()
