"""Approvals in the file beside their contract suite: one act, quiet reads, and a file that cannot be used."""

import pytest

from farthing.domain.budget import AccountKey, Unit
from farthing.domain.errors import LedgerUnavailable
from farthing.ports.approvals import Petition
from farthing.stores.sqlite.approvals import SqliteApprovals
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.directory import SqliteDirectory

NOW = 1_790_000_000_000
ASKED = Petition(accounts=((AccountKey("all", "", Unit.USD, "lifetime"), 0),), budget="all", short=5, worst=9)


@pytest.fixture
def store(tmp_path):
    made = SqliteApprovals(tmp_path / "farthing.db")
    yield made
    made.close()


def test_a_call_that_joins_and_needs_no_more_writes_nothing(store, tmp_path):
    store.ask(1, ASKED, NOW)
    watching = open_database(tmp_path / "farthing.db")
    before = watching.execute("PRAGMA data_version").fetchone()
    for number in range(2, 20):
        store.ask(number, ASKED, NOW)
    assert watching.execute("PRAGMA data_version").fetchone() == before
    store.ask(20, Petition(accounts=ASKED.accounts, budget="all", short=6, worst=9), NOW)
    assert watching.execute("PRAGMA data_version").fetchone() != before
    watching.close()


def test_a_decision_and_its_grant_are_both_there_or_neither(store, tmp_path):
    store.ask(1, ASKED, NOW)
    other = open_database(tmp_path / "farthing.db")
    other.execute("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    other.close()
    with pytest.raises(LedgerUnavailable):
        store.grant(1, by="ann", now_ms=NOW)
    assert store.find(1, NOW).state == "pending"
    directory = SqliteDirectory(tmp_path / "farthing.db", now_ms=lambda: NOW)
    assert directory.load().grants == ()
    directory.close()


def test_a_file_that_cannot_be_read_is_said_to_be_unavailable(store, tmp_path):
    store.ask(1, ASKED, NOW)
    other = open_database(tmp_path / "farthing.db")
    other.execute("DROP TABLE approval")
    other.close()
    for act in (lambda: store.ask(1, ASKED, NOW), lambda: store.find(1, NOW), lambda: store.decided(0)):
        with pytest.raises(LedgerUnavailable):
            act()


def test_every_question_of_a_call_is_answered_by_an_index(store, tmp_path):
    store.ask(1, ASKED, NOW)
    connection = open_database(tmp_path / "farthing.db")
    for query in (
        "SELECT id FROM approval WHERE topic = ? ORDER BY id DESC LIMIT 1",
        "SELECT id FROM approval WHERE account = ? AND state = 'pending' ORDER BY id DESC",
    ):
        plan = " ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", ("x",)))
        assert "USING" in plan, plan
        assert "SCAN" not in plan, plan
        assert "TEMP B-TREE" not in plan, plan
    connection.close()
