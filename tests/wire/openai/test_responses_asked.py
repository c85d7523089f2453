"""What a Responses request asks for, and the fields that a hard budget must refuse."""

import pytest

from farthing.domain.errors import BadRequest
from farthing.wire.openai.responses import ResponsesDialect
from support.messages_wire import compact
from support.responses_wire import CODEX, asked

read = ResponsesDialect().read


def facts(**fields):
    return read(asked(**fields)).asked


def test_the_usual_facts():
    asks = facts(stream=True)
    assert (asks.model, asks.stream, asks.cap, asks.choices) == ("gpt-5.2", True, 1024, 1)
    assert asks.text_bytes == len("Hello")
    assert 0 < asks.overhead_tokens < 100
    assert (asks.pointers, asks.uncapped, asks.tier, asks.cache_ttl, asks.rounds) == ((), (), "", "", 1)
    assert asks.wants_usage


def test_codexs_body_is_understood_without_a_pointer_or_an_uncapped_feature():
    asks = read(compact(CODEX)).asked
    assert (asks.pointers, asks.uncapped, asks.rounds, asks.cap) == ((), (), 1, None)
    assert asks.reasons
    assert asks.text_bytes > len(CODEX["instructions"]) + 320
    assert asks.attribution == ()


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"model": None}, "model"),
        ({"max_output_tokens": True}, "max_output_tokens"),
        ({"max_output_tokens": 1.0}, "max_output_tokens"),
        ({"max_output_tokens": "1"}, "max_output_tokens"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"max_tokens": 5}, "max_tokens"),
        ({"max_completion_tokens": 5}, "max_completion_tokens"),
        ({"max_tool_calls": -1}, "max_tool_calls"),
        ({"stream": 1}, "stream"),
        ({"background": "yes"}, "background"),
        ({"instructions": ["x"]}, "instructions"),
        ({"input": 5}, "input"),
        ({"input": ["x"]}, "input[0]"),
        ({"reasoning": "high"}, "reasoning"),
        ({"reasoning": {"effort": 5}}, "reasoning.effort"),
        ({"previous_response_id": 5}, "previous_response_id"),
        ({"conversation": 5}, "conversation"),
        ({"conversation": {}}, "conversation.id"),
        ({"prompt": {}}, "prompt.id"),
        ({"service_tier": 5}, "service_tier"),
        ({"text": {"format": 5}}, "text.format"),
        ({"metadata": "x"}, "metadata"),
        ({"user": 5}, "user"),
        ({"context_management": [5]}, "context_management[0]"),
    ],
)
def test_r58_what_cannot_be_understood_exactly_is_refused_by_name(fields, named):
    with pytest.raises(BadRequest) as refused:
        facts(**fields)
    assert refused.value.field == named
    assert named in refused.value.message


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"background": True}, "background"),
        ({"context_management": [{"type": "compaction", "compact_threshold": 1000}]}, "context_management[0]"),
        ({"reasoning": {"mode": "pro"}}, "reasoning.mode"),
        ({"n": 3}, "n"),
        ({"some_future_field": {}}, "some_future_field"),
    ],
)
def test_what_bills_without_a_bound_is_named(fields, named):
    assert facts(**fields).uncapped == (named,)


def test_what_openai_holds_is_a_pointer():
    asks = facts(previous_response_id="resp_1")
    assert (asks.pointers, asks.previous) == (("previous_response_id",), "resp_1")
    assert facts(conversation="conv_1").pointers == ("conversation",)
    assert facts(conversation={"id": "conv_1"}).pointers == ("conversation",)
    assert facts(prompt={"id": "pmpt_1"}, input=None).pointers == ("prompt.id",)


@pytest.mark.parametrize(
    ("reasoning", "reasons"),
    [
        (None, False),
        ({"effort": "none"}, False),
        ({"summary": "auto"}, False),
        ({"effort": "minimal"}, True),
        ({"effort": "xhigh"}, True),
    ],
)
def test_reasoning_is_on_where_an_effort_says_so(reasoning, reasons):
    assert facts(reasoning=reasoning).reasons is reasons


@pytest.mark.parametrize(
    ("asked_for", "tier"),
    [("default", ""), ("auto", "auto"), ("flex", "flex"), ("priority", "priority"), ("fast", "priority")],
)
def test_the_tier_that_may_be_billed(asked_for, tier):
    assert facts(service_tier=asked_for).tier == tier


MARKED = {"type": "input_text", "text": "x", "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}}


@pytest.mark.parametrize(
    ("fields", "ttl"),
    [
        ({"prompt_cache_options": {"mode": "explicit"}}, "5m"),
        ({"prompt_cache_options": {"ttl": "30m"}}, "5m"),
        ({"prompt_cache_options": {"ttl": "12h"}}, "1h"),
        ({"input": [{"role": "user", "content": [MARKED]}]}, "1h"),
        ({"prompt_cache_retention": "24h"}, ""),
    ],
)
def test_the_longest_cache_write_that_is_asked_for(fields, ttl):
    assert facts(**fields).cache_ttl == ttl


def test_attribution_is_the_user_and_the_tags():
    asks = facts(safety_identifier="u1", metadata={"project": "x"}, prompt_cache_key="k")
    assert asks.attribution == (("user", "u1"), ("tag.project", "x"))
