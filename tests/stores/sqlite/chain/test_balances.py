"""Balances against their sums, page by page: what changes between two pages is read again, and what is wrong is found."""

import asyncio
import contextlib
import random
import sqlite3

import pytest

from farthing.stores.sqlite import verify
from farthing.stores.sqlite.chain import balances
from farthing.stores.sqlite.chain.balances import disagreements
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.ledger import SqliteLedger
from support.audited import NOW_MS, fill, more_calls
from support.ledger_work import a_settlement


@pytest.fixture
def path(tmp_path):
    fill(tmp_path / "a.db", calls=30)
    return tmp_path / "a.db"


def summed(path, between=lambda turn: None):
    """Findings; `between` happens after each of its transactions."""
    connection = open_database(path)
    turns = iter(range(1_000_000))

    @contextlib.contextmanager
    def moment():
        connection.execute("BEGIN")
        yield
        connection.execute("COMMIT")
        between(next(turns))

    try:
        return disagreements(connection, moment)
    finally:
        connection.close()


def change(path, query):
    connection = sqlite3.connect(path)
    connection.execute(query)
    connection.commit()
    connection.close()


@pytest.mark.parametrize("page", [1, 4, 50_000])
def test_a_sound_file_has_no_findings_whatever_the_size_of_a_page(path, page, monkeypatch):
    monkeypatch.setattr(balances, "PAGE", page)
    assert summed(path) == []


@pytest.mark.parametrize("page", [4, 50_000])
def test_every_wrong_balance_is_found_as_the_full_check_finds_it(path, page, monkeypatch):
    monkeypatch.setattr(balances, "PAGE", page)
    change(path, "UPDATE account SET posted = posted + 1 WHERE id % 2")
    change(path, "UPDATE attempt SET posted = NULL WHERE id = (SELECT min(id) FROM attempt WHERE state = 2)")
    found = summed(path)
    assert sorted(map(repr, found)) == sorted(map(repr, verify.verify(path)))
    assert len(found) > 2


def test_calls_that_come_and_end_between_two_pages_are_no_finding(path, monkeypatch):
    """Every page is read before somebody corrects, settles and begins calls in most of them."""
    monkeypatch.setattr(balances, "PAGE", 4)

    def between(turn):
        if turn in {3, 6, 9}:
            asyncio.run(more_calls(path, NOW_MS + turn))

    assert summed(path, between) == []


def test_an_old_call_that_is_corrected_after_its_page_was_read_is_no_finding(path, monkeypatch):
    monkeypatch.setattr(balances, "PAGE", 4)
    monkeypatch.setattr(balances, "FEW", 0)

    def between(turn):
        if turn == 5:
            asyncio.run(correct_all(path))

    assert summed(path, between) == []


async def correct_all(path):
    ledger = SqliteLedger.open(path, clock=lambda: NOW_MS)
    connection = sqlite3.connect(path)
    settled = [number for (number,) in connection.execute("SELECT id FROM attempt WHERE state = 2")]
    connection.close()
    for number in settled:
        await ledger.adjust(a_settlement(number, random.Random(number)), "root", "so says the invoice")
    await ledger.close()
