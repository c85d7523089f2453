"""Messages answers, event by event."""

import json

from farthing.testing import Reply, ToolCall
from support.simulated import events_of, messages_body, messages_tool, post

PATH = "/v1/messages"
CALL = ToolCall("get_order", {"order_id": "A 1"})


def streamed(provider, **more):
    return events_of(post(provider, PATH, messages_body(stream=True, **more)).text)


def test_a_whole_answer_has_anthropics_shape(provider):
    provider.script.push("Two days.")
    answer = post(provider, f"{PATH}?beta=true", messages_body()).json()
    assert (answer["type"], answer["role"], answer["stop_reason"]) == ("message", "assistant", "end_turn")
    assert answer["content"] == [{"type": "text", "text": "Two days."}]
    assert answer["usage"]["input_tokens"] == provider.bill.entries[0].usage.input_tokens
    assert answer["usage"]["cache_creation"] == {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0}


def test_a_stream_is_start_ping_deltas_stop(provider):
    provider.script.push("It is.")
    events = streamed(provider)
    assert [name for name, _ in events] == [
        "message_start",
        "content_block_start",
        "ping",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert all(data["type"] == name for name, data in events)
    start, delta = events[0][1]["message"], events[-2][1]
    assert (start["usage"]["output_tokens"], start["stop_reason"], start["content"]) == (1, None, [])
    assert start["usage"]["input_tokens"] == delta["usage"]["input_tokens"]
    assert delta["delta"]["stop_reason"] == "end_turn"
    assert delta["usage"]["output_tokens"] == provider.bill.entries[0].usage.output_tokens


def test_a_tool_call_streams_its_arguments_as_json_text(provider):
    provider.script.push(Reply(text="Let me see.", tools=(CALL,)))
    events = streamed(provider, tools=[messages_tool("get_order", "order_id")])
    starts = [data["content_block"]["type"] for name, data in events if name == "content_block_start"]
    assert starts == ["text", "tool_use"]
    parts = [
        data["delta"]["partial_json"] for _, data in events if data.get("delta", {}).get("type") == "input_json_delta"
    ]
    assert json.loads("".join(parts)) == CALL.arguments
    assert {data["index"] for _, data in events if "index" in data} == {0, 1}
    assert events[-2][1]["delta"]["stop_reason"] == "tool_use"


def test_thinking_is_shown_signed_and_billed(provider):
    more = {"max_tokens": 2_000, "thinking": {"type": "enabled", "budget_tokens": 1_024}}
    answer = post(provider, PATH, messages_body(**more)).json()
    assert [block["type"] for block in answer["content"]] == ["thinking", "text"]
    assert answer["content"][0]["signature"]
    assert answer["usage"]["output_tokens"] == 228
    assert answer["usage"]["output_tokens_details"] == {"thinking_tokens": 128}
    kinds = [data["delta"]["type"] for name, data in streamed(provider, **more) if name == "content_block_delta"]
    assert kinds == ["thinking_delta"] * 128 + ["signature_delta"] + ["text_delta"] * 100
    assert provider.bill.entries[1].usage.reasoning_output_tokens == 128


def test_the_cap_cuts_and_says_so(provider):
    answer = post(provider, PATH, messages_body(max_tokens=7)).json()
    assert (answer["stop_reason"], answer["usage"]["output_tokens"]) == ("max_tokens", 7)
    provider.script.push(Reply(tools=(ToolCall("get_order", {"order_id": "A " * 50}),)))
    cut = post(provider, PATH, messages_body(max_tokens=20)).json()
    assert (cut["stop_reason"], cut["content"][0]["input"]) == ("max_tokens", {})


def test_counting_is_free_and_equal_to_what_is_billed(provider):
    body = messages_body(tools=[messages_tool("f", "a")], system="be brief")
    counted = post(
        provider, f"{PATH}/count_tokens", {name: value for name, value in body.items() if name != "max_tokens"}
    )
    assert len(provider.bill) == 0
    assert post(provider, PATH, body).json()["usage"]["input_tokens"] == counted.json()["input_tokens"]
