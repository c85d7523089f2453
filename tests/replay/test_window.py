"""Windows over conversations: whole turns go, results stay with their calls, and what is left is counted."""

from random import Random

import msgspec
import pytest

from farthing.domain.record import MessageShape, Skeleton
from farthing.replay.asked import Asked
from farthing.replay.caches import parts_of
from farthing.replay.window import kept, windowed
from support.past_calls import a_call, a_skeleton


def shapes(told):
    """`s` system, `u` user, `a` answer, `c` an answer that calls a tool, `t` its result, `r` a result in a user's message."""
    roles = {"s": "system", "u": "user", "a": "assistant", "c": "assistant", "t": "tool", "r": "user"}
    return [
        MessageShape(roles[each], f"{at:016x}", 100, ("look",) if each in "ctr" else ()) for at, each in enumerate(told)
    ]


def stays(told, turns):
    return "".join(told[at] for at in kept(shapes(told), turns))


@pytest.mark.parametrize(
    ("told", "turns", "left"),
    [
        ("suau", 5, "suau"),
        ("suauau", 2, "suuau"),
        ("suauau", 1, "suu"),
        ("suctctau", 2, "suau"),
        ("suctctau", 3, "suctau"),
        ("ucrcrcr", 1, "ucr"),
        ("uuauuau", 2, "uuuau"),
        ("sctct", 1, "sct"),
        ("ssusau", 1, "ssusu"),
        ("", 3, ""),
    ],
)
def test_the_last_turns_stay_with_instructions_and_the_first_words(told, turns, left):
    assert stays(told, turns) == left


def test_the_items_of_responses_are_turns_too():
    roles = ("user", "reasoning", "function_call", "function_call_output", "reasoning", "function_call",
             "function_call_output")  # fmt: skip
    items = [MessageShape(role, f"{at:016x}", 10) for at, role in enumerate(roles)]
    assert kept(items, 1) == [0, 4, 5, 6]


@pytest.mark.parametrize("seed", range(20))
def test_no_result_is_left_without_its_call(seed):
    random = Random(seed)
    told = "su" + "".join(random.choice(("au", "ct", "cttct", "acttau", "uau")) for _ in range(random.randrange(1, 12)))
    places = kept(shapes(told), random.randrange(1, 6))
    assert places[-1] == len(told) - 1, "the end always stays"
    for place in places:
        before = place
        while told[before] == "t":
            before -= 1
        assert before in places


def conversation(messages=8, **more):
    call = a_call(skeleton=msgspec.json.encode(a_skeleton(messages)), usage=(8_000, 50), **more)
    return Asked(call, parts_of(call, 8_000))


def test_what_is_left_out_is_counted_neither_as_bytes_nor_as_tokens():
    whole = conversation()
    short = windowed(whole, 1)
    left = msgspec.json.decode(short.call.skeleton, type=Skeleton)
    assert [message.digest for message in left.messages] == [f"{at:016x}" for at in (0, 6, 7)]
    assert (left.text_bytes, short.call.text_bytes) == (4_000 - 2_500, 4_000 - 2_500)
    assert short.call.usage.input_tokens == sum(part.tokens for part in short.parts) == 8_000 - 5_000
    assert short.call.usage.output_tokens == 50
    assert whole.parts[0] == short.parts[0]


def test_what_a_cache_held_of_the_whole_says_nothing_of_the_rest():
    assert windowed(conversation(cached=7_000), 1).call.usage.cache_read_input_tokens == 0


def test_a_short_conversation_is_left_as_it_is():
    whole = conversation()
    assert windowed(whole, 4) is whole


def test_a_call_that_nobody_counted_is_shorter_by_its_bytes():
    call = a_call(skeleton=msgspec.json.encode(a_skeleton(8)), usage=None)
    short = windowed(Asked(call), 1)
    assert (short.call.text_bytes, short.call.usage, short.parts) == (1_500, None, ())
