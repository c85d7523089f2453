"""How long dividing the spend by driver takes, on a file of agents' runs.

python benchmarks/drivers.py [--calls 20000]

Each run has 20 turns; every turn sends all messages before it. The store is an SQLite file in a temporary folder.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from farthing.domain.usage import Usage
from farthing.reports.division import divide
from farthing.reports.siblings import siblings_among
from farthing.stores.sqlite.records import SqliteRecords
from support.priced_past import NOW_MS, call, card_of, keep, message, prompt

TURNS = 20


def past(count: int):
    """So many calls of runs of 20 turns, two messages more each turn."""
    for number in range(count):
        run, turn = divmod(number, TURNS)
        said = [message("user" if at % 2 else "assistant", f"{run:010}{at:06}", 800) for at in range(2 * turn + 1)]
        skeleton = prompt(*said, head=6_000)
        tokens = skeleton.text_bytes // 4
        usage = Usage(input_tokens=tokens, cache_read_input_tokens=tokens * 3 // 4, output_tokens=150)
        yield call(number, skeleton, usage, at_ms=NOW_MS + number * 40, run=f"r{run}", workflow=f"w{run % 5}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=20_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        records = SqliteRecords(keep(Path(folder) / "past.db", past(asked.calls)))
        begun = time.perf_counter()
        found = divide(
            records,
            span_ms=(0, 2**53),
            by=("workflow",),
            siblings=siblings_among([("openai", "gpt-4o-mini")], card_of),
            card_of=card_of,
            most=10**9,
        )
        took = time.perf_counter() - begun
        (row,) = records.usage(by=(), since_ms=0, until_ms=2**53)
        records.close()
    assert found.nanos == row.cost_nanos
    print(f"{found.calls:,} calls, {TURNS} turns a run: {took:.1f} s, {took / found.calls * 1e6:.0f} µs a call")


if __name__ == "__main__":
    main()
