"""What the ledger costs by itself: CPU µs in its writer thread for a reserve and its settlement, durable, three accounts;
and how long a settlement is in memory only.

    python benchmarks/ledger.py [--seconds 2] [--rounds 3] [--settles 100000] [--work 60] [--folder DIR]

No HTTP: tasks on one event loop reserve, settle and begin again. `--folder` names another disk than that of the
temporary directory; the time of a commit at 1 in flight is the time of its fsync. For the second table the loop works
`--work` µs on each call, in four pieces, as a gateway does: whoever works keeps the writer from its turn.
"""

import argparse
import asyncio
import sqlite3
import tempfile
import threading
import time
from itertools import count
from pathlib import Path
from statistics import median

import cpu
import uvloop

from farthing.domain.budget import AccountKey, Budget, Unit
from farthing.domain.hold import Charge, Reserve, Reserved, Settlement, Spent
from farthing.domain.ids import Mint, attempt_id
from farthing.domain.record import AttemptOpening, CallClosing, CallOpening
from farthing.domain.usage import Usage
from farthing.stores.sqlite.ledger import SqliteLedger, wall_ms
from farthing.stores.sqlite.statements import sql

LATE_SECONDS = 0.010
"""A settlement is durable by then, says the port."""
USERS = 50
DOLLAR = 10**9
BUDGETS = (
    Budget(name="everything", limits=((Unit.USD, 10**6 * DOLLAR),)),
    Budget(name="team, monthly", limits=((Unit.USD, 10**6 * DOLLAR),), window="month"),
    Budget(name="each user, daily", limits=((Unit.USD, 10**6 * DOLLAR),), window="day", each="user"),
)
USED = Usage(input_tokens=480, output_tokens=120)


def reserve(call: int, user: int, now_ms: int) -> Reserve:
    """What the gateway asks for a call of 2 kB with a cap of 256 tokens."""
    accounts = (
        ("everything", "", "lifetime"),
        ("team, monthly", "", "2026-01"),
        ("each user, daily", f"u{user}", "2026-01-01"),
    )
    return Reserve(
        opening=AttemptOpening(
            id=attempt_id(call, 1),
            call_id=call,
            ordinal=1,
            provider="openai",
            model="gpt-4o-mini",
            book="0123456789abcdef",
            bound="bytes",
            input_bound=2_000,
            text_bytes=1_900,
            opened_ms=now_ms,
        ),
        call=CallOpening(
            id=call,
            arrived_ms=now_ms,
            key="bench",
            labels=(("team", "bench"), ("user", f"u{user}")),
            dialect="openai-chat",
            route="/chat/completions",
            model="gpt-4o-mini",
            cap_asked=256,
            skeleton=b"x" * 250,
        ),
        charges=tuple(
            Charge(AccountKey(budget, value, Unit.USD, window), 300_000_000, 600_000, over=1_000)
            for budget, value, window in accounts
        ),
        cap=256,
        floor=256,
        holder="bench",
        gate="openai/gpt-4o-mini",
    )


def settlement(call: int, now_ms: int) -> Settlement:
    return Settlement(
        attempt=attempt_id(call, 1),
        spent=Spent(picos=144_000_000, input_tokens=480, output_tokens=120),
        usage=USED,
        cost_nanos=144_000,
        served_model="gpt-4o-mini-2024-07-18",
        response_id=f"chatcmpl-{call}",
        finish="stop",
        settled_ms=now_ms,
        closing=CallClosing(id=call, outcome="paid", status=200, finished_ms=now_ms, first_byte_ms=1),
    )


