"""What every trail promises, held against each backend."""

import msgspec
import pytest

from farthing.domain.ids import EPOCH_MS
from farthing.domain.record import Skeleton
from farthing.stores.memory.records import Records
from farthing.stores.memory.trail import MemoryTrail
from farthing.stores.sqlite.connect import open_database
from farthing.stores.sqlite.trail import SqliteTrail
from support.recorded import a_call, write
from support.tallying import adjustment

NOW_MS = EPOCH_MS + 86_400_000


class Memory:
    def __init__(self, tmp_path):
        self.records = Records()
        self.trail = MemoryTrail(self.records)

    def keep(self, *calls):
        for call in calls:
            self.records.put(call)

    def close(self):
        pass


class Sqlite:
    def __init__(self, tmp_path):
        self.connection = open_database(tmp_path / "farthing.db")
        self.trail = SqliteTrail(tmp_path / "farthing.db")

    def keep(self, *calls):
        for call in calls:
            write(self.connection, call)

    def close(self):
        self.trail.close()
        self.connection.close()


@pytest.fixture(params=[Memory, Sqlite])
def store(request, tmp_path):
    store = request.param(tmp_path)
    yield store
    store.close()


@pytest.fixture
def trail(store):
    return store.trail


def lean(call):
    """A record without what a trail leaves out."""
    attempts = tuple(
        msgspec.structs.replace(
            attempt,
            shares=(),
            due_ms=None,
            seen=None,
            opening=msgspec.structs.replace(attempt.opening, text_bytes=0, steps=()),
        )
        for attempt in call.attempts
    )
    opening = msgspec.structs.replace(call.opening, skeleton=b"", cap_asked=None)
    return msgspec.structs.replace(call, opening=opening, skeleton=Skeleton(), attempts=attempts)


def test_calls_come_in_the_order_of_their_ids_with_all_that_is_passed_on(store, trail):
    first = a_call(
        1, labels=(("team", "a"),), parent="b7ad6b7169203331", attempts=({"flags": ("x",)}, {"state": "void"})
    )
    second, third = a_call(2, closing="refused"), a_call(3, closing="", attempts=({"state": "held"},))
    store.keep(third, first, second)
    assert [lean(call) for call in trail.after(0, 10)] == [lean(call) for call in (first, second, third)]
    assert [call.opening.id for call in trail.after(first.opening.id, 1)] == [second.opening.id]
    assert trail.after(third.opening.id, 10) == ()


def test_ids_are_those_between(store, trail):
    calls = [a_call(n) for n in range(1, 6)]
    store.keep(*calls)
    ids = [call.opening.id for call in calls]
    assert trail.ids(ids[0], ids[3]) == tuple(ids[1:4])


def test_calls_are_found_by_id_and_what_is_gone_is_left_out(store, trail):
    calls = [a_call(n) for n in range(1, 6)]
    store.keep(*calls)
    asked = [calls[3].opening.id, 17, calls[1].opening.id]
    assert [call.opening.id for call in trail.of(asked)] == [calls[1].opening.id, calls[3].opening.id]
    assert trail.of([]) == ()


def test_more_calls_than_fit_one_statement_are_all_found(store, trail):
    calls = [a_call(n) for n in range(1, 1_203)]
    store.keep(*calls)
    assert len(trail.of([call.opening.id for call in calls])) == 1_202


def test_corrections_are_given_with_their_call_and_in_their_order(store, trail):
    call = a_call(1, attempts=({},))
    made = adjustment(call.attempts[0].opening.id, '{"state": 2}', '{"state": 2, "cost_nanos": 7}')
    store.keep(msgspec.structs.replace(call, adjustments=(made,)), a_call(2, attempts=({},)))
    assert [found.adjustments for found in trail.after(0, 10)] == [(made,), ()]
    [correction] = trail.corrections(0)
    assert correction.made == made
    assert trail.corrections(correction.number) == ()


def test_open_attempts_are_counted(store, trail):
    store.keep(
        a_call(1, attempts=({"state": "held"}, {"state": "unknown"})), a_call(2, attempts=({"state": "held"}, {}))
    )
    assert trail.open() == (2, 1)


def test_notes_are_one_holders_until_its_time_is_over(trail):
    assert trail.take("otlp", "one", 1_000, 2_000) == b""
    assert trail.keep("otlp", "one", b"noted")
    assert trail.take("otlp", "two", 1_999, 9_000) is None
    assert not trail.keep("otlp", "two", b"stolen")
    assert trail.take("otlp", "one", 1_500, 3_000) == b"noted"
    assert trail.take("otlp", "two", 2_500, 9_000) is None
    assert trail.take("otlp", "two", 3_000, 9_000) == b"noted"
    assert not trail.keep("otlp", "one", b"late")
    assert trail.take("otlp", "two", 3_001, 9_000) == b"noted"


def test_who_lets_go_leaves_it_to_the_next_at_once(trail):
    trail.take("otlp", "one", 1_000, 9_000)
    trail.keep("otlp", "one", b"noted")
    trail.let_go("otlp", "two")
    assert trail.take("otlp", "two", 1_001, 9_000) is None
    trail.let_go("otlp", "one")
    assert trail.take("otlp", "two", 1_002, 9_000) == b"noted"


def test_notes_of_different_names_have_nothing_in_common(trail):
    trail.take("otlp", "one", 1_000, 9_000)
    assert trail.take("tally", "two", 1_000, 9_000) == b""
    assert not trail.keep("none", "one", b"x")
