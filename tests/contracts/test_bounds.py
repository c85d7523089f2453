"""I30: what a ledger remembers is bounded, whatever callers do: waiters, accounts, calls, and what could not be written."""

from farthing.budgets.book import Book
from farthing.domain.hold import Declined
from farthing.stores.memory.ledger import MemoryLedger
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.writing import open_book
from farthing.stores.sqlite.writing.backlog import MOST_RECORDS, Backlog
from farthing.stores.sqlite.writing.desk import Desk
from farthing.stores.sqlite.writing.requests import Refusal
from farthing.stores.ticket import ThreadTicket
from support.ledgers import Clock
from support.money import ask, budget, call, charge, closing, fixed, key, settlement, void


def test_i30_a_full_queue_refuses_at_once_and_holds_nothing():
    book = Book(most_waiting=5)
    book.adopt([budget("b", 100)], ())
    book.reserve(fixed(1, 100), 0)
    outcomes = [book.reserve(fixed(number, 10, wait_ms=60_000), 0) for number in range(2, 200)]
    assert outcomes[:5] == [None] * 5
    assert all(isinstance(outcome, Declined) and outcome.code == "budget_reserved" for outcome in outcomes[5:])
    assert len(book.queue) == 5
    assert book.account(key()).held == 100


def test_i30_waiters_that_came_and_went_leave_nothing_behind():
    book = Book(most_waiting=5)
    book.adopt([budget("b", 100)], ())
    book.reserve(fixed(1, 100), 0)
    for number in range(2, 500):
        book.reserve(fixed(number, 10, wait_ms=10, holder=f"key {number}"), number * 100)
        book.wake(number * 100 + 10)
    assert len(book.queue) == 0
    assert book.next_deadline() is None
    assert list(book.queue.accounts()) == []
    assert len(book.holds) == 1
    assert list(book.account(key()).held_by) == []


def test_i30_accounts_beyond_the_most_are_left_to_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(open_book, "MOST_ACCOUNTS", 20)
    connection = open_database(tmp_path / "ledger.db")
    desk: Desk
    book = Book(lambda account: desk.fetch(account))  # noqa: PLW0108 - the desk is made of the book
    desk = Desk(book, 1, Clock())
    desk.use(connection)
    for number in range(1, 200):
        asked = ask(number, charge(key(value=f"user {number}"), 10, 0))
        desk.decide([ThreadTicket(asked)], 0)
        desk.decide([void(number) if number % 2 else settlement(number, 5)], 0)
    assert len(book.accounts) <= 21
    assert book.holds == {}
    assert connection.execute("SELECT count(*), sum(posted), sum(held) FROM account").fetchone() == (199, 99 * 5, 0)
    connection.close()


def test_i30_records_that_cannot_be_written_are_given_up_oldest_first_and_money_never():
    kept = Backlog()
    refusals = [Refusal(call(number), closing(number, "refused")) for number in range(MOST_RECORDS + 90)]
    kept.keep([settlement(number, 5) for number in range(100)])
    kept.keep(refusals)
    notices = kept.take()
    assert [notice for notice in notices if isinstance(notice, Refusal)] == refusals[90:]
    assert len(notices) == MOST_RECORDS + 100
    assert kept.given_up == 90


def test_i30_a_ledger_in_memory_remembers_its_last_calls_and_every_account():
    ledger = MemoryLedger(clock=Clock(), keep=10)
    for number in range(1, 200):
        ledger.reserve_blocking(fixed(number, 10))
        ledger.settle(settlement(number, 5, response_id=f"r{number}", remember_for="ada"))
    assert len(ledger.records.recent(limit=1_000)) == 10
    assert len(ledger.records.attempts) == 10
    assert ledger.records.accounts()[0].posted == 199 * 5
