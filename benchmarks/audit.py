"""What the audit costs on a long past: taking it up, verifying, sealing and dropping it; and how long the longest transaction is.

    python benchmarks/audit.py [--calls 1000000] [--folder DIR]

Makes a ledger's file of that many calls, begins its chain as a first start after an upgrade does, verifies it, seals it, erases
somebody, and drops all calls and links as if they were too old. `longest` is the longest transaction of each kind of
work: reads keep the log from shrinking, writes keep calls waiting.
"""

import argparse
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from past import UNTIL_MS, make_past

from farthing.ports.audit import Ages
from farthing.stores.sqlite.audit import SqliteAudit
from farthing.stores.sqlite.connect import open_database

YEARS_MS = 3 * 365 * 86_400_000
TO_BEGIN = """
DELETE FROM audit_link; DELETE FROM audit_subject; DELETE FROM audit_salt; DELETE FROM account;
INSERT INTO account (id, budget, value, unit, window, closes_ms, posted)
    SELECT 1, 'everything', '', 'usd', 'lifetime', 0, ifnull(sum(cost_nanos), 0) FROM attempt;
UPDATE horizon SET summed_ms = 9000000000000000
"""
"""As a file of an older version, whose one account is what its attempts posted."""


class Watch:
    """How long transactions take."""

    def __init__(self) -> None:
        self.longest = {"read": 0.0, "write": 0.0}

    def connect(self, *args, **settings) -> sqlite3.Connection:
        watch = self

        class Watched(sqlite3.Connection):
            kind, began = "", 0.0

            def execute(self, text, *values):
                if text == "COMMIT" and self.kind:
                    result = super().execute(text, *values)
                    took = time.perf_counter() - self.began
                    watch.longest[self.kind] = max(watch.longest[self.kind], took)
                    self.kind = ""
                    return result
                result = super().execute(text, *values)
                if text in {"BEGIN", "BEGIN IMMEDIATE"}:
                    self.kind = "write" if text == "BEGIN IMMEDIATE" else "read"
                    self.began = time.perf_counter()
                return result

        return sqlite3.connect(*args, factory=Watched, **settings)


def timed(what: str, watch: Watch, work: Callable[[], object]) -> None:
    watch.longest = {"read": 0.0, "write": 0.0}
    began = time.perf_counter()
    said = work()
    took = time.perf_counter() - began
    longest = "  ".join(f"{watch.longest[kind] * 1e3:9,.0f}" for kind in ("read", "write"))
    print(f"{what:28}  {took:8.1f}  {longest}   {said}", flush=True)


def megabytes(path: Path) -> str:
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        pages, free, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
    finally:
        connection.close()
    return f"{pages * size / 1e6:,.0f} MB, {free * size / 1e6:,.0f} MB of them free"


def forget_the_chain(path: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.executescript(TO_BEGIN)
        connection.execute("VACUUM")
    finally:
        connection.close()


def somebody(path: Path) -> str:
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT value FROM audit_subject LIMIT 1").fetchone()[0]
    finally:
        connection.close()


def verified(audit: SqliteAudit) -> str:
    verdict = audit.verify()
    flaws = len(verdict.findings) + verdict.more
    return f"{verdict.links:,} links, {verdict.entries:,} entries, {verdict.rows:,} rows, {flaws} findings"


def dropped(audit: SqliteAudit, ages: Ages) -> str:
    total: dict[str, int] = {}
    while (done := audit.prune(ages)).more:
        for name, count in done.rows.items():
            total[name] = total.get(name, 0) + count
    return ", ".join(f"{count:,} {name}" for name, count in total.items())


def measure(path: Path, calls: int) -> None:
    make_past(path, calls)
    forget_the_chain(path)
    print(f"{calls:,} calls without a chain: {megabytes(path)}")
    print("work                            seconds  longest read, write, ms")
    watch = Watch()
    timed("taking up the past", watch, lambda: open_database(path, connect=watch.connect).close())
    print(f"with a chain: {megabytes(path)}")
    now_ms = [UNTIL_MS]
    audit = SqliteAudit(path, now_ms=lambda: now_ms[0], connect=watch.connect)
    try:
        timed("verify", watch, lambda: verified(audit))
        timed("seal", watch, lambda: f"seal {len(audit.seals()) + (audit.seal() is not None)}")
        timed("erase a user", watch, lambda: dict(audit.erase("user", somebody(path), by="bench").rows))
        audit.seal()
        now_ms[0] += YEARS_MS
        timed("drop skeletons", watch, lambda: dropped(audit, Ages(calls=None, audit=None)))
        timed("drop calls", watch, lambda: dropped(audit, Ages(skeletons=None, audit=None)))
        timed("drop links", watch, lambda: dropped(audit, Ages(skeletons=None)))
        timed("verify what is left", watch, lambda: verified(audit))
    finally:
        audit.close()
    print(f"afterwards: {megabytes(path)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="farthing-bench-", dir=asked.folder) as folder:
        measure(Path(folder) / "farthing.db", asked.calls)


if __name__ == "__main__":
    main()
