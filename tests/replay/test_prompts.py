"""Tokens of parts: measured by what earlier calls were counted, by bytes in between."""

import msgspec

from farthing.domain.record import MessageShape, Skeleton
from farthing.replay import prompts as module
from farthing.replay.caches import Part, parts_of
from farthing.replay.prompts import Prompts
from support.past_calls import a_call


def sent(*sizes, usage, **more):
    """A prompt of 100 bytes before messages of these sizes."""
    messages = tuple(MessageShape("user", f"{at}", size) for at, size in enumerate(sizes))
    shape = Skeleton(messages=messages, prompt_digest="p", text_bytes=100 + sum(sizes))
    return a_call(skeleton=msgspec.json.encode(shape), usage=(usage, 1), **more)


def tokens(parts):
    return [part.tokens for part in parts]


def test_a_prompt_that_nobody_saw_before_is_spread_by_bytes():
    call = sent(100, 200, usage=400)
    assert tokens(Prompts().parts(call)) == tokens(parts_of(call, 400)) == [100, 100, 200]


def test_what_was_counted_before_is_not_spread_again():
    prompts = Prompts()
    prompts.parts(sent(100, usage=90))
    assert tokens(prompts.parts(sent(100, 100, 300, usage=290))) == [45, 45, 50, 150]
    assert tokens(prompts.parts(sent(100, 100, 300, 7, usage=300))) == [45, 45, 50, 150, 10]


def test_other_models_and_prompts_count_for_themselves():
    prompts = Prompts()
    prompts.parts(sent(100, usage=90))
    assert tokens(prompts.parts(sent(100, 200, usage=400, model="gpt-4o-mini"))) == [100, 100, 200]


def test_a_count_that_cannot_be_is_not_believed():
    prompts = Prompts()
    prompts.parts(sent(100, usage=900))
    assert tokens(prompts.parts(sent(100, 200, usage=400))) == [100, 100, 200]


def test_parts_always_sum_to_what_the_provider_counted():
    prompts = Prompts()
    for at in range(1, 9):
        sizes = [37 * each % 11 for each in range(at)]
        assert sum(tokens(prompts.parts(sent(*sizes, usage=100 + 31 * at)))) == 100 + 31 * at


def test_a_prompt_whose_shape_or_length_nobody_knows_has_the_parts_of_its_trace_or_none():
    assert Prompts().parts(a_call(usage=None)) == ()
    assert Prompts().parts(a_call(skeleton=b"")) == ()
    assert Prompts().parts(a_call(skeleton=b"", blocks=((7, 512),))) == (Part(7, 512),)


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "_MOST", 10)
    prompts = Prompts()
    for at in range(100):
        prompts.parts(sent(100 + at, usage=90))
        prompts.parts(sent(*[10] * (at % 7), usage=500))
    assert len(prompts._counted) <= 12
