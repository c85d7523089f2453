"""The tools that a Chat Completions conversation has used."""

from typing import Any

from farthing.wire.history import History, dicts


def history_of(body: dict[str, Any]) -> History:
    """Every assistant message is one turn. Results carry no flag, so `looks_like_error` decides."""
    history = History()
    for message in dicts(body.get("messages")):
        match message.get("role"):
            case "assistant":
                history.turns += 1
                _calls(history, message)
            case "user":
                history.hear(message.get("content"))
            case "tool":
                history.answer(str(message.get("tool_call_id") or ""), message.get("content"))
            case "function":
                history.answer(_by_name(message), message.get("content"))
            case _:
                pass
    return history


def _calls(history: History, message: dict[str, Any]) -> None:
    for call in dicts(message.get("tool_calls")):
        called = call.get("function") or call.get("custom")
        if type(called) is dict:
            given = called.get("arguments", called.get("input"))
            history.call(str(called.get("name") or ""), given, identity=str(call.get("id") or ""))
    if type(legacy := message.get("function_call")) is dict:
        name = str(legacy.get("name") or "")
        history.call(name, legacy.get("arguments"), identity="", pairs_by=_by_name(legacy))


def _by_name(named: dict[str, Any]) -> str:
    """Legacy calls have no id: their results bear the function's name. No id begins with NUL."""
    return f"\0{named.get('name') or ''}"
