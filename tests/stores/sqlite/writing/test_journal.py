"""The journal: many rows to a statement, and no end is written for a hold that is not open."""

import pytest

from farthing.budgets.book import Book
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.sums.spans import Horizon
from farthing.stores.sqlite.writing.journal import Disagreement, Journal
from support.money import attempt, budget, closing, fixed, settlement

NOTHING_SUMMED = Horizon(0, 0, 2**62)


@pytest.fixture
def connection(tmp_path):
    opened = open_database(tmp_path / "ledger.db")
    yield opened
    opened.close()


def held(connection, book: Book, *numbers: int) -> None:
    journal = Journal(connection, book, 3)
    for number in numbers:
        asked = fixed(number, 10)
        journal.held(asked, book.reserve(asked, 0))
    journal.write(NOTHING_SUMMED)


def test_a_batch_of_holds_and_ends_is_a_handful_of_statements(connection):
    book = Book()
    book.adopt([budget("b", 10_000)], ())
    statements = []
    connection.set_trace_callback(statements.append)
    held(connection, book, *range(50))
    journal = Journal(connection, book, 3)
    for number in range(50):
        given = settlement(number, 5)
        journal.settled(given, book.settle(given))
        journal.closed(closing(number))
    journal.write(NOTHING_SUMMED)
    connection.set_trace_callback(None)
    assert sum(statement.startswith("UPDATE account") for statement in statements) == 1
    assert connection.execute("SELECT count(*), sum(owner) FROM attempt WHERE state = 2").fetchone() == (50, 150)
    assert connection.execute("SELECT count(*) FROM call WHERE outcome = 'paid'").fetchone() == (50,)


def test_an_end_that_the_file_has_already_is_a_disagreement(connection):
    book = Book()
    held(connection, book, 1)
    connection.execute("UPDATE attempt SET state = 2 WHERE id = ?", (attempt(1),))
    journal = Journal(connection, book, 3)
    given = settlement(1, 5)
    journal.settled(given, book.settle(given))
    with pytest.raises(Disagreement):
        journal.write(NOTHING_SUMMED)


def test_a_journal_of_nothing_writes_nothing(connection):
    before = connection.total_changes
    Journal(connection, Book(), 3).write(NOTHING_SUMMED)
    assert connection.total_changes == before
