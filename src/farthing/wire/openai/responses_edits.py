"""Edits of a Responses body: a word to the model at its end, and a last call in which it can only answer.

What stands before our text stays as it is, so the provider's cache of it holds. Keys keep their order.
"""

from typing import Any

from farthing.wire.answer_tool import answer_tool
from farthing.wire.openai.models import takes_low_effort
from farthing.wire.openai.responses_history import history_of

_LIGHT = frozenset({"none", "minimal", "low"})


def saying(body: dict[str, Any], text: str) -> dict[str, Any]:
    """The body with this text as its last input item; unchanged where all its input is a stored prompt's."""
    given = body.get("input")
    if not given:
        return body
    before = [{"role": "user", "content": given}] if type(given) is str else given
    return {**body, "input": [*before, {"role": "developer", "content": text}]}


def closing(body: dict[str, Any]) -> dict[str, Any]:
    """The body with tools that are there and not callable, but for the one that carries the answer, and with as little
    reasoning as the model allows: its room is for the answer."""
    edited = dict(body)
    if body.get("tools"):
        tool = carrier(body)
        edited["tool_choice"] = {"type": "function", "name": tool} if tool else "none"
    return hurried(edited)


def carrier(body: dict[str, Any]) -> str:
    """The name of the tool that carries the answer; "" where a text does."""
    choice = body.get("tool_choice")
    names = [str(tool["name"]) for tool in body.get("tools") or () if tool.get("type") == "function"]
    forced = str(choice.get("name") or "") if type(choice) is dict else ""
    return answer_tool(
        names,
        forced=forced if forced in names else "",
        must=choice == "required",
        called=lambda: (use.name for use in history_of(body).uses()),
    )


def hurried(body: dict[str, Any]) -> dict[str, Any]:
    """The body with the least reasoning that its model accepts; the body itself where it asks for no more."""
    reasoning = body.get("reasoning") or {}
    effort = reasoning.get("effort")
    if effort in _LIGHT or (effort is None and not takes_low_effort(body["model"])):
        return body
    return {**body, "reasoning": {**reasoning, "effort": "low"}}
