"""Edits of a Chat Completions body: a word to the model at its end, and a last call in which it can only answer.

What stands before our text stays byte for byte, so the provider's cache of it holds. Keys keep their order.
"""

from typing import Any

from farthing.wire.answer_tool import answer_tool
from farthing.wire.openai.chat_history import history_of
from farthing.wire.openai.chat_prompt import cache_mark
from farthing.wire.openai.models import said_by, takes_low_effort

_LIGHT = frozenset({"none", "minimal", "low"})
_ANSWERED_BY_CALLER = frozenset({"user", "tool"})


def saying(body: dict[str, Any], text: str) -> dict[str, Any]:
    """The body with this text as the last thing that the model reads.

    OpenAI's own models take a system message anywhere. Other servers often take one only at the beginning, and none
    between a tool's result and its answer, so there the text becomes part of the last message.
    """
    messages = body["messages"]
    last = messages[-1]
    if said_by(body["model"]).is_openai:
        return {**body, "messages": [*messages, {"role": "system", "content": text}]}
    if last["role"] in _ANSWERED_BY_CALLER and last.get("content") and not cache_mark(last):
        return {**body, "messages": [*messages[:-1], {**last, "content": _with(last["content"], text)}]}
    return {**body, "messages": [*messages, {"role": "user", "content": text}]}


def closing(body: dict[str, Any]) -> dict[str, Any]:
    """The body with tools that are there and not callable, but for the one that carries the answer, and with as little
    reasoning as the model allows: its room is for the answer."""
    edited = dict(body)
    tool = carrier(body)
    if body.get("tools"):
        edited["tool_choice"] = {"type": "function", "function": {"name": tool}} if tool else "none"
    elif body.get("functions"):
        edited["function_call"] = {"name": tool} if tool else "none"
    return hurried(edited)


def carrier(body: dict[str, Any]) -> str:
    """The name of the tool that carries the answer; "" where a text does."""
    choice = body.get("tool_choice") if body.get("tools") else body.get("function_call")
    named = choice.get("function", choice) if type(choice) is dict else {}
    names = [_name(tool) for field in ("tools", "functions") for tool in body.get(field) or ()]
    forced = str(named.get("name") or "") if type(named) is dict else ""
    return answer_tool(
        [name for name in names if name],
        forced=forced if forced in names else "",
        must=choice == "required",
        called=lambda: (use.name for use in history_of(body).uses()),
    )


def hurried(body: dict[str, Any]) -> dict[str, Any]:
    """The body with the least reasoning that its model accepts; the body itself where it asks for no more."""
    edits: dict[str, Any] = {}
    effort, reasoning, thinking = body.get("reasoning_effort"), body.get("reasoning"), body.get("thinking")
    if effort not in _LIGHT and (effort is not None or takes_low_effort(body["model"])):
        edits["reasoning_effort"] = "low"
    if type(reasoning) is dict and (reasoning.get("max_tokens") or reasoning.get("effort") not in {None, *_LIGHT}):
        rest = {key: value for key, value in reasoning.items() if key != "max_tokens"}
        edits["reasoning"] = {**rest, "effort": "low"}
    if type(thinking) is dict and thinking.get("type") == "enabled":
        edits["thinking"] = {"type": "disabled"}
    if body.get("enable_thinking"):
        edits["enable_thinking"] = False
    return {**body, **edits} if edits else body


def _with(content: Any, text: str) -> Any:
    if type(content) is str:
        return f"{content}\n\n{text}"
    return [*content, {"type": "text", "text": text}]


def _name(tool: dict[str, Any]) -> str:
    """The name of a function's definition; "" for another kind of tool."""
    function = tool.get("function", tool)
    return str(function.get("name") or "") if type(function) is dict else ""
