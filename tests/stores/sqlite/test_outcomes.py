"""What is peculiar to outcomes on SQLite; the rest is in the contract."""

import sqlite3

import pytest

from farthing.domain.errors import LedgerUnavailable
from farthing.ports.outcomes import OtherCost, Outcome
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.outcomes import SqliteOutcomes


def test_another_process_sees_what_was_said(tmp_path):
    one, other = SqliteOutcomes(tmp_path / "f.db"), SqliteOutcomes(tmp_path / "f.db")
    one.judge(Outcome(run="r", at_ms=1, success=True))
    assert other.of("r")[0] == Outcome(run="r", at_ms=1, success=True)
    one.close()
    other.close()


def test_a_negative_cost_is_refused_and_nothing_changes(tmp_path):
    outcomes = SqliteOutcomes(tmp_path / "f.db")
    with pytest.raises(LedgerUnavailable):
        outcomes.book(OtherCost(run="r", at_ms=1, kind="tool", nanos=-1))
    assert outcomes.of("r") == (None, ())
    outcomes.close()


def test_the_audit_holds_the_whole_of_what_was_said(tmp_path):
    outcomes = SqliteOutcomes(tmp_path / "f.db")
    outcomes.judge(Outcome(run="r", at_ms=1, success=True, score=0.5, by="ada"))
    outcomes.close()
    connection: sqlite3.Connection = open_database(tmp_path / "f.db")
    (detail,) = connection.execute("SELECT detail FROM audit").fetchone()
    connection.close()
    assert '"score":0.5' in detail
