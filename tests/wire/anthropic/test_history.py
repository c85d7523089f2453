"""Tool use in Messages bodies."""

import json
from typing import Any

import pytest

from farthing.wire.anthropic.messages import MessagesDialect
from farthing.wire.history import ToolUse, digest_of_arguments, digest_of_result


def draft(*messages: dict[str, Any]):
    body = {"model": "claude-haiku-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Go"}, *messages]}
    return MessagesDialect().read(json.dumps(body).encode())


def calls(*named: tuple[str, str, Any], kind: str = "tool_use") -> dict[str, Any]:
    return {"role": "assistant", "content": [{"type": kind, "id": i, "name": n, "input": a} for i, n, a in named]}


def results(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "tool_result", **block} for block in blocks]}


def test_a_conversation_without_tools_has_turns_and_no_history() -> None:
    said = draft({"role": "assistant", "content": "Hello"}, {"role": "user", "content": "Again"})
    assert (said.history(), said.turns()) == ((), 1)


def test_calls_and_results_are_read_in_the_order_of_the_calls() -> None:
    said = draft(
        calls(("1", "read", {"path": "a", "n": 1}), ("2", "list", {})),
        results({"tool_use_id": "2", "content": "a b"}, {"tool_use_id": "1", "content": "gone", "is_error": True}),
        calls(("3", "read", {"n": 1, "path": "a"})),
    )
    read = digest_of_arguments({"path": "a", "n": 1})
    assert said.history() == (
        ToolUse("read", read, digest_of_result("gone"), error=True, id="1", turn=1, words=1),
        ToolUse("list", digest_of_arguments({}), digest_of_result("a b"), id="2", turn=1, words=1),
        ToolUse("read", read, id="3", turn=2, words=1),
    )
    assert said.turns() == 2


@pytest.mark.parametrize(
    ("block", "error"),
    [
        ({"content": "Error: gone"}, True),
        ({"content": "Error: gone", "is_error": False}, False),
        ({"content": "fine", "is_error": True}, True),
        ({"content": [{"type": "text", "text": "Traceback (most"}]}, True),
        ({}, False),
    ],
)
def test_the_flag_decides_and_words_where_it_is_left_out(block: dict[str, Any], error: bool) -> None:
    (use,) = draft(calls(("1", "read", {})), results({"tool_use_id": "1", **block})).history()
    assert (use.error, use.result is None) == (error, False)


def test_a_moved_breakpoint_does_not_change_a_result() -> None:
    block = {"type": "text", "text": "fine"}
    marked = {**block, "cache_control": {"type": "ephemeral"}}
    said = [draft(calls(("1", "a", {})), results({"tool_use_id": "1", "content": [b]})) for b in (block, marked)]
    assert said[0].history() == said[1].history()


def test_tools_that_the_provider_ran_are_history_too() -> None:
    failed = {"type": "web_search_tool_result_error", "error_code": "max_uses_exceeded"}
    said = draft(
        {
            "role": "assistant",
            "content": [
                {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "x"}},
                {"type": "web_search_tool_result", "tool_use_id": "s1", "content": failed},
                {"type": "mcp_tool_use", "id": "m1", "name": "ask", "server_name": "s", "input": {}},
                {"type": "mcp_tool_result", "tool_use_id": "m1", "is_error": False, "content": []},
            ],
        }
    )
    assert [(use.name, use.error, use.turn) for use in said.history()] == [("web_search", True, 1), ("ask", False, 1)]


def test_the_user_speaks_where_something_new_is_said_and_not_beside_results() -> None:
    said = draft(
        calls(("1", "read", {})),
        results({"tool_use_id": "1", "content": "x"}),
        {"role": "user", "content": [{"type": "text", "text": "And now?"}]},
        calls(("2", "read", {})),
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "2"}, {"type": "text", "text": "Hurry."}]},
        {"role": "user", "content": "And now?"},
        calls(("3", "read", {})),
        {"role": "user", "content": "Try the other."},
        calls(("4", "read", {})),
    )
    assert [use.words for use in said.history()] == [1, 1, 1, 2]
    assert said.words() == 2
