"""Chat Completions answers, event by event."""

import json

from farthing.testing import Reply, ToolCall
from support.simulated import chat_body, chat_tool, events_of, post

PATH = "/v1/chat/completions"


def streamed(provider, **more):
    body = chat_body(stream=True, stream_options={"include_usage": True}, **more)
    return [data for _, data in events_of(post(provider, PATH, body).text)]


def test_a_whole_answer_has_openais_shape(provider):
    provider.script.push("Two days.")
    answer = post(provider, PATH, chat_body(max_tokens=50)).json()
    assert answer["object"] == "chat.completion"
    assert answer["choices"][0]["message"]["content"] == "Two days."
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert answer["model"] == "gpt-4o-mini"
    usage = answer["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["prompt_tokens_details"]["cached_tokens"] == 0


def test_a_stream_is_role_content_finish_usage_done(provider):
    provider.script.push("It is here.")
    *chunks, usage, done = streamed(provider)
    assert done == "[DONE]"
    assert [chunk["choices"][0]["delta"] for chunk in chunks] == [
        {"role": "assistant", "content": "", "refusal": None},
        {"content": "It"},
        {"content": " is"},
        {"content": " here."},
        {},
    ]
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None] * 4 + ["stop"]
    assert all(chunk["usage"] is None for chunk in chunks)
    assert usage["choices"] == []
    assert usage["usage"]["completion_tokens"] == provider.bill.entries[0].usage.output_tokens
    assert len({chunk["id"] for chunk in [*chunks, usage]}) == 1


def test_without_being_asked_a_stream_never_speaks_of_usage(provider):
    chunks = [data for _, data in events_of(post(provider, PATH, chat_body(stream=True)).text)]
    assert chunks[-1] == "[DONE]"
    assert all("usage" not in chunk for chunk in chunks[:-1])
    assert all(chunk["choices"] for chunk in chunks[:-1])


def test_a_tool_call_streams_its_arguments_in_pieces(provider):
    call = ToolCall("get_order", {"order_id": "A 1 0 0 1"})
    provider.script.push(Reply(tools=(call,)), Reply(text="Let me see.", tools=(call, call)))
    *chunks, _, _ = streamed(provider, tools=[chat_tool("get_order", "order_id")])
    assert chunks[0]["choices"][0]["delta"]["content"] is None
    parts = [
        chunk["choices"][0]["delta"]["tool_calls"][0]
        for chunk in chunks
        if "tool_calls" in chunk["choices"][0]["delta"]
    ]
    assert parts[0]["function"] == {"name": "get_order", "arguments": ""}
    assert parts[0]["id"].startswith("call_")
    assert "".join(part["function"]["arguments"] for part in parts) == call.text
    assert len(parts) > 2
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"
    message = post(provider, PATH, chat_body(tools=[chat_tool("get_order", "order_id")])).json()["choices"][0][
        "message"
    ]
    assert message["content"] == "Let me see."
    assert [each["function"]["arguments"] for each in message["tool_calls"]] == [call.text] * 2


def test_the_cap_cuts_and_says_so(provider):
    answer = post(provider, PATH, chat_body(max_tokens=7)).json()
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["usage"]["completion_tokens"] == 7
    *chunks, usage, _ = streamed(provider, max_completion_tokens=7)
    assert chunks[-1]["choices"][0]["finish_reason"] == "length"
    assert usage["usage"]["completion_tokens"] == 7


def test_several_choices_differ_and_are_all_billed(provider):
    answer = post(provider, PATH, chat_body(n=3, max_tokens=20)).json()
    texts = [choice["message"]["content"] for choice in answer["choices"]]
    assert len(set(texts)) == 3
    assert answer["usage"]["completion_tokens"] == 60
    *chunks, usage, _ = streamed(provider, n=2, max_tokens=5)
    assert {chunk["choices"][0]["index"] for chunk in chunks} == {0, 1}
    assert usage["usage"]["completion_tokens"] == 10


def test_a_reasoning_model_bills_thinking_that_it_does_not_show(provider):
    answer = post(provider, PATH, chat_body(model="gpt-5-mini", reasoning_effort="high")).json()
    assert answer["usage"]["completion_tokens_details"]["reasoning_tokens"] == 128
    assert answer["usage"]["completion_tokens"] == 228
    assert len(answer["choices"][0]["message"]["content"].split()) == 100


def test_a_rejected_prediction_is_billed_as_output(provider):
    prediction = {"type": "content", "content": "one two three"}
    usage = post(provider, PATH, chat_body(prediction=prediction)).json()["usage"]
    assert usage["completion_tokens"] == 103
    assert usage["completion_tokens_details"]["rejected_prediction_tokens"] == 3
    *_, chunk, _ = streamed(provider, prediction=prediction)
    assert chunk["usage"]["completion_tokens"] == 103


def test_the_served_tier_is_told(provider):
    assert post(provider, PATH, chat_body(service_tier="flex")).json()["service_tier"] == "flex"
    assert post(provider, PATH, chat_body(service_tier="auto")).json()["service_tier"] == "default"
    assert [entry.tier for entry in provider.bill] == ["flex", ""]


def test_a_named_format_is_kept(provider):
    schema = {
        "type": "object",
        "properties": {"label": {"type": "string", "enum": ["late", "lost"]}},
        "required": ["label"],
    }
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    content = post(provider, PATH, chat_body(response_format=form)).json()["choices"][0]["message"]["content"]
    assert json.loads(content) == {"label": "late"}
