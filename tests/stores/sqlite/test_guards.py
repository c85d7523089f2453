"""What is particular to suspensions and runs in a file; what every backend promises is in tests/contracts."""

import pytest

from farthing.domain.errors import LedgerUnavailable
from farthing.domain.suspension import Suspension
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.guards import SqliteGuards


def test_where_the_file_is_locked_nothing_changes_and_that_is_said(tmp_path):
    path = tmp_path / "farthing.db"
    guards = SqliteGuards(path, now_ms=lambda: 1)
    guards.known()
    other = open_database(path)
    other.execute("BEGIN IMMEDIATE")
    guards._handle._connection.execute("PRAGMA busy_timeout = 0")
    with pytest.raises(LedgerUnavailable):
        guards.suspend(Suspension(label="user", value="ann"))
    other.execute("ROLLBACK")
    other.close()
    assert guards.known().suspensions == ()
    guards.close()


def test_what_changed_since_a_version_is_found_by_an_index(tmp_path):
    guards = SqliteGuards(tmp_path / "farthing.db", now_ms=lambda: 1)
    guards.start("r1", by="", who="me")
    guards.close()
    connection = open_database(tmp_path / "farthing.db")
    plan = connection.execute("EXPLAIN QUERY PLAN SELECT name FROM run WHERE changed > 5 ORDER BY changed").fetchall()
    connection.close()
    assert "run_changed" in str(plan)
