"""Writing sums while others change what is summed."""

import pytest

from farthing.domain.ids import EPOCH_MS
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.handle import Handle
from farthing.stores.sqlite.sums.spans import HOUR_MS, SLICE_MS, Horizon, take_back, whole_spans
from farthing.stores.sqlite.sums.tally import SUMS, Group, What
from farthing.stores.sqlite.sums.write import Turn
from support.pasts import DAY_MS
from support.recorded import a_call, write

DAY = EPOCH_MS + 3 * DAY_MS
CALL = a_call(1, at_ms=DAY + 5, attempts=({},))
GROUP = Group(DAY, "", "{}", What("openai", "gpt-4o", "standard", "/v1", "paid", ""))


@pytest.fixture
def connection(tmp_path):
    connection = open_database(tmp_path / "f.db")
    write(connection, CALL)
    yield connection
    connection.close()


@pytest.fixture
def handle(tmp_path, connection):
    handle = Handle(lambda: open_database(tmp_path / "f.db"))
    yield handle
    handle.close()


SUMMED = {GROUP: (1,) * len(SUMS)}


def families(connection, length_ms):
    query = "SELECT family, count(*) FROM cell WHERE length_ms = ? GROUP BY family"
    return dict(connection.execute(query, (length_ms,)).fetchall())


def test_a_span_is_whole_once_everything_of_it_is_written(connection, handle):
    turn = Turn(handle, HOUR_MS, DAY)
    assert whole_spans(connection) == {}
    assert turn.from_calls(SUMMED, {})
    assert whole_spans(connection) == {DAY: {HOUR_MS}}
    assert families(connection, HOUR_MS) == {0: 1, 1: 1, 2: 1}


def test_whoever_changes_a_call_meanwhile_makes_the_turn_void(connection, handle):
    turn = Turn(handle, HOUR_MS, DAY)
    take_back(connection, Horizon.read(connection), [CALL.opening.id], [])
    assert not turn.from_calls(SUMMED, {})
    assert whole_spans(connection) == {}


def test_of_two_who_sum_the_same_only_the_later_one_is_believed(connection, handle):
    first, second = Turn(handle, HOUR_MS, DAY), Turn(handle, HOUR_MS, DAY)
    assert not first.from_calls(SUMMED, {})
    assert second.from_calls(SUMMED, {})
    assert families(connection, HOUR_MS) == {0: 1, 1: 1, 2: 1}


def test_a_turn_raises_the_horizon_before_anything_is_read(connection, handle):
    Turn(handle, HOUR_MS, DAY)
    past = Horizon.read(connection)
    assert past.summed_ms == DAY + HOUR_MS
    assert past.summed_id > CALL.attempts[0].opening.id


def test_an_hour_takes_the_place_of_its_slices(connection, handle):
    for start_ms in range(DAY, DAY + HOUR_MS, SLICE_MS):
        assert Turn(handle, SLICE_MS, start_ms).from_calls(SUMMED, {})
    assert Turn(handle, HOUR_MS, DAY).from_shorter(SLICE_MS)
    assert whole_spans(connection) == {DAY: {HOUR_MS}}
    assert families(connection, SLICE_MS) == {}
    assert connection.execute("SELECT sum(calls) FROM cell WHERE family = 0").fetchone() == (12,)


def test_where_a_slice_is_missing_there_is_no_hour_to_put_together(connection, handle):
    assert Turn(handle, SLICE_MS, DAY).from_calls(SUMMED, {})
    assert not Turn(handle, HOUR_MS, DAY).from_shorter(SLICE_MS)
    assert whole_spans(connection) == {DAY: {SLICE_MS}}


def test_summing_again_replaces_what_was_there(connection, handle):
    for _ in range(2):
        assert Turn(handle, HOUR_MS, DAY).from_calls(SUMMED, {})
    assert connection.execute("SELECT sum(calls) FROM cell WHERE family = 0").fetchone() == (1,)


def test_a_shorter_span_that_changes_while_others_are_read_ends_the_turn(connection, handle):
    for start_ms in range(DAY, DAY + HOUR_MS, SLICE_MS):
        assert Turn(handle, SLICE_MS, start_ms).from_calls(SUMMED, {})
    turn = Turn(handle, HOUR_MS, DAY)
    take_back(connection, Horizon.read(connection), [CALL.opening.id], [])
    Turn(handle, SLICE_MS, DAY).from_calls(SUMMED, {})  # it is whole again, and still it is not what was begun with
    assert not turn.from_shorter(SLICE_MS)
    assert HOUR_MS not in whole_spans(connection)[DAY]


def test_what_was_put_together_is_counted_as_work(connection, handle):
    for start_ms in range(DAY, DAY + HOUR_MS, SLICE_MS):
        assert Turn(handle, SLICE_MS, start_ms).from_calls(SUMMED, {})
    turn = Turn(handle, HOUR_MS, DAY)
    assert turn.from_shorter(SLICE_MS)
    assert turn.cells_read == 12 * 3
