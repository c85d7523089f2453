"""The roll of owners: who lives, who is dead, and what each still holds."""

import os

from farthing.stores.sqlite.ledger import SqliteLedger
from farthing.stores.sqlite.roll import roll
from support.money import budget, fixed


def test_a_living_owner_and_its_calls_in_flight_are_seen(tmp_path):
    path = tmp_path / "f.db"
    ledger = SqliteLedger.open(path, what="serve")
    try:
        ledger.adopt([budget(nanos=100)], ())
        ledger.reserve_blocking(fixed(1, 5))
        (owner,) = roll(path)
        assert (owner.what, owner.pid, owner.alive, owner.held) == ("serve", os.getpid(), True, 1)
    finally:
        ledger.close_now()


def test_an_owner_that_left_stays_on_the_roll_and_is_not_alive(tmp_path):
    path = tmp_path / "f.db"
    SqliteLedger.open(path, what="run").close_now()
    (owner,) = roll(path)
    assert (owner.what, owner.alive, owner.held) == ("run", False, 0)


def test_looking_takes_nobodys_slot(tmp_path):
    path = tmp_path / "f.db"
    SqliteLedger.open(path, what="first").close_now()
    roll(path)
    second = SqliteLedger.open(path, what="second")
    try:
        assert second.slot == 0
    finally:
        second.close_now()
