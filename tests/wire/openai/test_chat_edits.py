"""Edits of a Chat Completions body: what stands before our text stays, and a last call can only answer."""

import json

import pytest

from farthing.wire.openai.chat import ChatDialect
from support.simulated import chat_tool

SEARCH, RESULT = chat_tool("search", "q"), chat_tool("final_result", "answer")
USER = {"role": "user", "content": "Find it."}
CALLED = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "search", "arguments": "{}"}}],
}
FOUND = {"role": "tool", "tool_call_id": "c1", "content": "nothing"}


def draft(model="gpt-4o", messages=(USER,), **fields):
    body = {"messages": list(messages), "model": model, **fields}
    return ChatDialect().read(json.dumps(body).encode())


def sent(edited):
    return json.loads(edited.outbound(model=edited.asked.model, cap=None))


def said(*messages, model="gpt-4o"):
    return sent(draft(model, messages).saying("Hurry."))["messages"]


def test_openais_models_get_a_system_message_at_the_end():
    assert said(USER, CALLED, FOUND) == [USER, CALLED, FOUND, {"role": "system", "content": "Hurry."}]


@pytest.mark.parametrize("last", [USER, FOUND])
def test_other_servers_get_it_inside_the_last_message_which_ends_as_it_did(last):
    before = [] if last is USER else [USER, CALLED]
    *rest, edited = said(*before, last, model="mistral-large-latest")
    assert rest == before
    assert edited == {**last, "content": f"{last['content']}\n\nHurry."}


def test_parts_keep_their_marks_and_ours_comes_after_them():
    marked = {"role": "user", "content": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}]}
    (edited,) = said(marked, model="anthropic/claude-sonnet-4.5")
    assert edited["content"] == [*marked["content"], {"type": "text", "text": "Hurry."}]


def test_a_mark_on_the_whole_message_is_not_stretched_over_our_text():
    marked = {**USER, "cache_control": {"type": "ephemeral"}}
    assert said(marked, model="qwen-max") == [marked, {"role": "user", "content": "Hurry."}]


def test_a_conversation_that_ends_with_the_assistant_gets_a_message_of_its_own():
    answer = {"role": "assistant", "content": "So"}
    assert said(USER, answer, model="qwen-max")[-1] == {"role": "user", "content": "Hurry."}


def test_what_is_added_is_counted_and_the_draft_itself_is_not_changed():
    one = draft()
    other = one.saying("Hurry.")
    assert other.asked.text_bytes == one.asked.text_bytes + len("Hurry.") + len("system")
    assert other.asked.overhead_tokens > one.asked.overhead_tokens
    assert len(sent(one)["messages"]) == 1


def test_keys_keep_their_order():
    one = draft(tools=[SEARCH], tool_choice="auto", temperature=0)
    assert list(sent(one.closing().saying("x"))) == ["messages", "model", "tools", "tool_choice", "temperature"]


def test_the_tools_stay_in_the_body_and_none_can_be_called():
    closed = sent(draft(messages=(USER, CALLED, FOUND), tools=[SEARCH]).closing())
    assert closed["tools"] == [SEARCH]
    assert closed["tool_choice"] == "none"


def test_without_tools_there_is_no_choice_to_make():
    assert "tool_choice" not in sent(draft().closing())


def test_the_output_tool_of_a_framework_is_the_one_that_must_be_called():
    one = draft(tools=[SEARCH, RESULT], tool_choice="required")
    assert one.carrier() == "final_result"
    assert sent(one.closing())["tool_choice"] == {"type": "function", "function": {"name": "final_result"}}


def test_a_tool_that_the_caller_forces_stays_forced():
    choice = {"type": "function", "function": {"name": "search"}}
    assert sent(draft(tools=[SEARCH, RESULT], tool_choice=choice).closing())["tool_choice"] == choice


def test_a_format_that_carries_the_answer_stays():
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}
    closed = sent(draft(tools=[SEARCH], response_format=form).closing())
    assert (closed["response_format"], closed["tool_choice"]) == (form, "none")


def test_functions_of_the_older_kind_are_closed_too():
    one = draft(functions=[{"name": "search", "parameters": {}}])
    assert sent(one.closing())["function_call"] == "none"


@pytest.mark.parametrize(
    ("model", "given", "sends"),
    [
        ("gpt-5", {}, {"reasoning_effort": "low"}),
        ("gpt-5", {"reasoning_effort": "high"}, {"reasoning_effort": "low"}),
        ("gpt-5", {"reasoning_effort": "minimal"}, {"reasoning_effort": "minimal"}),
        ("gpt-5-chat-latest", {}, {}),
        ("gpt-4o", {}, {}),
        ("deepseek-chat", {"thinking": {"type": "enabled"}}, {"thinking": {"type": "disabled"}}),
        ("qwen-max", {"enable_thinking": True}, {"enable_thinking": False}),
        (
            "x/y",
            {"reasoning": {"max_tokens": 2_000, "exclude": True}},
            {"reasoning": {"exclude": True, "effort": "low"}},
        ),
        ("x/y", {"reasoning": {"effort": "low"}}, {"reasoning": {"effort": "low"}}),
    ],
)
def test_what_room_is_left_is_for_the_answer_not_for_reasoning(model, given, sends):
    closed = sent(draft(model, **given).closing())
    fields = ("reasoning_effort", "thinking", "enable_thinking", "reasoning")
    assert {key: closed[key] for key in fields if key in closed} == sends
