"""Anthropic tool definitions: what they add to the prompt, and which of them bill beyond the call's own tokens."""

from typing import Any

from farthing.wire.fields import as_mapping, listed, needed_text, text, whole
from farthing.wire.gathered import Gathered

ROUNDS = 10
"""The most rounds of Anthropic's loop over its own tools before it answers `pause_turn` ("Server tools", "The
server-side loop and pause_turn"). Every round bills the whole input again, most of it at the cache-read price."""

_WITH_TOOLS = 1_000
"""The system prompt that Anthropic adds when there are tools: 159 to 804 tokens by model and `tool_choice`
("Tool use", "Pricing")."""
_PER_TOOL = 32
_BUILT_IN = {
    "bash": 600,
    "text_editor": 1_500,
    "memory": 3_000,
    "computer": 3_000,
    "computer_toolset": 20_000,
    "browser_toolset": 20_000,
}
"""Tokens of tools whose definition is not in the body. Documented for older models: bash 245, text editor 700, computer
735 and 499 of system prompt; doubled here for newer tokenizers. The others are not documented and put far too high."""

_LOOPED = {"web_search": True, "web_fetch": True, "tool_search_tool_bm25": False, "tool_search_tool_regex": False}
"""Tools that Anthropic runs and feeds back as input, and whether they take `max_uses`."""


def gather_tools(found: Gathered, body: dict[str, Any]) -> None:
    """Add `tools`, `tool_choice` and `mcp_servers`. Raises BadRequest naming the field."""
    tools = listed(body, "tools") or ()
    if tools:
        found.overhead += _WITH_TOOLS
    for index, tool in enumerate(tools):
        gather_tool(found, as_mapping(tool, f"tools[{index}]"), f"tools[{index}]")
    for index, server in enumerate(listed(body, "mcp_servers") or ()):
        as_mapping(server, f"mcp_servers[{index}]")
        found.uncapped.append(f"mcp_servers[{index}]")


def gather_tool(found: Gathered, tool: dict[str, Any], where: str) -> None:
    """Add one definition. A kind of tool that is not known may bill anything, so it counts as uncapped."""
    found.breakpoint(tool, where)
    found.overhead += _PER_TOOL
    found.json(tool)
    kind = text(tool, "type", where) or "custom"
    if kind == "custom":
        needed_text(tool, "name", where)
        return
    family = _family(kind)
    if family in _BUILT_IN:
        found.overhead += _BUILT_IN[family]
    elif family in _LOOPED:
        _looped(found, tool, where, kind)
    else:  # code_execution bills container time, advisor another model, mcp_toolset whatever its server returns
        found.breakpoint(tool, where, "caching")
        found.uncapped_tool(where, kind)


def _looped(found: Gathered, tool: dict[str, Any], where: str, kind: str) -> None:
    family = _family(kind)
    found.server_tools = True
    found.pointers.append(where)
    uses = whole(tool, "max_uses", where)
    if _LOOPED[family] and uses is None:
        found.uncapped_tool(f"{where}.max_uses", kind)
    if family == "web_search":
        found.searches += uses or 0


def _family(kind: str) -> str:
    """`web_search_20250305` is of the family `web_search`; a name without a date is its own."""
    family, _, date = kind.rpartition("_")
    return family if date.isdecimal() else kind
