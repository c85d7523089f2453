"""The book on the file: turns are taken patiently, and changes by others are noticed."""

import sqlite3
import threading

import pytest

from farthing.budgets.account import Balance
from farthing.budgets.book import Book
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.writing import open_book
from farthing.stores.sqlite.writing.open_book import OpenBook, is_busy
from support.money import key


@pytest.fixture
def opened(tmp_path):
    book = OpenBook(Book(), 0)
    book.use(open_database(tmp_path / "ledger.db"))
    yield book
    book.disconnect()


def test_an_account_without_a_row_has_nothing(opened):
    assert opened.fetch(key()) == Balance()
    opened.connection.execute(
        "INSERT INTO account (budget, value, unit, window, closes_ms, posted, held, unknown) "
        "VALUES ('b', '', 'usd', 'lifetime', 4, 1, 2, 3)"
    )
    assert opened.fetch(key()) == Balance(1, 2, 3, 4, 1)
    assert opened.name(1) == key()


def test_a_turn_is_waited_for_while_another_connection_writes(opened, tmp_path):
    other = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.05, other.execute, ("COMMIT",))
    timer.start()
    opened._begin()
    opened._commit()
    timer.join()
    other.close()


def test_a_turn_that_never_comes_is_an_error_that_says_so(opened, tmp_path, monkeypatch):
    monkeypatch.setattr(open_book, "BUSY_SECONDS", 0.02)
    other = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError) as error:
        opened._begin()
    assert is_busy(error.value)
    other.execute("ROLLBACK")
    other.close()


def test_gates_are_read_when_the_directory_changed(opened, tmp_path):
    opened._begin()
    opened._commit()
    other = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    other.execute("INSERT INTO gate (name, attempt, at_ms, detail) VALUES ('openai/m', 1, 1, '')")
    other.execute("UPDATE meta SET value = '9' WHERE name = 'directory_version'")
    other.close()
    assert opened.outdated()
    opened._begin()
    opened._commit()
    assert opened.book.gates == {"openai/m"}
    assert opened.directory_version == 9
