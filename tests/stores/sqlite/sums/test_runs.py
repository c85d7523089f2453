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
    made = RunTally()
    for one in pairs:
        made.add(one)
    made.learn(asking(prompts or {}, []))
    return made.parts()


def asking(prompts, asked):
    def prompts_of(calls):
        asked.append(list(calls))
        return {call: prompts[call] for call in calls if call in prompts}

    return prompts_of


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


def test_no_more_prompts_are_read_than_it_takes_to_find_the_first_of_each_run():
    made, asked = RunTally(), []
    for number in range(1, 21):
        made.add(pair(16 * number, run="never"))
        made.add(pair(16 * number + 1_600, run="at once"))
    made.learn(asking({1_616: "p"}, asked))
    assert [len(calls) for calls in asked] == [2, 4, 15]
    made.add(pair(3_200, run="at once"))
    made.learn(asking({3_200: "later"}, asked))
    assert len(asked) == 3
    assert (made.parts()["at once"].prompt, made.parts()["never"].prompt) == ("p", "")


def test_what_is_summed_by_labels_is_what_the_runs_of_these_labels_come_to():
    made = RunTally()
    for number, run in ((16, "r"), (32, "s"), (48, ""), (64, "r")):
        made.add(pair(number, run=run))
    groups = made.groups(3_600_000)
    assert {(group.start_ms, group.labels, sums[0]) for group, sums in groups.items()} == {
        (3_600_000, '{"team":"a"}', 3),
        (3_600_000, "{}", 1),
    }
    assert {run: part.sums[0] for run, part in made.parts().items()} == {"r": 2, "s": 1}


def test_calls_of_no_run_are_nobodys():
    assert tally(pair(16, run="")) == {}


def test_a_part_comes_back_from_its_bytes_and_parts_add_up():
    (one,), (other,) = tally(pair(16)).values(), tally(pair(32)).values()
    both = together((other, one))
    assert isinstance(both, Part)
    assert both.sums[0] == 2
    assert read_part(write_part(both)) == both
