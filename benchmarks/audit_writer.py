"""What the audit's chain costs the ledger's writer thread: CPU µs for holding and settling one call, with and without it, in turn.

    python benchmarks/audit_writer.py [--seconds 2] [--rounds 5] [--folder DIR]

64 calls are in flight, of 50 users. Rounds with and without alternate, each on a file of its own, so that a machine that
changes its speed changes both. Without the chain nothing else is left out; such a file fails `audit verify`, as it should.
"""

import argparse
import tempfile
from pathlib import Path
from statistics import median

import ledger as bench
import uvloop

from farthing.stores.sqlite.chain.batch import Batch
from farthing.stores.sqlite.ledger import SqliteLedger
from farthing.stores.sqlite.writing import journal

IN_FLIGHT = 64


class Silence:
    """As `Batch`, and says nothing."""

    def __init__(self, *_: object) -> None:
        self.accounts = self.opened = self.held = self.settled = self.closed = self.ended = self.touched = self.link

    def link(self, *_: object) -> None:
        """Nothing."""


def writer_us(path: Path, seconds: float, *, chained: bool) -> float:
    journal.Batch = Batch if chained else Silence
    ledger = SqliteLedger.open(path, what="bench")
    try:
        ledger.adopt(bench.BUDGETS, ())
        return uvloop.run(bench.run(ledger, IN_FLIGHT, seconds)).writer_us
    finally:
        ledger.close_now()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory(prefix="farthing-bench-", dir=asked.folder) as folder:
        for number in range(asked.rounds):
            pair = [
                writer_us(Path(folder) / f"{number}-{chained}.db", asked.seconds, chained=chained)
                for chained in (False, True)
            ]
            found.append(pair)
            print(f"round {number}: {pair[0]:6.1f} µs a call without the chain, {pair[1]:6.1f} with it")
    without, with_it = (median(column) for column in zip(*found, strict=True))
    more = median(pair[1] - pair[0] for pair in found)
    print(
        f"median:  {without:6.1f} µs a call without the chain, {with_it:6.1f} with it; {more:.1f} more within a round"
    )


if __name__ == "__main__":
    main()
