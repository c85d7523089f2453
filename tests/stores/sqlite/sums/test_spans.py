"""Which spans make up a stretch of time, and when a change takes sums back."""

import pytest

from farthing.domain.ids import EPOCH_MS, attempt_id
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.sums.spans import (
    DAY_MS,
    HOUR_MS,
    SLICE_MS,
    Horizon,
    Stretch,
    cover,
    take_back,
    whole_spans,
)
from support.recorded import a_call, write

DAY = EPOCH_MS + DAY_MS


@pytest.fixture
def connection(tmp_path):
    connection = open_database(tmp_path / "f.db")
    yield connection
    connection.close()


def test_nothing_summed_is_one_gap():
    assert cover({}, 5, 9) == ([], [(5, 9)])
    assert cover({}, 9, 9) == ([], [])


def test_the_longest_spans_that_fit_are_taken_and_neighbours_put_together():
    hours = {DAY + place * HOUR_MS: {HOUR_MS} for place in range(26)}
    hours[DAY].add(DAY_MS)
    found = cover(hours, DAY, DAY + 26 * HOUR_MS)
    assert found == ([Stretch(DAY_MS, DAY, DAY + DAY_MS), Stretch(HOUR_MS, DAY + DAY_MS, DAY + 26 * HOUR_MS)], [])
    assert cover(hours, DAY, DAY + DAY_MS, HOUR_MS) == ([Stretch(HOUR_MS, DAY, DAY + DAY_MS)], [])
    assert cover(hours, DAY, DAY + DAY_MS, 0) == ([], [(DAY, DAY + DAY_MS)])


def test_what_no_whole_span_covers_is_a_gap():
    whole = {DAY: {HOUR_MS}, DAY + 2 * HOUR_MS: {SLICE_MS}}
    stretches, gaps = cover(whole, DAY - 7, DAY + 3 * HOUR_MS)
    assert [stretch.since_ms for stretch in stretches] == [DAY, DAY + 2 * HOUR_MS]
    assert gaps == [
        (DAY - 7, DAY),
        (DAY + HOUR_MS, DAY + 2 * HOUR_MS),
        (DAY + 2 * HOUR_MS + SLICE_MS, DAY + 3 * HOUR_MS),
    ]
    assert cover(whole, DAY + 1, DAY + HOUR_MS) == ([], [(DAY + 1, DAY + HOUR_MS)])


def test_a_changed_call_takes_back_the_slice_the_hour_and_the_day_around_it(connection):
    call = a_call(1, at_ms=DAY + HOUR_MS + 1)
    write(connection, call)
    for length_ms, start_ms in ((DAY_MS, DAY), (HOUR_MS, DAY), (HOUR_MS, DAY + HOUR_MS), (SLICE_MS, DAY + HOUR_MS)):
        connection.execute("INSERT INTO span VALUES (?, ?, 1, 1)", (length_ms, start_ms))
    past = Horizon(DAY + DAY_MS, 2**62, 60_000)
    take_back(connection, past, [attempt_id(call.opening.id, 1)], [])
    assert whole_spans(connection) == {DAY: {HOUR_MS}}


def test_a_call_far_from_its_id_widens_where_calls_are_looked_for(connection):
    before = Horizon.read(connection)
    assert not before.is_astray(((DAY - EPOCH_MS) << 22), DAY - 60_000)
    assert before.is_astray(((DAY - EPOCH_MS) << 22), DAY - 60_001)
    take_back(connection, before, [], [((DAY - EPOCH_MS) << 22, DAY - HOUR_MS)])
    assert Horizon.read(connection).slack_ms == HOUR_MS


def test_ids_of_a_time_are_those_of_all_calls_that_arrived_in_it():
    low, high = Horizon(0, 0, 10).ids(DAY, DAY + 100)
    first, last = (DAY - 10 - EPOCH_MS) << 22, ((DAY + 99 + 10 - EPOCH_MS) << 22) | (2**22 - 1)
    assert low < first <= last <= high
