"""How long each question takes that a page of the dashboard asks, over a long past on SQLite; and what the sums cost.

    python benchmarks/pages.py [--calls 1000000] [--data DIR]

Makes a file of 30 days of calls (10 a run, 50 teams of 2,000 users, 6 models) unless it is there, sums it up, and asks.
Best of five. Figures are of this machine; the shape of the table is what matters.
"""

import argparse
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from past import CARD_OF, DAY_MS, UNTIL_MS, make_past

from farthing.ports.outcomes import Outcome
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.history import SqliteHistory
from farthing.stores.sqlite.outcomes import SqliteOutcomes

HOUR_MS = 3_600_000
MONTH = {"since_ms": UNTIL_MS - 30 * DAY_MS, "until_ms": UNTIL_MS}
WEEK = {"since_ms": UNTIL_MS - 7 * DAY_MS, "until_ms": UNTIL_MS}
ODD = {"since_ms": UNTIL_MS - 29 * DAY_MS - 1_234_567, "until_ms": UNTIL_MS - 7_654_321}
TEAM = (("team", "team-07"),)
USER = (*TEAM, ("user", "user-07-0003"))

Question = Callable[[SqliteHistory], Any]
QUESTIONS: tuple[tuple[str, Question], ...] = (
    ("today's total", lambda h: h.usage(by=(), since_ms=UNTIL_MS - DAY_MS, until_ms=UNTIL_MS)),
    ("30 days, total", lambda h: h.usage(by=(), **MONTH)),
    ("30 days by day", lambda h: h.usage(by=("day",), **MONTH)),
    ("30 days by day and model", lambda h: h.usage(by=("day", "model"), **MONTH)),
    ("30 days by team", lambda h: h.usage(by=("team",), **MONTH)),
    ("30 days by team and model", lambda h: h.usage(by=("team", "model"), **MONTH)),
    ("30 days by workflow and outcome", lambda h: h.usage(by=("workflow", "outcome"), **MONTH)),
    ("7 days by hour", lambda h: h.usage(by=("hour",), **WEEK)),
    ("7 days by hour and team", lambda h: h.usage(by=("hour", "team"), **WEEK)),
    ("at odd moments, by team", lambda h: h.usage(by=("team",), **ODD)),
    ("one team by user", lambda h: h.usage(by=("user",), where=TEAM, **MONTH)),
    ("one team by day", lambda h: h.usage(by=("day",), where=TEAM, **MONTH)),
    ("one user by day", lambda h: h.usage(by=("day",), where=USER, **MONTH)),
    ("one run by step", lambda h: h.usage(by=("step",), where=(("run", "run-0000007"),), **MONTH)),
    ("the hundred dearest users", lambda h: h.usage(by=("user",), limit=100, **MONTH)),
    ("every user", lambda h: h.usage(by=("user",), **MONTH)),
    ("30 days by team and agent", lambda h: h.usage(by=("team", "agent"), **MONTH)),
    ("meters by team", lambda h: h.meters(by=("team",), **MONTH)),
    ("meters by day", lambda h: h.meters(by=("day",), **MONTH)),
    ("meters of one team by user", lambda h: h.meters(by=("user",), where=TEAM, **MONTH)),
    ("newest runs", lambda h: h.runs(**MONTH)),
    ("newest runs, page 20", lambda h: h.runs(offset=1_000, **MONTH)),
    ("dearest runs", lambda h: h.runs(order="cost", **MONTH)),
    ("dearest runs of one team", lambda h: h.runs(order="cost", where=TEAM, **MONTH)),
    ("newest runs of one user", lambda h: h.runs(where=USER, **MONTH)),
    ("one run", lambda h: h.run("run-0000007")),
    ("outcomes by workflow", lambda h: h.outcomes(by=("workflow",), **MONTH)),
    ("outcomes by model", lambda h: h.outcomes(by=("model",), **MONTH)),
    ("outcomes by prompt", lambda h: h.outcomes(by=("prompt",), **MONTH)),
    ("outcomes of one team by prompt", lambda h: h.outcomes(by=("prompt",), where=TEAM, **MONTH)),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--data", type=Path, help="where to keep the file; a temporary directory without")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        path = (options.data or Path(temporary)) / f"past-{options.calls}.db"
        if not path.exists():
            seconds = timed(lambda: make_past(path, options.calls))
            print(f"made {options.calls:,} calls in {seconds:.0f} s, {path.stat().st_size / 1e6:,.0f} MB")
            judge(path, options.calls // 10)
        ask(path, options.calls)


def judge(path: Path, runs: int) -> None:
    """Two runs of three have an outcome."""
    outcomes = SqliteOutcomes(path)
    outcomes.judge(Outcome(run="run-0000000", at_ms=UNTIL_MS, success=True, by="bench"))
    outcomes.close()
    connection = open_database(path)
    connection.execute("BEGIN")
    rows = ((f"run-{run:07d}", UNTIL_MS, run % 5 > 0, run % 10 / 10, "bench", "") for run in range(runs) if run % 3)
    connection.executemany("INSERT OR REPLACE INTO outcome VALUES (?, ?, ?, ?, ?, ?)", rows)
    connection.execute("COMMIT")
    connection.close()


def ask(path: Path, calls: int) -> None:
    history = SqliteHistory(path, now_ms=lambda: UNTIL_MS - 5 * 60_000)
    history.price_with(CARD_OF)
    pieces: list[float] = []
    cpu = time.process_time()
    while summing(history, pieces):
        continue
    cpu = time.process_time() - cpu
    if len(pieces) > 1:
        print(
            f"summed up in {sum(pieces):.1f} s ({cpu / calls * 1e6:.1f} µs of CPU a call), longest piece {max(pieces) * 1e3:.0f} ms"
        )
    print(sizes(path))
    for what, question in QUESTIONS:
        seconds = [timed(lambda: question(history)) for _ in range(5)]  # noqa: B023 - called at once
        found = question(history)
        print(f"{what:36} {min(seconds) * 1e3:8.1f} ms   {len(found) if isinstance(found, tuple) else 1:>7,} rows")
    history.close()


def summing(history: SqliteHistory, pieces: list[float]) -> bool:
    begin = time.perf_counter()
    more = history.sum_up()
    pieces.append(time.perf_counter() - begin)
    return more


def sizes(path: Path) -> str:
    """Bytes of the tables of sums beside those of the calls."""
    connection = sqlite3.connect(path)
    try:
        rows = dict(connection.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name").fetchall())
    except sqlite3.Error:
        rows = {}
    counts = {
        name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
        for name in ("cell", "run_part", "run_total", "who")
    }
    connection.close()
    sums = ("cell", "run_part", "run_total", "who", "span", "label_value", "what")
    of_sums = sum(size for name, size in rows.items() if name.startswith(sums) or "autoindex_who" in name)
    of_calls = rows.get("call", 0) + rows.get("attempt", 0)
    share = (
        f"{of_sums / 1e6:,.0f} MB beside {of_calls / 1e6:,.0f} MB of calls"
        if rows
        else f"file {os.path.getsize(path) / 1e6:,.0f} MB"
    )
    return f"{share}; rows: " + ", ".join(f"{name} {count:,}" for name, count in counts.items())


def timed(do: Callable[[], object]) -> float:
    begin = time.perf_counter()
    do()
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
