"""Edits of a Messages body: a word to the model at its end, and a last call in which it can only answer.

Our text stands behind the client's last cache breakpoint, so what the client has cached, and what it caches now, is found
again by its next request, which does not have our text. Keys keep their order.
"""

from typing import Any

from farthing.wire.answer_tool import answer_tool
from farthing.wire.anthropic.history import history_of

_OFF = {"type": "disabled"}


def saying(body: dict[str, Any], text: str) -> dict[str, Any]:
    """The body with this text at the end of the user's last turn; unchanged where the client has begun the answer
    itself, since the end is then not ours.

    A breakpoint on the whole body is on its last block, whichever that is: it stays with the client's last block.
    """
    messages = body["messages"]
    last = messages[-1]
    if last["role"] != "user":
        return body
    content = last["content"]
    blocks = [{"type": "text", "text": content}] if type(content) is str else list(content)
    edited = body
    if (control := body.get("cache_control")) is not None:
        edited = {key: value for key, value in body.items() if key != "cache_control"}
        if blocks and "cache_control" not in blocks[-1]:
            blocks[-1] = {**blocks[-1], "cache_control": control}
    turn = {**last, "content": [*blocks, {"type": "text", "text": text}]}
    return {**edited, "messages": [*messages[:-1], turn]}


def closing(body: dict[str, Any]) -> dict[str, Any]:
    """The body with tools that are there and not callable, but for the one that carries the answer, and without thinking,
    which the room left is not for, and which a forced tool does not allow.

    Anthropic refuses tool results in the conversation without the definitions of their tools.
    """
    edited = dict(body)
    if body.get("tools"):
        tool = carrier(body)
        edited["tool_choice"] = {"type": "tool", "name": tool} if tool else {"type": "none"}
    if type(body.get("thinking")) is dict:
        edited["thinking"] = _OFF
    return edited


def thoughtless(body: dict[str, Any]) -> dict[str, Any]:
    """The edit that turns off thinking without a budget of its own; no edit where there is none."""
    thinking = body.get("thinking")
    return {"thinking": _OFF} if type(thinking) is dict and thinking.get("type") == "adaptive" else {}


def carrier(body: dict[str, Any]) -> str:
    """The name of the tool that carries the answer; "" where a text does."""
    choice = body.get("tool_choice") or {}
    names = [str(tool["name"]) for tool in body.get("tools") or () if tool.get("type") in {None, "custom"}]
    forced = str(choice.get("name") or "") if choice.get("type") == "tool" else ""
    return answer_tool(
        names,
        forced=forced if forced in names else "",
        must=choice.get("type") == "any",
        called=lambda: (use.name for use in history_of(body).uses()),
    )
