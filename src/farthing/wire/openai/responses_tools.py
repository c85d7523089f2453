"""Tools of a Responses request: what they add to the prompt, and which of them bill beyond the call's own tokens."""

from typing import Any

from farthing.wire.fields import as_mapping, listed, mapping, needed_list, needed_text, text, whole
from farthing.wire.gathered import Gathered

_PER_TOOL = 16
_BUILT_IN = 2_000
"""Tokens of a tool whose definition is not in the body. Not documented; put far too high."""

_CLIENT_SIDE = frozenset({"local_shell", "apply_patch", "computer", "computer_use_preview"})
_SEARCH = frozenset({"web_search", "web_search_2025_08_26", "web_search_preview", "web_search_preview_2025_03_11"})


def gather_tools(found: Gathered, body: dict[str, Any]) -> None:
    """Add `tools`. Raises BadRequest naming the field.

    `max_tool_calls` bounds the tools that OpenAI runs, all together. It can bound a web search, which bills a known fee
    and its result as input. It cannot bound what the others bill beside tokens, at prices that no usage reports: file
    search and MCP by the call, code interpreter and hosted shells by the container, images at an image model's prices.
    """
    calls = whole(body, "max_tool_calls", low=0)
    for index, tool in enumerate(listed(body, "tools") or ()):
        gather_tool(found, as_mapping(tool, f"tools[{index}]"), f"tools[{index}]", calls)


def gather_tool(found: Gathered, tool: dict[str, Any], where: str, calls: int | None) -> None:
    """Add one definition. A kind of tool that is not known may bill anything, so it counts as uncapped."""
    found.overhead += _PER_TOOL
    found.json(tool)
    kind = needed_text(tool, "type", where)
    if kind in {"function", "custom"}:
        needed_text(tool, "name", where)
    elif kind == "namespace":
        for index, inner in enumerate(needed_list(tool, "tools", where)):
            gather_tool(found, as_mapping(inner, f"{where}.tools[{index}]"), f"{where}.tools[{index}]", calls)
    elif kind in _CLIENT_SIDE or _runs_at_client(tool, kind, where):
        found.overhead += _BUILT_IN
    elif kind in _SEARCH and calls is not None:
        found.overhead += _BUILT_IN
        found.server_tools = True
        found.searches = calls
        found.pointers.append(where)
    else:
        found.uncapped_tool(where, kind)


def _runs_at_client(tool: dict[str, Any], kind: str, where: str) -> bool:
    if kind == "tool_search":
        return text(tool, "execution", where) == "client"
    if kind == "shell":
        environment = mapping(tool, "environment", where) or {}
        return environment.get("type") == "local"
    return False
