"""Our own records as recorded calls: oldest first, whatever the page, and with all that replay needs."""

import msgspec
import pytest

from farthing.domain.ids import EPOCH_MS
from farthing.domain.record import Skeleton, Step
from farthing.domain.usage import Usage
from farthing.replay import store
from farthing.replay.store import calls_of, ids_between, recorded
from farthing.stores.memory.records import Records
from support.recorded import DAY_MS, a_call

AT_MS = EPOCH_MS + DAY_MS


def records(*calls):
    made = Records()
    for call in calls:
        made.put(call)
    return made


@pytest.mark.parametrize("page", [1, 2, 3, 7, 100])
def test_calls_come_oldest_first_whatever_the_page(monkeypatch, page):
    monkeypatch.setattr(store, "PAGE", page)
    kept = records(*(a_call(number, at_ms=AT_MS + number, attempts=({},)) for number in range(7)))
    ids = ids_between(kept, since_ms=AT_MS + 1, until_ms=AT_MS + 6)
    assert [call.arrived_ms - AT_MS for call in calls_of(kept, ids)] == [1, 2, 3, 4, 5]


def test_calls_are_chosen_by_label_and_run():
    kept = records(
        a_call(1, labels=(("run", "a"), ("team", "x"))),
        a_call(2, labels=(("run", "b"), ("team", "x"))),
        a_call(3, labels=(("run", "a"), ("team", "y"))),
    )
    chosen = ids_between(kept, since_ms=0, until_ms=1 << 62, labels=(("team", "x"),), run="a")
    assert list(chosen) == [a_call(1).opening.id]


def test_the_attempt_that_was_billed_is_the_one_that_counts():
    record = a_call(1, attempts=({"state": "void", "reason": "no connection"}, {"model": "gpt-4o-mini"}))
    call = recorded(record)
    assert (call.sent_model, call.cost_nanos, call.attempts) == ("gpt-4o-mini", 1_000, 2)
    assert call.usage == Usage(input_tokens=25, output_tokens=5)
    assert call.failures == ("no connection",)


def test_a_refused_call_has_its_shape_and_no_bill():
    call = recorded(a_call(1, closing="refused"))
    assert (call.outcome, call.status, call.usage, call.sent_model) == ("refused", 402, None, "")
    assert call.text_bytes == 5
    assert msgspec.json.decode(call.skeleton, type=Skeleton).text_bytes == 5


def test_a_call_that_never_ended_has_no_outcome():
    assert recorded(a_call(1, closing=None, attempts=({"state": "held"},))).outcome == ""


def test_waits_are_read_from_what_stages_say():
    steps = (Step("wait", "waited 1,250 ms for money", "it was held by other calls"),)
    assert recorded(a_call(1, attempts=({"steps": steps},))).waited_ms == 1_250
    assert recorded(a_call(1, attempts=({},))).waited_ms == 0


def test_the_templates_overhead_is_learned_from_calls_bounded_by_bytes():
    first, second = a_call(1, attempts=({},)), a_call(2, attempts=({},))
    (attempt,) = first.attempts
    opening = msgspec.structs.replace(attempt.opening, input_bound=attempt.opening.text_bytes + 300)
    first = msgspec.structs.replace(first, attempts=(msgspec.structs.replace(attempt, opening=opening),))
    exact = msgspec.structs.replace(second.attempts[0].opening, bound="exact")
    second = msgspec.structs.replace(second, attempts=(msgspec.structs.replace(second.attempts[0], opening=exact),))
    kept = records(first, second)
    told = list(calls_of(kept, ids_between(kept, since_ms=0, until_ms=1 << 62)))
    assert [call.overhead_tokens for call in told] == [300, 300]
