"""Which levers a policy pulls: those in which it differs from the recorded configuration."""

import msgspec

from farthing.replay.levers import Levers, levers_of
from farthing.replay.prompts import Prompts
from support.past_calls import a_call, a_skeleton, a_world, replay

ALL = '[cache]\nexact = { ttl = "2h" }\n[prefix]\nplan = "system"\n[context]\nplan = "window"\nkeep_turns = 2\n'
OTHERS = '[cache]\nexact = { ttl = "3h" }\n[prefix]\nplan = "system"\nttl = "1h"\n[context]\nplan = "window"\n'


def pulled(policy, base=""):
    return a_world(policy, base).levers


def test_levers_are_pulled_where_policy_and_record_differ():
    levers = pulled(ALL)
    assert (levers.exact_ms, levers.prefix.plan, levers.keep_turns) == (7_200_000, "system", 2)
    assert pulled(ALL, base=ALL) == pulled("") == pulled("", base=ALL) == Levers()
    changed = pulled(OTHERS, base=ALL)
    assert (changed.exact_ms, changed.prefix.ttl, changed.keep_turns) == (10_800_000, "1h", 10)


def test_plans_that_read_words_pull_nothing():
    assert pulled('[context]\nplan = "prune"\n[cache]\nnear = { ttl = "1h", max_error = 0.1 }\n') == Levers()
    settings = a_world(ALL).policy
    assert levers_of(settings, settings) == Levers()


def test_a_call_that_no_lever_changes_is_the_recorded_one():
    call, long = a_call(), a_call(skeleton=msgspec.json.encode(a_skeleton(9)))
    assert Levers().asked(call, Prompts()).call is call
    assert Levers(keep_turns=1).asked(call, Prompts()).call is call
    assert Levers(keep_turns=1).asked(long, Prompts()).call is not long
    bare = a_call(skeleton=b"")
    assert Levers(keep_turns=1).asked(bare, Prompts()).call is bare


def test_a_window_that_reaches_everything_changes_nothing_of_the_bill():
    calls = [a_call(at, run="one", messages=2 * at + 1) for at in range(4)]
    wide = '[context]\nplan = "window"\nkeep_turns = 50\n'
    for each in replay(calls, wide):
        assert (each.usage, each.cost_nanos, each.why) == (each.call.usage, each.call.cost_nanos, ())


def test_a_window_that_breaks_the_providers_cache_shows_as_dearer():
    calls = [
        a_call(at, run="one", usage=(6_000 + 200 * at, 100), cached=0 if at == 0 else 5_800 + 200 * at - at * 200 % 128,
               skeleton=msgspec.json.encode(a_skeleton(40 + 2 * at)))
        for at in range(6)
    ]  # fmt: skip
    found = replay(calls, '[context]\nplan = "window"\nkeep_turns = 18\n')
    assert all(each.left_out > 0 for each in found)
    assert sum(each.cost_nanos for each in found[1:]) > sum(call.cost_nanos for call in calls[1:])
    assert "older messages left out" in found[-1].why
