"""When the past is summed up, and what takes its sums back, on a ledger's own file."""

import pytest

from farthing.domain.ids import EPOCH_MS
from farthing.domain.usage import Usage
from farthing.ports.outcomes import Outcome
from farthing.stores.sqlite.connect import open_database
from support.pasts import DAY_MS, EVER, HOUR_MS, Pair

SLICE_MS = 300_000


@pytest.fixture
def past():
    pair = Pair(EPOCH_MS + 40 * DAY_MS)
    yield pair
    pair.close()


@pytest.fixture
def connection(past):
    connection = open_database(past.path)
    yield connection
    connection.close()


def whole(connection):
    rows = connection.execute("SELECT length_ms, count(*) FROM span WHERE whole = 1 GROUP BY length_ms")
    return dict(rows.fetchall())


def sum_up(past):
    past.durable()
    while past.fast.sum_up():
        continue


def paid(past, **labels):
    attempt = past.attempt(past.open_call(labels=labels.items()))
    past.settle(past.settlement(attempt, Usage(input_tokens=100, output_tokens=5)), "paid")
    return attempt


def test_nothing_is_summed_before_anything_is_recorded(past, connection):
    assert past.fast.sum_up() is False
    assert whole(connection) == {}


def test_slices_become_hours_and_hours_become_days(past, connection):
    paid(past)
    past.pass_time(SLICE_MS + 61_000)
    sum_up(past)
    assert whole(connection)[SLICE_MS] >= 1
    past.pass_time(2 * HOUR_MS)
    sum_up(past)
    assert whole(connection)[HOUR_MS] >= 24  # of the day before too: an id may be a minute away from its call
    past.pass_time(25 * HOUR_MS)
    sum_up(past)
    assert whole(connection)[DAY_MS] >= 1
    assert past.fast.usage(by=("day",), **EVER) == past.slow.usage(by=("day",), **EVER)


def test_what_is_still_open_is_waited_for_and_then_summed_as_it_is(past, connection):
    attempt = past.attempt(past.open_call())
    past.pass_time(SLICE_MS + 61_000)
    sum_up(past)
    start_ms = past.calls[attempt.call_id].arrived_ms // SLICE_MS * SLICE_MS
    of_slice = "SELECT whole FROM span WHERE length_ms = ? AND start_ms = ?"
    assert connection.execute(of_slice, (SLICE_MS, start_ms)).fetchone() is None
    past.pass_time(SLICE_MS + 900_000)
    sum_up(past)
    assert connection.execute(of_slice, (SLICE_MS, start_ms)).fetchone() == (1,)
    (row,) = past.fast.usage(by=(), **EVER)
    assert row.open == 1


def test_a_settlement_after_the_sum_takes_it_back_and_the_next_one_counts_it(past, connection):
    attempt = past.attempt(past.open_call(labels=(("run", "r1"),)))
    past.pass_time(26 * HOUR_MS)
    sum_up(past)
    before = whole(connection)
    past.settle(past.settlement(attempt, Usage(input_tokens=100, output_tokens=5)), "paid")
    past.durable()
    after = whole(connection)
    assert (before[DAY_MS] - after.get(DAY_MS, 0), before[HOUR_MS] - after[HOUR_MS]) == (1, 1)
    assert past.fast.usage(by=(), **EVER)[0].cost_nanos == past.posted() > 0
    sum_up(past)
    assert whole(connection) == before
    assert past.fast.usage(by=(), **EVER) == past.slow.usage(by=(), **EVER)
    assert past.fast.run("r1") == past.slow.run("r1")


def test_an_outcome_takes_nothing_back_but_is_seen_at_once(past, connection):
    paid(past, run="r1")
    past.pass_time(26 * HOUR_MS)
    sum_up(past)
    before = whole(connection)
    past.judge(Outcome(run="r1", at_ms=past.clock.now_ms, success=True))
    assert whole(connection) == before
    (row,) = past.fast.outcomes(by=(), **EVER)
    assert (row.runs, row.succeeded) == (1, 1)


def test_nothing_is_summed_once_it_is_closed(past):
    paid(past)
    past.pass_time(26 * HOUR_MS)
    past.durable()
    past.fast.close()
    assert past.fast.sum_up() is False
