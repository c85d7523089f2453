"""How long a ledger takes to start, and reports to add up, behind a long history.

    python benchmarks/start_time.py [--rows 1000000] [--held 200] [--folder DIR] [--keep]

Builds a file of so many settled calls in 1,000 accounts, with some holds of a dead process and a log that was not
checkpointed; then drops the file from the page cache and opens it as `serve` does: recovery included.
"""

import argparse
import os
import shutil
import sqlite3
import tempfile
import time
from pathlib import Path

from farthing.domain.ids import EPOCH_MS
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.ledger import SqliteLedger
from farthing.stores.sqlite.owners import largest_id
from farthing.stores.sqlite.records import SqliteRecords

ACCOUNTS = 1_000
DEAD = 7
"""The slot of a process that left holds behind."""

_NUMBERS = "WITH RECURSIVE n (i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :last) "
_ID = f"((i << 22) | ({DEAD} << 12))"
_CALLS = (
    "INSERT INTO call (id, arrived_ms, key, labels, dialect, route, model, streamed, skeleton, outcome, status, finished_ms)"
    f" SELECT {_ID}, {EPOCH_MS} + i, 'bot', '{{\"team\":\"t' || (i % 20) || '\"}}', 'openai-chat', '/v1/chat/completions',"
    " 'gpt-4o', i % 2, zeroblob(400), 'paid', 200, 0 FROM n"
)
_ATTEMPTS = (
    "INSERT INTO attempt (id, owner, state, provider, model, book, bound, input_bound, text_bytes, choices, cap, opened_ms,"
    " charges, posted, cost_nanos, remainder_picos, input_tokens, output_tokens, source, settled_ms)"
    f" SELECT {_ID} + 1, {DEAD}, :state, 'openai', 'gpt-4o', 'b00c', 'bytes', 4000, 4000, 1, 1000, {EPOCH_MS} + i,"
    f" '[[' || (i % {ACCOUNTS} + 1) || ',1000,1,1000,null]]', iif(:state = 2, '[1000]', NULL), 1000, 0, 1000, 200, 'provider', 0 FROM n"
)


def build(path: Path, rows: int, held: int) -> None:
    """The file as a process leaves it (this one ends here) that is killed after `rows` settled calls with `held` more in flight."""
    connection = open_database(path)
    connection.execute("PRAGMA synchronous = OFF")
    connection.executemany(
        "INSERT INTO account (id, budget, value, unit, window, closes_ms, posted) VALUES (?, 'team', ?, 'usd', 'lifetime', 0, ?)",
        ((number, str(number), rows // ACCOUNTS * 1_000) for number in range(1, ACCOUNTS + 1)),
    )
    step = 250_000
    for first in range(1, rows + 1, step):
        _add(connection, first, min(first + step, rows + 1), state=2)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    _add(connection, rows + 1, rows + 1 + held, state=0)
    touched = ((number % ACCOUNTS + 1,) for number in range(rows + 1, rows + 1 + held))
    connection.executemany("UPDATE account SET held = held + 1000 WHERE id = ?", touched)
    os._exit(0)  # without closing, which would tidy the log away


def _add(connection: sqlite3.Connection, first: int, last: int, state: int) -> None:
    connection.execute("BEGIN")
    connection.execute(_NUMBERS + _CALLS, {"first": first, "last": last})
    connection.execute(_NUMBERS + _ATTEMPTS, {"first": first, "last": last, "state": state})
    connection.execute("COMMIT")


def forget_pages(path: Path) -> None:
    """As after a boot: nothing of the file is in memory."""
    for name in filter(Path.exists, (path, path.with_name(path.name + "-wal"))):
        file = os.open(name, os.O_RDONLY)
        os.fsync(file)
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(file)


def timed(what: str, act) -> None:
    begin = time.perf_counter()
    result = act()
    print(f"  {what:<58} {(time.perf_counter() - begin) * 1_000:10.1f} ms   {result}", flush=True)


def start(path: Path) -> str:
    ledger = SqliteLedger.open(path)
    connection = sqlite3.connect(path)
    unknown = connection.execute("SELECT count(*) FROM attempt WHERE state = 1 AND state < 2").fetchone()[0]
    largest_id(connection)
    connection.close()
    ledger.close_now()
    return f"{unknown} holds are unknown"


def main() -> None:
    read = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    read.add_argument("--rows", type=int, default=1_000_000)
    read.add_argument("--held", type=int, default=200)
    read.add_argument("--folder", type=Path)
    read.add_argument("--keep", action="store_true", help="leave the file where it is")
    asked = read.parse_args()
    folder = Path(tempfile.mkdtemp(dir=asked.folder))
    path = folder / "farthing.db"
    try:
        begin = time.perf_counter()
        if (child := os.fork()) == 0:
            build(path, asked.rows, asked.held)
        assert os.waitpid(child, 0)[1] == 0
        size = path.stat().st_size / 2**20
        print(f"{asked.rows:,} calls, {size:,.0f} MiB, built in {time.perf_counter() - begin:.0f} s: {path}")
        forget_pages(path)
        timed("first start after a kill, nothing cached", lambda: start(path))
        forget_pages(path)
        timed("start again, nothing cached", lambda: start(path))
        timed("start again, cached", lambda: start(path))
        records = SqliteRecords(path)
        timed("the newest 50 calls", lambda: len(records.recent(limit=50)))
        timed("ratios of the last 1,000 attempts per model", lambda: len(list(records.ratios())))
        timed(
            "usage by team, the last tenth",
            lambda: len(records.usage(by=("team",), since_ms=EPOCH_MS + asked.rows * 9 // 10, until_ms=2**53)),
        )
        timed(
            "usage by team, everything",
            lambda: sum(row.calls for row in records.usage(by=("team",), since_ms=0, until_ms=2**53)),
        )
        records.close()
    finally:
        if not asked.keep:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
