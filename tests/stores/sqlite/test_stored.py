"""Stored limits: exact across processes, and a document that makes no sense admits nothing."""

import os
import sqlite3

import pytest

from farthing.domain.budget import Grant
from farthing.domain.errors import LedgerUnavailable
from farthing.domain.hold import Reserved
from farthing.stores.sqlite import stored
from farthing.stores.sqlite.directory import SqliteDirectory
from farthing.stores.sqlite.ledger import SqliteLedger
from support.ledger_processes import reserve_in_child
from support.ledgers import Clock
from support.money import budget, fixed, key


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


@pytest.fixture
def directory(path):
    opened = SqliteDirectory(path, now_ms=Clock())
    opened.put_budget(budget("b", 10_000), by="ops")
    yield opened
    opened.close()


def test_i20_no_reserve_of_another_process_after_the_commit_of_a_cut_exceeds_it(path, directory):
    """Every line the child reads after the cut was written after its commit: nothing else tells it of the cut."""
    child, pipe = reserve_in_child(path, 10)
    try:
        held = 0
        for step in range(40):
            held += 10 * sum(pipe.ask() for _ in range(3))
            directory.put_budget(budget("b", held), by="ops")
            assert not pipe.ask(), f"admitted above the cut of step {step}"
            directory.put_budget(budget("b", held + 30), by="ops")
        assert held == 40 * 30
    finally:
        pipe.to_child.close()
        pipe.from_child.close()
        assert os.waitpid(child, 0)[1] == 0


def test_i20_a_grant_that_another_process_commits_admits_the_next_reserve(path, directory):
    directory.put_budget(budget("b", 0), by="ops")
    child, pipe = reserve_in_child(path, 10)
    try:
        for _ in range(10):
            assert not pipe.ask()
            directory.grant(Grant(account=key(), amount=10, by="ops"))
            assert pipe.ask()
    finally:
        pipe.to_child.close()
        pipe.from_child.close()
        assert os.waitpid(child, 0)[1] == 0


def change(path, statement: str, *values) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement, values)
    connection.execute("UPDATE meta SET value = CAST(value + 1 AS TEXT) WHERE name = 'directory_version'")
    connection.commit()
    connection.close()


def test_a_stored_budget_that_makes_no_sense_refuses_instead_of_limiting_nothing(path, directory):
    ledger = SqliteLedger.open(path)
    try:
        assert isinstance(ledger.reserve_blocking(fixed(1, 10)), Reserved)
        change(path, "UPDATE stored_budget SET document = '{\"name\": 3}'")
        with pytest.raises(LedgerUnavailable, match="stored budget 'b' cannot be understood"):
            ledger.reserve_blocking(fixed(2, 10))
    finally:
        ledger.close_now()


def test_what_cannot_be_understood_is_named(path, directory):
    change(path, "UPDATE stored_budget SET document = 'x'")
    connection = sqlite3.connect(path)
    with pytest.raises(stored.Unreadable, match="'b'"):
        list(stored.budgets(connection))
    connection.close()
