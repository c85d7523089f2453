"""The shape of a Responses request: never its words."""

from farthing.wire.openai.responses import ResponsesDialect
from support.messages_wire import compact
from support.responses_wire import CODEX, asked

KEY = b"k" * 32


def shape(key=KEY, **fields):
    return ResponsesDialect().read(asked(**fields)).skeleton(key)


def test_items_are_shown_by_role_or_kind_bytes_and_tools():
    skeleton = ResponsesDialect().read(compact(CODEX)).skeleton(KEY)
    assert [each.role for each in skeleton.messages] == [
        "developer", "user", "reasoning", "local_shell_call",
        "function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output",
    ]  # fmt: skip
    assert [each.tools for each in skeleton.messages[3:]] == [
        ("local_shell",), ("shell_command",), ("shell_command",), ("apply_patch",), ("apply_patch",),
    ]  # fmt: skip
    assert skeleton.messages[1].bytes == len("fix the test")
    assert skeleton.tool_names == ("shell_command", "local_shell", "apply_patch")


def test_a_plain_string_is_one_user_message():
    (only,) = shape(input="häh").messages
    assert (only.role, only.bytes) == ("user", 4)


def test_no_word_of_the_content_is_in_it():
    assert "secret" not in str(shape(instructions="secret", input="secret"))


def test_an_item_keeps_its_digest_when_it_comes_back_with_an_id():
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    first = shape(input=[call]).messages[0].digest
    assert shape(input=[{**call, "id": "fc_1", "status": "completed"}]).messages[0].digest == first
    assert shape(input=[{**call, "arguments": "{1}"}]).messages[0].digest != first
    assert shape(b"other", input=[call]).messages[0].digest != first


def test_the_prompt_version_is_of_instructions_and_tools():
    tools = [{"type": "function", "name": "f"}]
    both, one, other, none = shape(instructions="s", tools=tools), shape(instructions="s"), shape(tools=tools), shape()
    assert both.system_digest == one.system_digest
    assert both.tools_digest == other.tools_digest
    assert len({each.prompt_digest for each in (both, one, other, none)}) == 4
    assert (none.system_digest, none.prompt_digest) == ("", "")


def test_a_request_without_input_has_no_messages():
    assert shape(input=None, prompt={"id": "p"}).messages == ()
