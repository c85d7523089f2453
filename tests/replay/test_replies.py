"""What the provider would have answered: recorded where nothing changed, else simulated and named."""

import msgspec

from farthing.domain.usage import Usage
from farthing.replay.draft import Sent
from farthing.replay.replies import USUAL_OUTPUT, Replies
from support.past_calls import BEGIN_MS, a_call, a_run


def as_sent(call, **more):
    fields = {"call": call.id, "model": call.sent_model, "cap": call.cap, "more_bytes": 0, "last": False}
    return Sent(**fields | more)


def reply(call, replies=None, now_ms=None, **more):
    return (replies or Replies(caches=False)).reply(call, as_sent(call, **more), now_ms or call.arrived_ms)


def test_what_was_sent_is_answered_as_it_was():
    call = a_call(cached=512)
    found = reply(call)
    assert found.usage is call.usage
    assert not found.why
    assert (found.answered.finish, found.took_ms) == ("stop", 1_000)


def test_a_lower_cap_cuts_and_takes_less_time():
    found = reply(a_call(usage=(10, 400)), cap=100)
    assert (found.usage.output_tokens, found.answered.finish, found.took_ms) == (100, "length", 250)


def test_the_first_byte_of_a_stream_takes_as_long_as_it_did():
    found = reply(a_call(usage=(10, 400), streamed=True, first_byte_ms=200), cap=100)
    assert (found.first_ms, found.took_ms) == (200, 400)


def test_the_cap_is_for_each_choice():
    assert reply(a_call(usage=(10, 400), choices=4), cap=100).usage.output_tokens == 400


def test_an_answer_that_was_cut_then_is_said_to_be_longer():
    found = reply(a_call(usage=(10, 1_000), finish="length"), cap=2_000)
    assert found.usage.output_tokens == 1_000
    assert found.why == ("an answer that was cut then, and would be longer",)


def test_reasoning_never_exceeds_what_is_left_of_an_answer():
    call = msgspec.structs.replace(a_call(), usage=Usage(input_tokens=9, output_tokens=90, reasoning_output_tokens=80))
    usage = reply(call, cap=40).usage
    assert usage.reasoning_output_tokens == 40
    assert usage.flaw() is None


def test_a_note_is_read_as_input():
    found = reply(a_call(usage=(1_000, 100)), more_bytes=401)
    assert found.usage.input_tokens == 1_101
    assert found.why == ("a note to the model",)


def test_a_last_answer_is_whole():
    found = reply(a_call(usage=(10, 400)), cap=100, last=True)
    assert (found.usage.output_tokens, found.answered.finish) == (100, "stop")


def test_a_call_that_was_refused_says_as_much_as_its_run_did():
    replies = Replies(caches=False)
    assert reply(a_call(9, usage=None), replies).usage.output_tokens == USUAL_OUTPUT
    reply(a_call(0, run="a", usage=(10, 77)), replies)
    reply(a_call(1, run="b", usage=(10, 55)), replies)
    assert reply(a_call(2, run="a", usage=None), replies).usage.output_tokens == 77
    assert reply(a_call(3, run="c", usage=None), replies).usage.output_tokens == 55


def test_another_model_begins_with_a_cold_cache_and_warms_it():
    replies = Replies(caches=True)
    first, second, third = a_run("one", 3, usage=(6_000, 100), cached=5_888)
    assert reply(first, replies).usage == first.usage
    moved = reply(second, replies, model="gpt-4o-mini")
    assert moved.usage.cache_read_input_tokens == 0
    assert "what the provider's cache held" in moved.why
    warm = reply(third, replies, model="gpt-4o-mini")
    assert warm.usage.cache_read_input_tokens == third.usage.cache_read_input_tokens, "as warm as it was then"


def test_a_call_that_is_not_made_leaves_nothing_in_the_cache():
    replies = Replies(caches=True)
    first, second = a_run("one", 2, usage=(6_000, 100), cached=5_888)
    replies.note(first)
    assert reply(second, replies, now_ms=BEGIN_MS + 60_000).usage.cache_read_input_tokens == 0
