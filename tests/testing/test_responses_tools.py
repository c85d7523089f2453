"""Tools of a Responses request, wherever they stand, and how their calls look."""

import pytest

from farthing.testing.conversation import Tool, ToolCall
from farthing.testing.errors import Rejected
from farthing.testing.responses_tools import OUTPUTS, check_calls, item_of, offered, output_text, prefix_of, turn_of

FUNCTION = {"type": "function", "name": "look", "parameters": {"type": "object"}}
CUSTOM = {
    "type": "custom",
    "name": "apply_patch",
    "format": {"type": "grammar", "syntax": "lark", "definition": "start: /x/"},
}
SHELL = {"type": "local_shell"}


def test_tools_are_found_in_the_request_in_items_and_in_namespaces():
    brought = {"type": "additional_tools", "tools": [{"type": "namespace", "name": "functions", "tools": [CUSTOM]}]}
    found = offered(
        {"tools": [FUNCTION, SHELL, {"type": "web_search"}]}, [brought, {"type": "message", "tools": [CUSTOM]}]
    )
    assert [(tool.name, tool.kind, tool.namespace) for tool in found] == [
        ("look", "function", ""),
        ("local_shell", "local_shell", ""),
        ("apply_patch", "custom", "functions"),
    ]


@pytest.mark.parametrize(
    ("tool", "said", "item"),
    [
        (None, '{"a":1}', {"type": "function_call", "name": "look", "arguments": '{"a":1}'}),
        (Tool("look", {}), "{}", {"type": "function_call", "name": "look", "arguments": "{}"}),
        (
            Tool("look", {}, "custom", "functions"),
            "*** Begin Patch",
            {"type": "custom_tool_call", "name": "look", "input": "*** Begin Patch", "namespace": "functions"},
        ),
        (
            Tool("look", {}, "local_shell"),
            '{"command":["ls"]}',
            {"type": "local_shell_call", "action": {"type": "exec", "command": ["ls"], "env": {}}},
        ),
    ],
)
def test_a_call_is_an_item_of_its_tools_kind_and_reads_back_as_the_same_call(tool, said, item):
    made = item_of("call_1", "look", said, tool)
    assert made == {**item, "call_id": "call_1"}
    assert prefix_of(tool) in ("fc_", "ctc_", "lsh_")
    (call,) = turn_of(made).calls
    assert (call.id, call.text) == ("call_1", said)


@pytest.mark.parametrize(("call", "output"), OUTPUTS.items())
def test_every_call_needs_its_result_and_every_result_its_call(call, output):
    made, answered = {"type": call, "call_id": "1"}, {"type": output, "call_id": "1", "output": "done"}
    check_calls([made, answered])
    for items in ([made], [answered], [made, {**answered, "call_id": "2"}]):
        with pytest.raises(Rejected, match="No tool"):
            check_calls(items)
    assert (turn_of(answered).answers, turn_of(answered).text) == ("1", "done")


def test_a_result_in_parts_is_its_text():
    assert output_text([{"type": "input_text", "text": "a"}, {"type": "input_text", "text": "b"}]) == "a\nb"
    assert turn_of({"type": "compaction"}) is None


def test_a_custom_tool_is_called_with_its_text():
    assert ToolCall("exec", input='text("a")').text == 'text("a")'
