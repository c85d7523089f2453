"""Edits of a Gemini body: a word to the model at its end, and a last call in which it can only answer.

What stands before our text stays as it is, so Google's implicit cache of it holds. Keys keep their order.
"""

from typing import Any

from farthing.wire.answer_tool import answer_tool
from farthing.wire.gemini.history import history_of
from farthing.wire.gemini.models import less_thinking
from farthing.wire.gemini.tools import functions_of


def saying(body: dict[str, Any], text: str) -> dict[str, Any]:
    """The body with this text as the last thing that the model reads; unchanged where the caller has begun the answer
    itself. Results of functions stay a turn of their own: their number must be that of the calls."""
    contents = body["contents"]
    last, part = contents[-1], {"text": text}
    if last.get("role") == "model":
        return body
    parts = last.get("parts") or []
    if any("functionResponse" in each for each in parts):
        return {**body, "contents": [*contents, {"role": "user", "parts": [part]}]}
    return {**body, "contents": [*contents[:-1], {**last, "parts": [*parts, part]}]}


def closing(body: dict[str, Any], model: str) -> dict[str, Any]:
    """The body with functions that are declared and not callable, but for the one that carries the answer, without tools
    that run at Google, which nothing else turns off, and with as little thinking as the model allows."""
    edited = dict(body)
    if functions_of(body):
        tool = carrier(body)
        calling = {"mode": "ANY", "allowedFunctionNames": [tool]} if tool else {"mode": "NONE"}
        edited["toolConfig"] = {**(body.get("toolConfig") or {}), "functionCallingConfig": calling}
    if body.get("tools"):
        kept = [{"functionDeclarations": each["functionDeclarations"]} for each in body["tools"] if _declares(each)]
        edited = {key: value for key, value in edited.items() if key != "tools" or kept}
        if kept and kept != body["tools"]:
            edited["tools"] = kept
    return hurried(edited, model)


def hurried(body: dict[str, Any], model: str) -> dict[str, Any]:
    """The body with the least thinking that this model accepts; the body itself where it asks for no more."""
    config = body.get("generationConfig") or {}
    thinking = less_thinking(model, config.get("thinkingConfig"))
    return body if thinking is None else {**body, "generationConfig": {**config, "thinkingConfig": thinking}}


def carrier(body: dict[str, Any]) -> str:
    """The name of the function that carries the answer; "" where a text does."""
    calling = (body.get("toolConfig") or {}).get("functionCallingConfig") or {}
    names = [str(function["name"]) for function in functions_of(body)]
    must = str(calling.get("mode", "")).upper() == "ANY"
    allowed = [name for name in calling.get("allowedFunctionNames") or () if name in names]
    return answer_tool(
        allowed or names if must else names,
        forced=allowed[0] if must and len(allowed) == 1 else "",
        must=must,
        called=lambda: (use.name for use in history_of(body).uses()),
    )


def _declares(tool: dict[str, Any]) -> bool:
    return bool(tool.get("functionDeclarations"))
