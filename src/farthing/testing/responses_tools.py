"""The tools that a Responses request offers, wherever they stand, and how calls of them look as items.

A function is called with JSON, a custom tool with plain text in a grammar of its own, the local shell with a command.
"""

from collections.abc import Iterator
from typing import Any

from farthing.testing.chat_rules import arguments_of, text_of
from farthing.testing.conversation import Tool, ToolCall, Turn
from farthing.testing.errors import Rejected

Items = list[dict[str, Any]]

OUTPUTS = {
    "function_call": "function_call_output",
    "custom_tool_call": "custom_tool_call_output",
    "local_shell_call": "local_shell_call_output",
}
"""Every kind of call, and the kind of item that answers it."""
_SHELL = "local_shell"
_SHELL_SCHEMA = {"type": "object", "properties": {"command": {"type": "array", "items": {"type": "string"}}}}
_SHORT = {
    "function": ("function_call", "fc_"),
    "custom": ("custom_tool_call", "ctc_"),
    _SHELL: ("local_shell_call", "lsh_"),
}


def offered(body: dict[str, Any], items: Items) -> tuple[Tool, ...]:
    """What the model may call: of the request, of items that bring tools, and of namespaces in either."""
    brought = (tool for item in items for tool in (item.get("tools") or []) if _brings_tools(item))
    return tuple(_each([*(body.get("tools") or []), *brought], ""))


def _brings_tools(item: dict[str, Any]) -> bool:
    return item.get("type") in {"additional_tools", "tool_search_output"}


def _each(tools: Items, namespace: str) -> Iterator[Tool]:
    for tool in tools:
        name = str(tool.get("name"))
        match tool.get("type"):
            case "function":
                yield Tool(name, tool.get("parameters") or {}, "function", namespace)
            case "custom":
                yield Tool(name, {}, "custom", namespace)
            case "local_shell":
                yield Tool(_SHELL, _SHELL_SCHEMA, _SHELL)
            case "namespace":
                yield from _each(tool.get("tools") or [], name)


def turn_of(item: dict[str, Any]) -> Turn | None:
    """A call or its result as a turn; None for any other item."""
    call_id = str(item.get("call_id"))
    match item.get("type"):
        case "function_call":
            call = ToolCall(str(item.get("name")), arguments_of(item.get("arguments")), call_id)
        case "custom_tool_call":
            call = ToolCall(str(item.get("name")), id=call_id, input=str(item.get("input")))
        case "local_shell_call":
            call = ToolCall(_SHELL, {"command": (item.get("action") or {}).get("command")}, call_id)
        case kind if kind in OUTPUTS.values():
            return Turn(role="tool", text=output_text(item.get("output")), answers=call_id)
        case _:
            return None
    return Turn(role="assistant", calls=(call,))


def output_text(output: object) -> str:
    return output if isinstance(output, str) else text_of(output)


def check_calls(items: Items) -> None:
    """Every call has its result, and every result its call. Raises Rejected."""
    for call, output in OUTPUTS.items():
        made = {item.get("call_id") for item in items if item.get("type") == call}
        answered = {item.get("call_id") for item in items if item.get("type") == output}
        words = call.replace("_", " ")
        for item in items:
            asked = item.get("call_id")
            if item.get("type") == output and asked not in made:
                raise Rejected(f"No tool call found for {words} output with call_id {asked}.", param="input")
            if item.get("type") == call and asked not in answered:
                raise Rejected(f"No tool output found for {words} {asked}.", param="input")


def item_of(call_id: str, name: str, said: str, tool: Tool | None) -> dict[str, Any]:
    """A call as an output item, but for its own id and status; what it says may have been cut."""
    kind = "function" if tool is None else tool.kind
    item: dict[str, Any] = {"type": _SHORT[kind][0], "call_id": call_id}
    if kind == _SHELL:
        command = arguments_of(said).get("command") or []
        return {**item, "action": {"type": "exec", "command": command, "env": {}}}
    if tool is not None and tool.namespace:
        item["namespace"] = tool.namespace
    return {**item, "name": name, ("input" if kind == "custom" else "arguments"): said}


def prefix_of(tool: Tool | None) -> str:
    """How the ids of such items begin."""
    return _SHORT["function" if tool is None else tool.kind][1]
