"""Putting a run together from its pieces."""

from itertools import permutations

from farthing.stores.sqlite.sums.runs import Part, RunTally, read_part, together, write_part
from farthing.stores.sqlite.sums.tally import ATTEMPTED, SUMS, Pair, What

WHAT = What("openai", "gpt-4o", "standard", "/v1", "paid", "")


def pair(call, *, run="r", team="a", attempt=1, model="gpt-4o", at_ms=5):
    sums = [0] * len(SUMS)
    sums[0], sums[ATTEMPTED] = 1, int(attempt > 0)
    labels = f'{{"run":"{run}","team":"{team}"}}' if run else "{}"
    number = call + attempt if attempt else 0
    return Pair(call, at_ms, "", labels, number, WHAT._replace(model=model), tuple(sums))


def tally(*pairs, prompts=None):
    made = RunTally(lambda call: (prompts or {}).get(call, ""))
    for one in pairs:
        made.add(one)
    return made.parts


def test_the_first_call_says_whose_the_run_is_in_whatever_order_calls_come():
    calls = (pair(16, team="a", at_ms=7), pair(32, team="b", at_ms=3), pair(48, team="c", at_ms=9))
    for order in permutations(calls):
        (part,) = tally(*order).values()
        assert (part.labels, part.first_ms, part.last_ms, part.sums[0]) == ('{"team":"a"}', 3, 9, 3)


def test_the_first_attempt_says_what_was_called():
    (part,) = tally(pair(16, attempt=0, model="asked"), pair(32, model="second"), pair(48, model="third")).values()
    assert (part.what.model, part.models) == ("second", ("second", "third"))
    (untried,) = tally(pair(16, attempt=0, model="asked")).values()
    assert (untried.what.model, untried.models) == ("asked", ())


def test_the_prompt_is_that_of_the_first_call_that_has_one():
    prompts = {32: "p2", 48: "p3"}
    for order in permutations((pair(16), pair(32), pair(48))):
        (part,) = tally(*order, prompts=prompts).values()
        assert (part.prompt, part.prompt_id) == ("p2", 32)


def test_calls_of_no_run_are_nobodys():
    assert tally(pair(16, run="")) == {}


def test_a_part_comes_back_from_its_bytes_and_parts_add_up():
    (one,), (other,) = tally(pair(16)).values(), tally(pair(32)).values()
    both = together((other, one))
    assert isinstance(both, Part)
    assert both.sums[0] == 2
    assert read_part(write_part(both)) == both
