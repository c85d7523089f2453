"""Messages requests."""

import pytest

from farthing.testing.errors import Rejected
from farthing.testing.messages_rules import read
from support.simulated import USER, messages_body, messages_tool

CALLED = {
    "role": "assistant",
    "content": [
        {"type": "text", "text": "let me see"},
        {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}},
    ],
}
RESULT = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "{}"}]}


def refused(counting=False, **more):
    body = {name: value for name, value in messages_body(**more).items() if value != "absent"}
    with pytest.raises(Rejected) as caught:
        read(body, counting=counting)
    assert (caught.value.status, caught.value.kind) == (400, "invalid_request_error")
    return caught.value.message


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"model": "absent"}, "model: Field required"),
        ({"messages": "absent"}, "messages: Field required"),
        ({"max_tokens": "absent"}, "max_tokens: Field required"),
        ({"max_tokens": "5"}, "max_tokens: Input should be a valid integer"),
        ({"max_tokens": 0}, "max_tokens: Input should be greater than or equal to 1"),
        (
            {"max_tokens": 64_001},
            "max_tokens: 64001 > 64000, which is the maximum allowed number of output tokens for claude-haiku-4-5",
        ),
        ({"messages": []}, "messages: at least one message is required"),
        ({"messages": "hi"}, "messages: Input should be a valid list"),
        ({"messages": [{"role": "system", "content": "x"}]}, "messages.0.role: Input should be 'user' or 'assistant'"),
        (
            {"messages": [{"role": "user", "content": ""}]},
            "messages.0: all messages must have non-empty content except for the optional final assistant message",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]},
            "messages: text content blocks must be non-empty",
        ),
        ({"foo": 1}, "foo: Extra inputs are not permitted"),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 1_023}},
            "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
        ),
        (
            {"max_tokens": 2_000, "thinking": {"type": "enabled", "budget_tokens": 2_000}},
            "`max_tokens` must be greater than `thinking.budget_tokens`.",
        ),
        ({"thinking": {"type": "enabled"}}, "thinking.enabled.budget_tokens: Field required"),
        (
            {"max_tokens": 2_000, "temperature": 0, "thinking": {"type": "adaptive"}},
            "`temperature` may only be set to 1 when thinking is enabled.",
        ),
        (
            {"tools": [messages_tool("f", "a")], "tool_choice": {"type": "any"}, "thinking": {"type": "adaptive"}},
            "Thinking may not be enabled when tool_choice forces tool use.",
        ),
        ({"tool_choice": {"type": "tool", "name": "g"}}, "Tool 'g' not found in provided tools"),
        (
            {"messages": [{"role": "user", "content": " word" * 200_001}]},
            "prompt is too long: 200007 tokens > 200000 maximum",
        ),
    ],
)
def test_broken_rules_get_anthropics_errors(more, message):
    assert refused(**more) == message


def test_an_unknown_kind_of_thinking_is_refused():
    assert "'adaptive', 'disabled', 'enabled'" in refused(thinking={"type": "deep"})


def test_a_result_needs_its_call_and_a_call_its_result():
    assert "unexpected `tool_use_id` found in `tool_result` blocks: t1" in refused(messages=[*USER, RESULT])
    assert "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: t1" in refused(
        messages=[*USER, CALLED, *USER]
    )
    assert read(messages_body(messages=[*USER, CALLED, RESULT])).input_tokens


def test_counting_takes_no_cap():
    assert refused(counting=True) == "max_tokens: Extra inputs are not permitted"
    body = {name: value for name, value in messages_body().items() if name != "max_tokens"}
    assert read(body, counting=True).input_tokens == read(messages_body()).input_tokens


def test_messages_are_read_as_turns():
    ask = read(
        messages_body(
            messages=[*USER, CALLED, RESULT],
            system=[{"type": "text", "text": "be brief"}],
            tools=[messages_tool("f", "a")],
        )
    )
    assert [turn.role for turn in ask.prompt.turns] == ["system", "user", "assistant", "tool"]
    assert ask.prompt.turns[2].calls[0].arguments == {"a": 1}
    assert ask.prompt.made_calls[0].id == "t1"


@pytest.mark.parametrize(
    ("choice", "meaning"),
    [(None, "auto"), ({"type": "any"}, "required"), ({"type": "none"}, "none"), ({"type": "tool", "name": "f"}, "f")],
)
def test_choices_of_tools_are_read(choice, meaning):
    assert read(messages_body(tools=[messages_tool("f", "a")], tool_choice=choice)).prompt.tool_choice == meaning


@pytest.mark.parametrize(
    ("thinking", "tokens"),
    [
        (None, 0),
        ({"type": "disabled"}, 0),
        ({"type": "adaptive"}, 64),
        ({"type": "enabled", "budget_tokens": 1_024}, 128),
    ],
)
def test_thinking_stays_within_its_budget(thinking, tokens):
    assert read(messages_body(max_tokens=2_000, thinking=thinking)).reasoning == tokens


def test_a_system_message_may_stand_in_a_conversation_but_not_begin_it():
    system = {"role": "system", "content": "Be brief."}
    assert [turn.role for turn in read(messages_body(messages=[*USER, system])).prompt.turns] == ["user", "system"]
    assert refused(messages=[system, *USER]) == "messages.0.role: Input should be 'user' or 'assistant'"
