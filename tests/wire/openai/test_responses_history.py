"""Tool use in Responses bodies."""

import json
from typing import Any

from farthing.wire.history import ToolUse, digest_of_arguments, digest_of_result
from farthing.wire.openai.embeddings import EmbeddingsDialect
from farthing.wire.openai.responses import ResponsesDialect
from farthing.wire.openai.responses_history import calls_in, history_of


def draft(*items: dict[str, Any]):
    body = {"model": "gpt-5", "input": [{"role": "user", "content": "Go"}, *items]}
    return ResponsesDialect().read(json.dumps(body).encode())


def call(identity: str, name: str, arguments: str) -> dict[str, Any]:
    return {"type": "function_call", "id": f"fc_{identity}", "call_id": identity, "name": name, "arguments": arguments}


def output(identity: str, said: Any) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": identity, "output": said}


def test_plain_text_has_neither_turns_nor_history() -> None:
    said = ResponsesDialect().read(b'{"model":"gpt-5","input":"Go"}')
    assert (said.history(), said.turns()) == ((), 0)


def test_calls_and_outputs_are_read_in_the_order_of_the_calls() -> None:
    said = draft(
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"},
        call("1", "read", '{"path":"a","n":1}'),
        call("2", "list", ""),
        output("2", "a b"),
        output("1", [{"type": "input_text", "text": "Error: gone"}]),
        call("3", "read", '{"n": 1, "path": "a"}'),
    )
    read = digest_of_arguments({"path": "a", "n": 1})
    assert said.history() == (
        ToolUse("read", read, digest_of_result("Error: gone"), error=True, id="1", turn=1, words=1),
        ToolUse("list", digest_of_arguments({}), digest_of_result("a b"), id="2", turn=1, words=1),
        ToolUse("read", read, id="3", turn=2, words=1),
    )
    assert said.turns() == 2


def test_custom_tools_and_shells_are_history_too() -> None:
    said = draft(
        {"type": "custom_tool_call", "call_id": "1", "name": "sql", "input": "select 1"},
        {"type": "custom_tool_call_output", "call_id": "1", "output": "1"},
        {"type": "local_shell_call", "id": "l1", "call_id": "2", "action": {"type": "exec", "command": ["ls"]}},
        {"type": "local_shell_call_output", "call_id": "2", "output": "{}"},
    )
    assert said.history() == (
        ToolUse("sql", digest_of_arguments("select 1"), digest_of_result("1"), id="1", turn=1, words=1),
        ToolUse(
            "local_shell",
            digest_of_arguments({"type": "exec", "command": ["ls"]}),
            digest_of_result("{}"),
            id="2",
            turn=2,
            words=1,
        ),
    )


def test_a_call_that_the_provider_ran_holds_its_own_result() -> None:
    ran = {"type": "mcp_call", "id": "m1", "server_label": "s", "name": "ask", "arguments": "{}"}
    said = draft({**ran, "output": "Error: said the tool", "error": None}, {**ran, "error": "timed out"}, ran)
    assert [(use.id, use.error) for use in said.history()] == [("m1", False), ("m1", True), ("m1", False)]
    assert [use.result for use in said.history()] == [
        digest_of_result("Error: said the tool"),
        digest_of_result("timed out"),
        None,
    ]


def test_items_of_the_model_in_a_row_are_one_turn() -> None:
    answer = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Yes"}]}
    asked = {"role": "user", "content": "More"}
    assert draft({"type": "reasoning", "summary": []}, answer, asked, answer).turns() == 2


def test_embeddings_have_no_history() -> None:
    said = EmbeddingsDialect().read(b'{"model":"text-embedding-3-small","input":"x"}')
    assert (said.history(), said.turns()) == ((), 0)


def test_the_user_speaks_where_something_new_is_said() -> None:
    asks = {"role": "user", "content": [{"type": "input_text", "text": "And now?"}]}
    other = {"role": "user", "content": "Try the other."}
    once = (call("1", "read", ""), asks, call("2", "read", ""), asks, call("3", "read", ""))
    said = draft(*once, other, call("4", "read", ""))
    assert [use.words for use in said.history()] == [1, 1, 1, 2]
    assert said.words() == 2
    assert ResponsesDialect().read(b'{"model":"gpt-5","input":"Go"}').words() == 1


def test_results_of_calls_that_the_provider_keeps_are_told_without_a_name():
    result = {"type": "function_call_output", "call_id": "c1", "output": "Error: none"}
    kept = history_of({"previous_response_id": "resp_1", "input": [result]}).uses()
    assert [(use.name, use.id, use.error) for use in kept] == [("", "c1", True)]
    assert history_of({"input": [result]}).uses() == ()
    call = {"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}"}
    (both,) = history_of({"previous_response_id": "resp_1", "input": [call, result]}).uses()
    assert (both.name, both.result) == ("look", kept[0].result)


def test_the_calls_of_an_answer_are_read_from_its_output():
    output = b'[{"type":"reasoning"},{"type":"function_call","call_id":"c1","name":"look","arguments":"{}"}]'
    (use,) = calls_in(output)
    assert (use.name, use.id, use.turn, use.result) == ("look", "c1", 1, None)
    assert calls_in(b"[{") == ()
