"""A shift, turn by turn, without its thread: pauses, failures, and who is told."""

import sqlite3

import pytest

from farthing.domain.errors import LedgerUnavailable
from farthing.domain.hold import Reserved
from farthing.stores.sqlite.writing.place import Place
from farthing.stores.sqlite.writing.requests import Adoption
from farthing.stores.sqlite.writing.shift import CROWDED_MS, IDLE_MS, PROBE_MS, Shift
from farthing.stores.ticket import ThreadTicket
from support.money import budget, fixed, settlement


class Unwell:
    """A connection that fails wherever its test says so."""

    def __init__(self, connection, failing):
        self._connection = connection
        self._failing = failing

    def execute(self, statement, *values):
        if any(part in statement for part in self._failing):
            raise sqlite3.OperationalError("database or disk is full")
        return self._connection.execute(statement, *values)

    def __getattr__(self, name):
        return getattr(self._connection, name)


@pytest.fixture
def failing():
    return set()


@pytest.fixture
def shift(tmp_path, failing):
    def connect(*args, **more):
        return Unwell(sqlite3.connect(*args, **more), failing)

    made = Shift(Place(path=tmp_path / "ledger.db", clock=lambda: 1_000, connect=connect))
    made.begin()
    made.turn([Adoption((budget("b", 1_000),), ())])
    yield made
    failing.clear()
    made.end()


def outcome(shift, request):
    ticket = ThreadTicket(request)
    shift.turn([ticket])
    return ticket.outcome


def test_it_sleeps_long_when_idle_and_briefly_while_somebody_waits(shift):
    assert shift.turn([]) == IDLE_MS / 1000
    assert isinstance(outcome(shift, fixed(1, 900)), Reserved)
    assert shift.turn([ThreadTicket(fixed(2, 900, wait_ms=60_000))]) <= CROWDED_MS / 1000


def test_a_full_disk_refuses_everybody_until_a_write_succeeds(shift, failing):
    assert isinstance(outcome(shift, fixed(1, 300)), Reserved)
    waiting = ThreadTicket(fixed(2, 900, wait_ms=60_000))
    shift.turn([waiting])
    failing.update({"COMMIT", "INSERT"})
    asking = ThreadTicket(fixed(3, 100))
    assert shift.turn([asking, settlement(1, 50)]) == PROBE_MS / 1000
    assert isinstance(asking.outcome, LedgerUnavailable)
    assert isinstance(outcome(shift, fixed(4, 100)), LedgerUnavailable)
    assert isinstance(waiting.outcome, LedgerUnavailable)
    failing.clear()
    shift._probe_at = 0
    assert isinstance(outcome(shift, fixed(5, 950)), Reserved), "the settle that was kept has made room"


@pytest.mark.parametrize("part", ["state = 1", "data_version"])
def test_housekeeping_that_fails_is_a_failure_like_any_other(shift, failing, part):
    failing.add(part)
    shift.sweep_soon()
    assert isinstance(outcome(shift, fixed(1, 100)), LedgerUnavailable)
    failing.clear()
    shift._probe_at = 0
    assert isinstance(outcome(shift, fixed(2, 100)), Reserved)


def test_a_listener_that_fails_harms_nobody(tmp_path):
    def listen():
        raise ValueError("not today")

    shift = Shift(Place(path=tmp_path / "ledger.db", clock=lambda: 1_000, on_directory_change=listen))
    shift.begin()
    shift._directory_version = -1
    assert isinstance(outcome(shift, fixed(1, 100)), Reserved)
    shift.end()


def test_between_pause_and_resume_no_connection_is_open_and_afterwards_all_goes_on(shift):
    assert isinstance(outcome(shift, fixed(1, 300)), Reserved)
    shift.pause()
    assert not shift._desk.connected
    shift.resume()
    shift.turn([settlement(1, 50)])
    assert isinstance(outcome(shift, fixed(2, 950)), Reserved)


def test_a_child_starts_over_with_the_same_limits_and_nothing_else(shift):
    assert isinstance(outcome(shift, fixed(1, 300)), Reserved)
    shift.adopted = Adoption((budget("b", 1_000),), ())
    child = shift.afresh()
    child.begin()
    assert child.slot != shift.slot
    assert child.book.holds == {}
    assert not isinstance(outcome(child, fixed(2, 900)), Reserved)
    child.end()
