"""The tools that a Messages conversation has used, its own and those that the provider ran."""

from typing import Any

from farthing.wire.history import History, dicts

CALLS = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})


def history_of(body: dict[str, Any]) -> History:
    """Every assistant message is one turn. `is_error` is the flag of an error; where it is left out, as in many a loop
    written by hand, `looks_like_error` decides."""
    history = History()
    for message in dicts(body.get("messages")):
        blocks = dicts(message.get("content"))
        if message.get("role") == "assistant":
            history.turns += 1
        elif not any(str(block.get("type")).endswith("tool_result") for block in blocks):
            history.hear(message.get("content"))  # what stands beside results is a program's reminder
        for block in blocks:
            _block(history, block)
    return history


def _block(history: History, block: dict[str, Any]) -> None:
    kind = str(block.get("type"))
    if kind in CALLS:
        history.call(str(block.get("name") or ""), block.get("input"), identity=str(block.get("id") or ""))
    elif kind.endswith("tool_result"):
        content = block.get("content")
        history.answer(str(block.get("tool_use_id") or ""), content, error=_failed(block, content))


def _failed(block: dict[str, Any], content: Any) -> bool | None:
    """A tool of the provider's own says so by the type of its content (`web_search_tool_result_error`)."""
    if type(content) is dict and str(content.get("type")).endswith("_error"):
        return True
    flag = block.get("is_error")
    return flag if type(flag) is bool else None
