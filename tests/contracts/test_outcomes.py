"""What every store of outcomes promises, held against each backend."""

import pytest

from farthing.ports.outcomes import OtherCost, Outcome
from farthing.stores.memory.directory import MemoryDirectory
from farthing.stores.memory.outcomes import MemoryOutcomes
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.outcomes import SqliteOutcomes


class Memory:
    def __init__(self, tmp_path):
        self.directory = MemoryDirectory(now_ms=lambda: 5)
        self.outcomes = MemoryOutcomes(self.directory)

    def audited(self):
        return [(entry.by, entry.action, entry.subject) for entry in self.directory.audit]


class Sqlite:
    def __init__(self, tmp_path):
        self.path = tmp_path / "farthing.db"
        self.outcomes = SqliteOutcomes(self.path)

    def audited(self):
        connection = open_database(self.path)
        try:
            return connection.execute("SELECT by, action, subject FROM audit ORDER BY id").fetchall()
        finally:
            connection.close()


@pytest.fixture(params=[Memory, Sqlite])
def store(request, tmp_path):
    store = request.param(tmp_path)
    yield store
    store.outcomes.close()


def outcome(run="r1", **rest):
    return Outcome(**{"run": run, "at_ms": 5, "success": True, "by": "ada", **rest})


def a_cost(run="r1", **rest):
    return OtherCost(**{"run": run, "at_ms": 5, "kind": "tool", "nanos": 9, "by": "ada", **rest})


def test_of_a_run_nobody_spoke_of_nothing_is_known(store):
    assert store.outcomes.of("r1") == (None, ())


def test_a_later_word_replaces_an_earlier_one_and_the_audit_keeps_both(store):
    store.outcomes.judge(outcome(score=0.25, note="half done"))
    store.outcomes.judge(outcome(success=False, by="eve"))
    store.outcomes.judge(outcome("r2"))
    assert store.outcomes.of("r1") == (outcome(success=False, by="eve"), ())
    assert store.audited() == [
        ("ada", "outcome.judge", "r1"),
        ("eve", "outcome.judge", "r1"),
        ("ada", "outcome.judge", "r2"),
    ]


def test_what_is_booked_comes_back_in_its_order(store):
    assert store.outcomes.book(a_cost(nanos=9))
    assert store.outcomes.book(a_cost(nanos=4, kind="search", note="two pages"))
    assert store.outcomes.book(a_cost("r2"))
    assert store.outcomes.of("r1") == (None, (a_cost(nanos=9), a_cost(nanos=4, kind="search", note="two pages")))


def test_the_same_word_on_the_same_run_is_booked_once_and_audited_once(store):
    assert store.outcomes.book(a_cost(once="call 7"))
    assert not store.outcomes.book(a_cost(once="call 7", nanos=100))
    assert store.outcomes.book(a_cost("r2", once="call 7"))
    assert store.outcomes.book(a_cost())
    assert store.outcomes.book(a_cost())
    assert [cost.nanos for cost in store.outcomes.of("r1")[1]] == [9, 9, 9]
    assert len(store.audited()) == 4
