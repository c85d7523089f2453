"""A call that was rewritten: another shape, its parts' tokens, and no claim about what was cached."""

import msgspec

from farthing.domain.record import Skeleton
from farthing.replay.asked import Asked
from farthing.replay.caches import Part
from support.past_calls import a_call, a_skeleton


def test_a_rewritten_call_counts_what_its_parts_do():
    call = a_call(usage=(1_000, 70), cached=512)
    asked = Asked(call).rewritten(a_skeleton(2), (Part("p", 10), Part("a", 300), Part("b", 40)))
    assert (asked.call.usage.input_tokens, asked.call.usage.output_tokens) == (350, 70)
    assert asked.call.usage.cache_read_input_tokens == 0
    assert msgspec.json.decode(asked.call.skeleton, type=Skeleton) == a_skeleton(2)
    assert asked.call.usage.flaw() is None
    assert call.usage.input_tokens == 1_000


def test_a_call_that_was_never_answered_stays_so():
    assert Asked(a_call(usage=None)).rewritten(a_skeleton(1), ()).call.usage is None
