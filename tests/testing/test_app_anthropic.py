"""Anthropic's own client against the simulated provider."""

import asyncio
import json

import anthropic
import pytest

from farthing.testing import Reply, ToolCall
from support.simulated import USER, messages_tool

LONG = "word " * 5_000


@pytest.fixture
def client(provider):
    with anthropic.Anthropic(base_url=provider.url, api_key="sk-ant-test", max_retries=0) as made:
        yield made


def ask(client, **more):
    return client.messages.create(**{"model": "claude-haiku-4-5", "max_tokens": 200, "messages": USER, **more})


def test_whole_and_streamed_say_and_bill_the_same(client, provider):
    whole = ask(client)
    with client.messages.stream(model="claude-haiku-4-5", max_tokens=200, messages=USER) as stream:
        final = stream.get_final_message()
    assert final.content[0].text == whole.content[0].text
    assert final.usage.output_tokens == whole.usage.output_tokens == 100
    assert [entry.usage for entry in provider.bill] == [provider.bill.entries[0].usage] * 2


def test_an_asynchronous_client_streams(provider):
    asked = {"model": "claude-haiku-4-5", "max_tokens": 20, "messages": USER}

    async def ask_async():
        made = anthropic.AsyncAnthropic(base_url=provider.url, api_key="k")
        async with made as client, client.messages.stream(**asked) as stream:
            pieces = [text async for text in stream.text_stream]
            return "".join(pieces), await stream.get_final_message()

    text, final = asyncio.run(ask_async())
    assert final.content[0].text == text
    assert (final.stop_reason, final.usage.output_tokens) == ("max_tokens", 20)


def test_the_beta_route_is_the_same(client):
    answer = client.beta.messages.create(model="claude-haiku-4-5", max_tokens=20, messages=USER, betas=["some-beta"])
    assert answer.usage.output_tokens == 20


def test_tools_are_called_streamed_and_answered(client, provider):
    provider.script.push(
        Reply(text="Let me see.", tools=(ToolCall("get_order", {"order_id": "A-1001"}),)), "On its way."
    )
    tools = [messages_tool("get_order", "order_id")]
    with client.messages.stream(model="claude-haiku-4-5", max_tokens=200, messages=USER, tools=tools) as stream:
        first = stream.get_final_message()
    call = first.content[1]
    assert (first.stop_reason, call.input) == ("tool_use", {"order_id": "A-1001"})
    result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "{}"}]}
    second = ask(client, tools=tools, messages=[*USER, {"role": "assistant", "content": first.content}, result])
    assert second.content[0].text == "On its way."


def test_a_forced_tool_is_called(client):
    answer = ask(
        client, tools=[messages_tool("f", "a"), messages_tool("g", "b")], tool_choice={"type": "tool", "name": "g"}
    )
    assert [block.name for block in answer.content] == ["g"]


def test_thinking_survives_the_round_trip(client):
    thinking = {"type": "enabled", "budget_tokens": 1_024}
    first = ask(client, max_tokens=2_000, thinking=thinking)
    assert [block.type for block in first.content] == ["thinking", "text"]
    again = ask(
        client,
        max_tokens=2_000,
        thinking=thinking,
        messages=[*USER, {"role": "assistant", "content": first.content}, *USER],
    )
    assert again.usage.input_tokens > first.usage.input_tokens


def test_cache_breakpoints_are_written_read_and_priced(client, provider, clock):
    system = [{"type": "text", "text": LONG, "cache_control": {"type": "ephemeral"}}]
    first, second = ask(client, system=system).usage, ask(client, system=system).usage
    clock.advance(minutes=5)
    third = ask(client, system=system).usage
    written = first.cache_creation_input_tokens
    assert written > 4_096
    assert (first.cache_read_input_tokens, second.cache_read_input_tokens, third.cache_read_input_tokens) == (
        0,
        written,
        0,
    )
    assert first.cache_creation.ephemeral_5m_input_tokens == written == third.cache_creation_input_tokens
    rest = first.input_tokens * 1_000_000 + 100 * 5_000_000
    assert [entry.picos for entry in provider.bill] == [
        written * 1_250_000 + rest,
        written * 100_000 + rest,
        written * 1_250_000 + rest,
    ]


def test_counting_tokens_agrees_with_the_bill(client):
    counted = client.messages.count_tokens(model="claude-haiku-4-5", messages=USER, system="be brief")
    assert ask(client, system="be brief").usage.input_tokens == counted.input_tokens


def test_models_are_listed(client):
    assert "claude-haiku-4-5" in {model.id for model in client.models.list()}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("429", anthropic.RateLimitError),
        ("529", anthropic.InternalServerError),
        ("404", anthropic.NotFoundError),
        ("reset_before_headers", anthropic.APIConnectionError),
    ],
)
def test_faults_become_the_clients_own_errors(client, provider, fault, error):
    provider.faults.push(fault)
    with pytest.raises(error):
        ask(client)


def test_an_error_event_ends_a_stream_with_an_error(client, provider):
    provider.faults.push("error_event")
    with (
        pytest.raises(anthropic.APIStatusError) as caught,
        client.messages.stream(model="claude-haiku-4-5", max_tokens=200, messages=USER) as stream,
    ):
        stream.get_final_message()
    assert json.loads(json.dumps(caught.value.body))["error"]["type"] == "overloaded_error"


def test_a_broken_rule_is_a_bad_request(client):
    part = {"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}
    with pytest.raises(anthropic.BadRequestError, match="maximum of 4 blocks"):
        ask(client, messages=[{"role": "user", "content": [part] * 5}])
