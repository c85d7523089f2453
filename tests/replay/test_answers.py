"""Kept answers: for equal requests of one key, in time, where the record says they may be kept."""

import msgspec
import pytest

from farthing.replay.answers import KEPT, PERHAPS, Answers
from farthing.replay.replaying import CACHED
from support.past_calls import BEGIN_MS, a_call, a_run, a_skeleton, replay, tallied

HOUR_MS = 3_600_000
EXACT = '[cache]\nexact = { ttl = "1h" }\n'


def kept(deterministic=True, messages=1):
    return msgspec.json.encode(msgspec.structs.replace(a_skeleton(messages), deterministic=deterministic))


def test_an_equal_request_is_answered_from_the_cache_until_it_expires():
    answers, call = Answers(HOUR_MS), a_call(skeleton=kept())
    assert answers.find(call, BEGIN_MS) == ""
    answers.keep(call, BEGIN_MS)
    assert answers.find(a_call(3, skeleton=kept()), BEGIN_MS + HOUR_MS - 1) == KEPT
    assert answers.find(a_call(3, skeleton=kept()), BEGIN_MS + HOUR_MS) == ""


@pytest.mark.parametrize(
    "other",
    [
        {"key": "another"},
        {"model": "gpt-4o-mini"},
        {"cap": 9},
        {"choices": 2},
        {"route": "/responses"},
        {"skeleton": kept(messages=2)},
    ],
    ids=str,
)
def test_whatever_differs_is_another_request(other):
    answers = Answers(HOUR_MS)
    answers.keep(a_call(skeleton=kept()), BEGIN_MS)
    assert answers.find(a_call(**{"skeleton": kept(), **other}), BEGIN_MS) == ""


def test_what_may_differ_each_time_is_never_kept_and_what_nobody_recorded_is_a_perhaps():
    answers = Answers(HOUR_MS)
    for skeleton, found in ((kept(False), ""), (kept(None), PERHAPS), (b"", "")):
        answers.keep(a_call(skeleton=skeleton), BEGIN_MS)
        assert answers.find(a_call(skeleton=skeleton), BEGIN_MS) == found


def test_what_has_expired_is_forgotten():
    answers = Answers(1)
    for at in range(5_000):
        answers.keep(a_call(cap=at + 1, skeleton=kept()), BEGIN_MS + at)
    assert len(answers._ends) <= 1_025


def test_a_kept_answer_costs_nothing_and_holds_no_money():
    calls = [a_call(at, skeleton=kept()) for at in range(4)]
    limit = '[[budgets]]\nname = "all"\ncalls = 1\n'
    found = replay(calls, EXACT + limit)
    assert [each.outcome for each in found] == ["paid", CACHED, CACHED, CACHED]
    tally = tallied(calls, EXACT)
    assert tally.whole.now.cost_nanos == calls[0].cost_nanos
    assert (tally.whole.now.from_cache, tally.kept_nanos) == (3, 3 * calls[0].cost_nanos)
    assert tally.simulated[KEPT] == 3


def test_calls_under_way_and_refused_ones_answer_nobody():
    together = [a_call(at, at_ms=BEGIN_MS + at, skeleton=kept()) for at in range(2)]
    assert [each.outcome for each in replay(together, EXACT)] == ["paid", "paid"]
    refused = '[[budgets]]\nname = "all"\nlimit = "0.000001 USD"\nwait = "0s"\n'
    assert [each.outcome for each in replay(a_run("", 2, skeleton=kept()), EXACT + refused)] == ["refused", "refused"]


def test_a_run_goes_on_after_a_kept_answer():
    calls = [a_call(0, run="one", skeleton=kept()), a_call(1, run="two", skeleton=kept()), a_call(2, run="two")]
    pair = tallied(calls, EXACT).runs["two"]
    assert (pair.now.from_cache, pair.now.paid, pair.ending) == (1, 1, "as recorded")
