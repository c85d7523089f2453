"""A session's history from requests that each tell a part."""

import json

from farthing.guard.loop_history import Told, extend
from farthing.guard.loops import MOST_USES, LoopRules, find
from farthing.wire.history import ToolUse, digest_of_result
from farthing.wire.openai.responses import ResponsesDialect
from support.agent_runs import used


def use(n: int, result: str | None = "none", *, turn: int = 1, words: int = 0) -> ToolUse:
    return used("search", "{}", result, turn=turn, words=words, id=f"c{n}")


def output(n: int, result: str) -> ToolUse:
    """A result that came without its call."""
    return ToolUse("", b"", digest_of_result(result), id=f"c{n}")


def test_what_is_new_comes_after_what_was_told():
    told = extend(extend(Told(), [use(1), use(2, turn=2)], turns=2, words=1), [use(3)], turns=1)
    assert [(each.id, each.turn) for each in told.uses] == [("c1", 1), ("c2", 2), ("c3", 3)]
    assert (told.turns, told.words) == (3, 1)


def test_a_result_completes_its_call():
    asked = extend(Told(), [use(1, None)], turns=1)
    told = extend(asked, [output(1, "none")])
    assert told.uses == (use(1),)
    assert told.turns == 1


def test_an_error_comes_with_its_result():
    told = extend(extend(Told(), [use(1, None)]), [use(1, "Error: gone")])
    assert told.uses[0].error


def test_a_result_stays_what_it_was():
    told = extend(extend(Told(), [use(1)]), [use(1, "[cleared]")])
    assert told.uses == (use(1),)


def test_a_result_without_a_call_is_left_out():
    assert extend(Told(), [output(7, "none")]).uses == ()


def test_what_is_told_again_counts_once():
    whole = [use(n, turn=n, words=1) for n in range(1, 6)]
    told = extend(extend(Told(), whole[:3], turns=3, words=1), whole, turns=5, words=1)
    assert told == Told(tuple(whole), turns=5, words=1)
    assert extend(told, whole, turns=5, words=1) == told


def test_a_request_may_tell_only_the_end_again():
    told = extend(Told(), [use(n, turn=n) for n in (1, 2, 3)], turns=3)
    told = extend(told, [use(3, turn=1), use(4, turn=2)], turns=2)
    assert [(each.id, each.turn) for each in told.uses] == [("c1", 1), ("c2", 2), ("c3", 3), ("c4", 4)]
    assert told.turns == 4


def test_calls_without_ids_are_always_new():
    nameless = used("search", "{}", "none")
    assert len(extend(extend(Told(), [nameless]), [nameless, nameless]).uses) == 3


def test_what_is_remembered_is_bounded_and_what_is_older_does_not_come_back():
    whole = [use(n, turn=n) for n in range(1, 2 * MOST_USES)]
    told = extend(Told(), whole, turns=len(whole))
    assert told.uses == tuple(whole[-MOST_USES:])
    assert extend(told, whole, turns=len(whole)) == told


def test_a_loop_over_many_requests_is_found_and_the_user_ends_it():
    told = Told()
    for n in range(3):
        assert find(told.uses, LoopRules(), turns=told.turns, words=told.words) is None
        told = extend(told, [use(n, None)], turns=1)
        told = extend(told, [output(n, "none")])
    assert find(told.uses, LoopRules(), turns=told.turns, words=told.words)
    spoken = ResponsesDialect().read(json.dumps({"model": "gpt-5", "input": "Try the other."}).encode())
    told = extend(told, spoken.history(), turns=spoken.turns(), words=spoken.words())
    assert find(told.uses, LoopRules(), turns=told.turns, words=told.words) is None
