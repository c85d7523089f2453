"""What a Messages request asks for, and the fields that a hard budget must refuse."""

import pytest

from farthing.domain.errors import BadRequest
from farthing.wire.anthropic.messages import MessagesDialect
from support.messages_wire import asked

read = MessagesDialect().read


def facts(**fields):
    return read(asked(**fields)).asked


def refused(**fields) -> str:
    """The field that a 400 names."""
    with pytest.raises(BadRequest) as error:
        facts(**fields)
    assert error.value.status == 400
    assert error.value.field in error.value.message
    return error.value.field


def test_the_usual_facts():
    asks = facts(stream=True)
    assert (asks.model, asks.stream, asks.cap, asks.choices) == ("claude-sonnet-4-6", True, 1024, 1)
    assert asks.text_bytes == len("Hello, Claude")
    assert 0 < asks.overhead_tokens < 100
    assert (asks.pointers, asks.uncapped, asks.tier, asks.cache_ttl, asks.rounds) == ((), (), "", "", 1)


def test_a_cap_of_zero_fills_the_cache_and_is_a_cap():
    assert facts(max_tokens=0).cap == 0


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"model": None}, "model"),
        ({"model": 5}, "model"),
        ({"model": ""}, "model"),
        ({"max_tokens": True}, "max_tokens"),
        ({"max_tokens": 10.0}, "max_tokens"),
        ({"max_tokens": "10"}, "max_tokens"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"max_tokens": 2**31}, "max_tokens"),
        ({"max_output_tokens": 5}, "max_output_tokens"),
        ({"max_completion_tokens": 5}, "max_completion_tokens"),
        ({"max_tokens_to_sample": 5}, "max_tokens_to_sample"),
        ({"stream": "true"}, "stream"),
        ({"messages": None}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": ["hi"]}, "messages[0]"),
        ({"messages": [{"content": "hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"thinking": "on"}, "thinking"),
        ({"thinking": {}}, "thinking.type"),
        ({"thinking": {"type": "enabled", "budget_tokens": "5"}}, "thinking.budget_tokens"),
        ({"output_config": {"effort": 5}}, "output_config.effort"),
        ({"service_tier": "gold"}, "service_tier"),
        ({"speed": "ludicrous"}, "speed"),
        ({"metadata": []}, "metadata"),
        ({"metadata": {"user_id": 5}}, "metadata.user_id"),
        ({"cache_control": {"type": "ephemeral", "ttl": "24h"}}, "cache_control.ttl"),
        ({"thread": "x"}, "thread"),
    ],
)
def test_r58_what_cannot_be_understood_exactly_is_refused_by_name(fields, named):
    assert refused(**fields) == named


@pytest.mark.parametrize(
    ("fields", "thinking", "reasons"),
    [
        ({}, None, False),
        ({"thinking": {"type": "enabled", "budget_tokens": 2048}}, 2048, True),
        ({"thinking": {"type": "adaptive"}}, None, True),
        ({"thinking": {"type": "between_tools"}}, None, True),
        ({"thinking": {"type": "disabled"}}, None, False),
        ({"output_config": {"effort": "high"}}, None, True),
        ({"thinking": {"type": "disabled"}, "output_config": {"effort": "low"}}, None, True),
    ],
)
def test_thinking_is_recognised_in_all_its_forms(fields, thinking, reasons):
    asks = facts(**fields)
    assert (asks.thinking, asks.reasons) == (thinking, reasons)


@pytest.mark.parametrize(("fields", "tier"), [
    ({"service_tier": "auto"}, ""), ({"service_tier": "standard_only"}, ""),
    ({"speed": "fast"}, "fast"), ({"speed": "standard"}, ""),
])  # fmt: skip
def test_only_fast_has_a_dearer_price(fields, tier):
    assert facts(**fields).tier == tier


HOUR = {"type": "ephemeral", "ttl": "1h"}
FIVE = {"type": "ephemeral"}


@pytest.mark.parametrize(
    ("fields", "ttl"),
    [
        ({"cache_control": FIVE}, "5m"),
        ({"cache_control": HOUR}, "1h"),
        ({"system": [{"type": "text", "text": "s", "cache_control": HOUR}], "cache_control": FIVE}, "1h"),
        ({"tools": [{"name": "t", "input_schema": {}, "cache_control": FIVE}]}, "5m"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "x", "cache_control": HOUR}]}]}, "1h"),
        ({"messages": [{"role": "user", "content": [{"type": "odd", "inside": {"cache_control": HOUR}}]}]}, "1h"),
        ({"cache_control": None}, ""),
    ],
)
def test_the_longest_cache_write_is_found_wherever_it_stands(fields, ttl):
    assert facts(**fields).cache_ttl == ttl


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"fallbacks": [{"model": "claude-opus-4-6"}]}, "fallbacks"),
        ({"inference_geo": "us"}, "inference_geo"),
        ({"mcp_servers": [{"type": "url", "url": "https://x", "name": "x"}]}, "mcp_servers[0]"),
        ({"context_management": {"edits": [{"type": "compact_20260112"}]}}, "context_management.edits[0]"),
        ({"some_future_field": True}, "some_future_field"),
    ],
)
def test_what_bills_without_a_bound_is_named(fields, named):
    assert facts(**fields).uncapped == (named,)


@pytest.mark.parametrize(
    "fields",
    [
        {"inference_geo": "global"},
        {"context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}},
        {"mcp_servers": []},
        {"temperature": 1, "top_k": 5, "top_p": 0.5, "stop_sequences": ["x"], "diagnostics": {}},
    ],
)
def test_what_has_no_effect_on_the_bill_is_not(fields):
    assert facts(**fields).uncapped == ()


def test_what_the_provider_holds_is_a_pointer():
    asks = facts(container="container_01", thread={"type": "continue", "previous_message_id": "msg_01"})
    assert asks.pointers == ("container", "thread.previous_message_id")
    assert asks.previous == "msg_01"


def test_claude_codes_body_is_understood_without_a_pointer_or_an_uncapped_feature():
    session = "user_" + "a" * 64 + "_account__session_0b9b4b3e-6f1c-4f5e-9a57-b1c7e6f0a001"
    asks = facts(
        max_tokens=32000,
        stream=True,
        metadata={"user_id": session},
        system=[{"type": "text", "text": "You are Claude Code. " * 500, "cache_control": HOUR}],
        tools=[{"name": f"Tool{n}", "description": "d" * 900, "input_schema": {"type": "object"}} for n in range(18)],
        thinking={"type": "adaptive"},
        context_management={"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        output_config={"effort": "medium"},
    )
    assert (asks.pointers, asks.uncapped, asks.rounds) == ((), (), 1)
    assert (asks.cap, asks.cache_ttl, asks.reasons) == (32000, "1h", True)
    assert dict(asks.attribution)["session"] == "0b9b4b3e-6f1c-4f5e-9a57-b1c7e6f0a001"