class Found:
    """What one run measured."""

    def __init__(self, pairs: int, seconds: float, writer: float, rest: float, commits: int, took: list[float]) -> None:
        self.pairs = pairs
        self.per_second = pairs / seconds
        self.writer_us = writer / pairs * 1e6
        self.rest_us = rest / pairs * 1e6
        self.group = pairs / max(1, commits)
        took.sort()
        self.p50_us, self.p99_us = took[len(took) // 2] * 1e6, took[len(took) * 99 // 100] * 1e6


async def run(ledger: SqliteLedger, in_flight: int, seconds: float) -> Found:
    """Keep so many reserves under way for so long."""
    mint, users, took = Mint(ledger.slot, 0), count(), list[float]()
    writer = next(thread.native_id for thread in threading.enumerate() if thread.name == "farthing-ledger")
    assert writer is not None
    end = time.perf_counter() + seconds

    async def calls() -> None:
        while (began := time.perf_counter()) < end:
            now = wall_ms()
            call = mint(now)
            held = await ledger.reserve(reserve(call, next(users) % USERS, now))
            assert isinstance(held, Reserved), held
            took.append(time.perf_counter() - began)
            ledger.settle(settlement(call, now))

    began, before, commits = time.perf_counter(), cpu.threads(), ledger.commits
    await asyncio.gather(*(calls() for _ in range(in_flight)))
    await ledger.flush()
    spent = cpu.between(before, cpu.threads())
    rest = sum(thread.exact for name, thread in spent.items() if name != writer)
    return Found(len(took), time.perf_counter() - began, spent[writer].exact, rest, ledger.commits - commits, took)


class Watch:
    """When each settlement was told and when the commit with it in it returned."""

    def __init__(self) -> None:
        self.told: dict[int, float] = {}
        self.took: list[float] = []
        self._settles = sql("attempt_settle")

    def connect(self, *args, **settings) -> sqlite3.Connection:
        watch, written = self, list[int]()

        class Watched(sqlite3.Connection):
            def execute(self, text, *values):
                result = super().execute(text, *values)
                if text == "COMMIT":
                    now = time.perf_counter()
                    watch.took.extend([now - watch.told.pop(attempt) for attempt in written])
                    written.clear()
                return result

            def executemany(self, text, rows):
                if text == watch._settles:
                    written.extend(row[-1] for row in rows)
                return super().executemany(text, rows)

        return sqlite3.connect(*args, factory=Watched, **settings)

    def row(self) -> str:
        self.took.sort()
        p50, p99, p999 = (self.took[int(len(self.took) * share)] * 1e3 for share in (0.5, 0.99, 0.999))
        late = sum(seconds > LATE_SECONDS for seconds in self.took) / len(self.took)
        return f"{p50:6.2f}  {p99:6.2f}  {p999:6.2f}  {self.took[-1] * 1e3:6.1f}  {late:9.4%}"


def loops_in(micros: float) -> int:
    """How often `work` turns in so many microseconds."""
    began = time.perf_counter()
    work(200_000)
    return int(micros * 0.2 / (time.perf_counter() - began))


def work(turns: int) -> int:
    total = 0
    for number in range(turns):
        total += number & 7
    return total


async def settle_many(ledger: SqliteLedger, watch: Watch, in_flight: int, settles: int, micros: float) -> None:
    """So many calls, told to `watch`."""
    mint, numbers, piece = Mint(ledger.slot, 0), count(), loops_in(micros / 4)

    async def calls() -> None:
        while (number := next(numbers)) < settles:
            now = wall_ms()
            call = mint(now)
            held = await ledger.reserve(reserve(call, number % USERS, now))
            assert isinstance(held, Reserved), held
            for _ in range(4):
                work(piece)
                await asyncio.sleep(0)
            watch.told[attempt_id(call, 1)] = time.perf_counter()
            ledger.settle(settlement(call, now))

    await asyncio.gather(*(calls() for _ in range(in_flight)))
    await ledger.flush()


def durability(folder: Path, settles: int, micros: float) -> None:
    print(
        f"\nin flight  settle to durable, ms: p50     p99   p99.9     max     late   (of {settles:,}; late: over 10 ms)"
    )
    for in_flight in (1, 64):
        watch = Watch()
        path = folder / f"watched-{in_flight}.db"
        ledger = SqliteLedger.open(path, what="bench", connect=watch.connect)
        try:
            ledger.adopt(BUDGETS, ())
            uvloop.run(settle_many(ledger, watch, in_flight, settles if in_flight > 1 else settles // 10, micros))
        finally:
            ledger.close_now()
        print(f"{in_flight:9}                       {watch.row()}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--settles", type=int, default=100_000)
    parser.add_argument("--work", type=float, default=60.0)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    print(
        "in flight  writer µs/pair  others µs/pair  pairs/s  pairs/commit  reserve p50 µs  p99 µs   (medians of rounds)"
    )
    with tempfile.TemporaryDirectory(prefix="farthing-bench-", dir=asked.folder) as folder:
        ledger = SqliteLedger.open(Path(folder) / "farthing.db", what="bench")
        try:
            ledger.adopt(BUDGETS, ())
            for in_flight in (1, 64):
                found = [uvloop.run(run(ledger, in_flight, asked.seconds)) for _ in range(asked.rounds)]
                names = ("writer_us", "rest_us", "per_second", "group", "p50_us", "p99_us")
                writer, rest, speed, group, p50, p99 = (median(getattr(each, name) for each in found) for name in names)
                print(
                    f"{in_flight:9}  {writer:14.1f}  {rest:14.1f}  {speed:7,.0f}  {group:12.1f}  {p50:14,.0f}  {p99:6,.0f}"
                )
        finally:
            ledger.close_now()
        durability(Path(folder), asked.settles, asked.work)


if __name__ == "__main__":
    main()
