"""Tool use in Chat Completions bodies."""

import json
from typing import Any

from farthing.wire.history import ToolUse, digest_of_arguments, digest_of_result
from farthing.wire.openai.chat import ChatDialect


def draft(*messages: dict[str, Any]):
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Go"}, *messages]}
    return ChatDialect().read(json.dumps(body).encode())


def calls(*named: tuple[str, str, str]) -> dict[str, Any]:
    made = [{"id": i, "type": "function", "function": {"name": n, "arguments": a}} for i, n, a in named]
    return {"role": "assistant", "content": None, "tool_calls": made}


def result(call: str, content: Any) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call, "content": content}


def test_a_conversation_without_tools_has_turns_and_no_history() -> None:
    said = draft({"role": "assistant", "content": "Hello"}, {"role": "user", "content": "Again"})
    assert (said.history(), said.turns()) == ((), 1)


def test_calls_and_results_are_read_in_the_order_of_the_calls() -> None:
    said = draft(
        calls(("1", "read", '{"path":"a","n":1}'), ("2", "list", "{}")),
        result("2", "a b"),
        result("1", [{"type": "text", "text": "Error: no such file"}]),
        calls(("3", "read", '{"n": 1, "path": "a"}')),
    )
    read = digest_of_arguments({"path": "a", "n": 1})
    assert said.history() == (
        ToolUse("read", read, digest_of_result("Error: no such file"), error=True, id="1", turn=1, words=1),
        ToolUse("list", digest_of_arguments({}), digest_of_result("a b"), id="2", turn=1, words=1),
        ToolUse("read", read, id="3", turn=2, words=1),
    )
    assert said.turns() == 2


def test_a_custom_tool_is_called_with_text() -> None:
    call = {"id": "1", "type": "custom", "custom": {"name": "sh", "input": "ls -l"}}
    said = draft({"role": "assistant", "tool_calls": [call]}, result("1", "total 0"))
    assert said.history() == (
        ToolUse("sh", digest_of_arguments("ls -l"), digest_of_result("total 0"), id="1", turn=1, words=1),
    )


def test_legacy_functions_are_answered_by_name() -> None:
    call = {"role": "assistant", "content": None, "function_call": {"name": "now", "arguments": "{}"}}
    said = draft(call, {"role": "function", "name": "now", "content": '{"error": "no clock"}'}, call)
    now = digest_of_arguments({})
    assert said.history() == (
        ToolUse("now", now, digest_of_result('{"error": "no clock"}'), error=True, turn=1, words=1),
        ToolUse("now", now, turn=2, words=1),
    )


def test_odd_calls_are_left_out() -> None:
    said = draft({"role": "assistant", "content": "", "tool_calls": [7, {"id": "1"}, {"function": {"name": "a"}}]})
    assert [use.name for use in said.history()] == ["a"]


def test_history_is_read_once() -> None:
    said = draft(calls(("1", "read", "{}")))
    assert said.history() == said.history()
    assert said.turns() == said.turns() == 1


def test_the_user_speaks_where_something_new_is_said() -> None:
    said = draft(
        calls(("1", "read", "{}")),
        {"role": "user", "content": "And now?"},
        calls(("2", "read", "{}")),
        {"role": "user", "content": [{"type": "text", "text": "And now?"}]},
        calls(("3", "read", "{}")),
        {"role": "user", "content": "Try the other."},
        calls(("4", "read", "{}")),
    )
    assert [use.words for use in said.history()] == [1, 1, 1, 2]
    assert said.words() == 2
