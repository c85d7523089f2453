"""The functions that a Gemini conversation has called so far."""

from typing import Any

from farthing.wire.history import History, dicts


def history_of(body: dict[str, Any]) -> History:
    """Every turn of the model is one turn. A result finds its call by the id where both have one, else by the function's
    name: calls of Gemini have ids only since its third generation. There is no flag of an error; a result that has
    `error` in it, as Google advises, is one."""
    history = History()
    for content in dicts(body.get("contents")):
        parts = dicts(content.get("parts"))
        if content.get("role") == "model":
            history.turns += 1
        elif not any("functionResponse" in part for part in parts):
            history.hear([part for part in parts if "inlineData" not in part])
        for part in parts:
            _part(history, part)
    return history


def _part(history: History, part: dict[str, Any]) -> None:
    call, answer = part.get("functionCall"), part.get("functionResponse")
    if type(call) is dict:
        identity, name = str(call.get("id") or ""), str(call.get("name") or "")
        history.call(name, call.get("args"), identity=identity, pairs_by=identity or f"name {name}")
    elif type(answer) is dict:
        refers_to = str(answer.get("id") or "") or f"name {answer.get('name') or ''}"
        history.answer(refers_to, answer.get("response"))
