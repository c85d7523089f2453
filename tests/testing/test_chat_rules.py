"""Chat Completions requests."""

import pytest

from farthing.testing.chat_rules import read
from farthing.testing.errors import Rejected
from support.simulated import chat_body, chat_tool

ASKED = {"role": "user", "content": "hi"}
CALLED = {
    "role": "assistant",
    "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}],
}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "{}"}


def refused(**more):
    with pytest.raises(Rejected) as caught:
        read(chat_body(**more))
    return caught.value


@pytest.mark.parametrize(
    ("more", "param", "code"),
    [
        ({"messages": None}, "messages", "missing_required_parameter"),
        ({"messages": []}, "messages", "empty_array"),
        ({"messages": [{"role": "robot", "content": ""}]}, "messages[0].role", "invalid_value"),
        ({"max_tokens": 0}, "max_tokens", "integer_below_min_value"),
        ({"max_tokens": 16_385}, "max_tokens", "invalid_value"),
        ({"max_tokens": 5, "max_completion_tokens": 5}, "max_completion_tokens", "invalid_parameter_combination"),
        ({"model": "o3", "max_tokens": 5}, "max_tokens", "unsupported_parameter"),
        ({"model": "gpt-5", "max_tokens": 5}, "max_tokens", "unsupported_parameter"),
        ({"n": 129}, "n", "integer_above_max_value"),
        ({"foo": 1}, "foo", "unknown_parameter"),
        ({"stream_options": {"include_usage": True}}, "stream_options", None),
        ({"messages": [ASKED, RESULT]}, "messages.[1].role", None),
        ({"messages": [ASKED, CALLED]}, "messages.[2].role", None),
        ({"messages": [ASKED, CALLED, ASKED]}, "messages.[2].role", None),
        ({"messages": [ASKED, CALLED, RESULT, RESULT]}, "messages.[3].role", None),
        ({"tool_choice": {"type": "function", "function": {"name": "g"}}}, "tool_choice", None),
        (
            {"model": "gpt-4", "messages": [{"role": "user", "content": "word " * 9_000}]},
            "messages",
            "context_length_exceeded",
        ),
        (
            {"prediction": {"content": "x"}, "max_completion_tokens": 5},
            "max_completion_tokens",
            "unsupported_parameter",
        ),
    ],
)
def test_broken_rules_get_openais_errors(more, param, code):
    error = refused(**more)
    assert (error.status, error.kind, error.param, error.code) == (400, "invalid_request_error", param, code)


def test_a_call_and_its_result_are_read_as_turns():
    ask = read(
        chat_body(
            messages=[{"role": "developer", "content": "be brief"}, ASKED, CALLED, RESULT], tools=[chat_tool("f", "a")]
        )
    )
    assert [turn.role for turn in ask.prompt.turns] == ["system", "user", "assistant", "tool"]
    assert ask.prompt.turns[2].calls[0].arguments == {"a": 1}
    assert ask.prompt.turns[3].answers == "c1"
    assert ask.prompt.tools[0].name == "f"


def test_caps_choices_and_tier_are_read():
    ask = read(chat_body(max_completion_tokens=50, n=3, service_tier="flex", stream=True))
    assert (ask.cap, ask.choices, ask.tier, ask.stream, ask.show_usage) == (50, 3, "flex", True, False)
    assert read(chat_body(stream=True, stream_options={"include_usage": True})).show_usage


@pytest.mark.parametrize(
    "more",
    [
        {"tools": [chat_tool("f", "a")]},
        {"messages": [ASKED, ASKED]},
        {"messages": [{"role": "user", "name": "ann", "content": "hi"}]},
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "hi"},
                        {"type": "image_url", "image_url": {"url": "https://e.com/a.png"}},
                    ],
                }
            ]
        },
        {"messages": [ASKED, CALLED, RESULT]},
    ],
)
def test_more_in_a_prompt_is_more_tokens(more):
    small = read(chat_body(messages=[ASKED])).input_tokens
    assert read(chat_body(**{"messages": [ASKED], **more})).input_tokens > small


def test_a_short_prompt_costs_text_and_template():
    """Role, text, three tokens around the message, three that open the answer."""
    assert read(chat_body(messages=[ASKED])).input_tokens == 1 + 1 + 3 + 3


def test_a_rejected_prediction_is_counted():
    assert read(chat_body(prediction={"type": "content", "content": "one two three"})).rejected_prediction == 3


def test_a_named_format_is_read():
    schema = {"type": "object", "properties": {}}
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    assert read(chat_body(response_format=form)).prompt.schema == schema
