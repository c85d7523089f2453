"""The desk: a batch is one transaction, notices come before questions, and the file outranks memory."""

import sqlite3

import pytest

from farthing.budgets.book import Book
from farthing.domain.hold import Declined, Reserved, Short
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.writing.desk import Desk
from farthing.stores.sqlite.writing.requests import Adoption, Withdrawal
from farthing.stores.ticket import ThreadTicket
from support.money import attempt, budget, fixed, key, loss, settlement, void


def desk_on(path, owner: int = 0, now_ms: int = 0) -> Desk:
    def fetch(account):
        return desk.fetch(account)

    desk = Desk(Book(fetch), owner, lambda: now_ms)
    desk.use(open_database(path))
    desk.decide([Adoption((budget("b", 1_000),), ())], 0)
    return desk


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


@pytest.fixture
def desk(path):
    made = desk_on(path)
    yield made
    made.disconnect()


def ask(desk, *requests, now=0):
    """The outcomes of the tickets among these requests, by call."""
    wrapped = [request if not hasattr(request, "charges") else ThreadTicket(request) for request in requests]
    return {ticket.ask.opening.id >> 4: outcome for ticket, outcome in desk.decide(wrapped, now)}


def balance(path):
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT posted, held, unknown FROM account").fetchall()
    finally:
        connection.close()


def test_settles_of_a_batch_come_before_its_reserves_whatever_their_order(desk, path):
    ask(desk, fixed(1, 900))
    assert isinstance(ask(desk, fixed(2, 900), settlement(1, 50))[2], Reserved)
    assert balance(path) == [(50, 900, 0)]


def test_waiters_come_before_those_who_ask_now(desk):
    ask(desk, fixed(1, 900))
    assert ask(desk, fixed(2, 900, wait_ms=10_000)) == {}
    outcomes = ask(desk, fixed(3, 900), settlement(1, 0))
    assert isinstance(outcomes[2], Reserved)
    assert isinstance(outcomes[3], Short)


def test_who_left_before_the_batch_gets_nothing_and_who_left_after_gives_it_back(desk, path):
    early, late = ThreadTicket(fixed(1, 100)), ThreadTicket(fixed(2, 100))
    early.withdrawn = True
    assert [ticket for ticket, _ in desk.decide([early, Withdrawal(early), late], 0)] == [late]
    desk.decide([Withdrawal(late)], 0)
    assert balance(path) == [(0, 0, 0)]


def test_a_wait_ends_in_a_batch_of_nothing(desk):
    ask(desk, fixed(1, 900))
    ask(desk, fixed(2, 900, wait_ms=10), now=100)
    assert desk.decide([], 109) == []
    ((_, outcome),) = desk.decide([], 110)
    assert isinstance(outcome, Declined)
    assert outcome.code == "budget_reserved"


def test_an_unknown_hold_may_be_settled_by_any_owner_and_a_live_one_by_its_own_only(desk, path):
    other = desk_on(path, owner=1)
    ask(desk, fixed(1, 100), fixed(2, 100))
    ask(desk, loss(1))
    ask(other, settlement(1, 30), settlement(2, 30), void(2))
    assert balance(path) == [(30, 100, 0)]
    other.disconnect()


def test_balances_are_read_again_when_another_connection_wrote(desk, path):
    other = desk_on(path, owner=1)
    ask(desk, fixed(1, 400))
    ask(other, fixed(2, 400))
    assert desk.outdated()
    assert isinstance(ask(desk, fixed(3, 400))[3], Short)
    assert not desk.outdated()
    other.disconnect()


def test_a_dead_owners_holds_are_presumed_lost_once(desk, path):
    other = desk_on(path, owner=1)
    ask(other, fixed(1, 100), fixed(2, 100))
    assert desk.owners() == [1]
    assert desk.presume_lost(1, due_ms=50) == 2
    assert desk.presume_lost(1, due_ms=50) == 0
    assert desk.owners() == []
    assert balance(path) == [(0, 0, 200)]
    assert desk.charge_due(49) == 0
    assert desk.charge_due(50) == 2
    assert balance(path) == [(200, 0, 0)]
    other.disconnect()


def test_after_a_failure_memory_is_the_files_again(desk, path):
    ask(desk, fixed(1, 100))
    desk.book.account(key()).posted = 999
    desk.forget()
    assert desk.book.account(key()).posted == 0
    assert attempt(1) in desk.book.holds
    ask(desk, settlement(1, 10))
    assert balance(path) == [(10, 0, 0)]


def test_a_hold_that_was_refused_but_is_in_the_file_is_given_back(desk, path):
    ask(desk, fixed(1, 100), fixed(2, 100))
    desk.forget({attempt(2)})
    assert balance(path) == [(0, 100, 0)]


def test_a_second_settle_of_an_unknown_hold_in_the_same_batch_does_nothing(desk, path):
    ask(desk, fixed(1, 100))
    ask(desk, loss(1))
    ask(desk, settlement(1, 30), settlement(1, 30))
    assert balance(path) == [(30, 0, 0)]
