"""Several connections of one process, and another process that comes and goes: nothing acknowledged may be lost."""

import subprocess
import sys

from farthing.stores.sqlite.directory import SqliteDirectory
from farthing.stores.sqlite.ledger import SqliteLedger
from farthing.stores.sqlite.records import SqliteRecords
from support.money import budget, fixed

VISIT = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
print(connection.execute("SELECT count(*) FROM attempt").fetchone()[0])
connection.close()
"""


def visit(path) -> int:
    """Another process opens the file, counts the attempts in it, and closes it again."""
    run = subprocess.run([sys.executable, "-c", VISIT, path], capture_output=True, text=True, check=True)
    return int(run.stdout)


def test_a_process_that_closes_the_file_takes_no_log_away_from_one_that_still_writes(tmp_path):
    path = tmp_path / "farthing.db"
    ledger = SqliteLedger.open(path)
    records, directory = SqliteRecords(path), SqliteDirectory(path, now_ms=lambda: 1)
    try:
        ledger.adopt([budget(nanos=1_000)], ())
        records.last_id()
        directory.load()
        for number in range(1, 4):
            ledger.reserve_blocking(fixed(number, 5))
        assert visit(path) == 3
        for number in range(4, 7):
            ledger.reserve_blocking(fixed(number, 5))
        assert visit(path) == 6
    finally:
        records.close()
        directory.close()
        ledger.close_now()
    assert visit(path) == 6
