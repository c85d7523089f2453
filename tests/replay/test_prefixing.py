"""Breakpoints on record: in the skeleton, or told by the bill where an older record has none."""

import msgspec

from farthing.domain.record import MessageShape, Skeleton
from farthing.domain.usage import Usage
from farthing.replay.prefixing import is_marked, on_demand, shape_of
from support.past_calls import a_call

CLAUDE = {"dialect": "anthropic-messages", "model": "claude-sonnet-4-5", "cost_nanos": 1, "remainder_picos": 0}


def told(usage, breakpoint="", **more):
    shape = Skeleton(messages=(MessageShape("user", "a", 10, (), breakpoint),), text_bytes=20)
    call = a_call(skeleton=msgspec.json.encode(shape))
    return msgspec.structs.replace(call, usage=Usage(input_tokens=5_000, **usage), **{**CLAUDE, **more})


def test_what_was_cached_without_a_message_that_says_where_was_the_system():
    assert shape_of(told({"cache_read_input_tokens": 2_000})).prompt_breakpoint == "5m"
    assert shape_of(told({"cache_write_input_tokens": 2_000})).prompt_breakpoint == "5m"
    hour = {"cache_write_input_tokens": 2_000, "cache_write_1h_input_tokens": 2_000}
    assert shape_of(told(hour)).prompt_breakpoint == "1h"


def test_nothing_is_guessed_where_nothing_was_cached_or_the_record_says_it():
    assert not is_marked(shape_of(told({})))
    assert shape_of(told({"cache_read_input_tokens": 9}, "5m")).prompt_breakpoint == ""
    automatic = told({"cache_read_input_tokens": 2_000}, dialect="openai-chat")
    assert not is_marked(shape_of(automatic))
    assert not on_demand(automatic)
    assert not is_marked(shape_of(msgspec.structs.replace(told({}), usage=None)))
