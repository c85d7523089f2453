"""The gateway's formats and the simulated provider share no code: here they are held against each other."""

import json

import pytest

from farthing.testing import Settings, SimulatedProvider
from farthing.wire.anthropic.messages import MessagesDialect
from farthing.wire.openai.chat import ChatDialect
from farthing.wire.openai.responses import ResponsesDialect
from support.simulated import BODIES, chat_tool, messages_tool, post, responses_tool

CHAT, RESPONSES, MESSAGES = BODIES
DIALECTS = {CHAT: ChatDialect(), RESPONSES: ResponsesDialect(), MESSAGES: MessagesDialect()}
LONG = "word " * 5_000
TRUTHFUL = ["", "usage_twice", "usage_every_chunk", "usage_with_choices", "zero_usage"]
SHAPES = {
    CHAT: [
        {},
        {"model": "gpt-5.6"},
        {"model": "gpt-5-mini", "n": 2},
        {"tools": [chat_tool("get_order", "order_id")]},
        {"messages": [{"role": "user", "content": LONG}]},
        {"messages": [{"role": "user", "content": ""}] * 4},
        {"service_tier": "flex"},
    ],
    RESPONSES: [
        {},
        {"model": "gpt-5-mini"},
        {"instructions": LONG},
        {"tools": [responses_tool("get_order", "order_id")]},
    ],
    MESSAGES: [
        {},
        {"max_tokens": 2_000, "thinking": {"type": "enabled", "budget_tokens": 1_024}},
        {"tools": [messages_tool("get_order", "order_id")], "system": "be brief"},
        {"system": [{"type": "text", "text": LONG, "cache_control": {"type": "ephemeral", "ttl": "1h"}}]},
        {"system": [{"type": "text", "text": LONG}], "cache_control": {"type": "ephemeral"}},
    ],
}
CASES = [(path, shape) for path, shapes in SHAPES.items() for shape in shapes]


@pytest.fixture(scope="module")
def provider():
    with SimulatedProvider(Settings(answer_tokens=20)).in_thread() as running:
        yield running


def read_back(provider, path, shape, *, stream, fault=""):
    """What the gateway's reader makes of an answer to what the gateway's writer sent."""
    body = BODIES[path](**shape, **({"stream": True} if stream else {}))
    draft = DIALECTS[path].read(json.dumps(body).encode())
    outbound = draft.outbound(model=body["model"], cap=None)
    answer = post(provider, path, outbound, **({"x-sim-fault": fault} if fault else {}))
    assert answer.status_code == 200, answer.text
    if not stream:
        return draft, DIALECTS[path].answered(answer.content)
    reader = draft.stream()
    reader.feed(answer.content)
    return draft, reader.answered()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", TRUTHFUL)
@pytest.mark.parametrize(("path", "shape"), CASES)
def test_the_gateway_reads_exactly_what_the_provider_billed(provider, path, shape, fault, stream):
    for _ in range(2):  # the second time from the provider's cache
        _, answered = read_back(provider, path, shape, stream=stream, fault=fault)
        assert answered.usage == provider.bill.entries[-1].usage
        assert answered.tier == provider.bill.entries[-1].tier


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", ["no_usage", "negative_usage", "huge_usage", "malformed_usage"])
@pytest.mark.parametrize("path", list(BODIES))
def test_what_is_not_usage_is_never_read_as_usage(provider, path, fault, stream):
    assert read_back(provider, path, {}, stream=stream, fault=fault)[1].usage is None


@pytest.mark.parametrize(("path", "shape"), CASES)
def test_the_provider_never_bills_more_input_than_the_gateways_bound(provider, path, shape):
    draft, _ = read_back(provider, path, shape, stream=False)
    billed = provider.bill.entries[-1].usage.input_tokens
    assert 0 < billed <= draft.asked.text_bytes + draft.asked.overhead_tokens
