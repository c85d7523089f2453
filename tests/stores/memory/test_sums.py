"""Sums over values: what belongs together, and what counts."""

from farthing.domain.usage import Usage
from farthing.stores.memory.sums import add_usage, groups_of, is_open, matches, row_of, summary_of
from support.recorded import a_call


def test_a_call_without_attempts_still_belongs_to_a_group():
    call = a_call(1, closing="refused", labels=(("team", "a"),))
    ((group, attempt),) = groups_of(call, ("team", "provider", "model"))
    assert (group, attempt) == (("a", "", "gpt-4o"), None)
    row = row_of(group, [(call, attempt)])
    assert (row.calls, row.refused, row.attempts, row.cost_nanos) == (1, 1, 0, 0)


def test_usage_adds_up_kind_by_kind_and_skips_what_is_not_settled():
    call = a_call(1, attempts=({"usage": Usage(input_tokens=2, cache_read_input_tokens=1)}, {"state": "held"}, {}))
    assert add_usage(call.attempts) == Usage(input_tokens=27, cache_read_input_tokens=1, output_tokens=5)


def test_held_and_unknown_are_open_and_void_reached_nobody():
    call = a_call(1, attempts=({"state": "held"}, {"state": "unknown"}, {"state": "void"}, {}))
    assert [is_open(attempt) for attempt in call.attempts] == [True, True, False, False]
    assert summary_of(call).attempts == 3


def test_every_label_asked_for_must_match():
    call = a_call(1, labels=(("team", "a"), ("user", "u")))
    assert matches(call, None, (("team", "a"),), None)
    assert not matches(call, None, (("team", "a"), ("user", "x")), None)
    assert not matches(a_call(2, closing=""), None, (), "paid")
