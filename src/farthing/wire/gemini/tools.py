"""Gemini's tools: what their definitions add to the prompt, and which of them bill beyond the call's own tokens."""

import re
from typing import Any

from farthing.wire.fields import as_mapping, listed, mapping, needed_text
from farthing.wire.gathered import Gathered

_WITH_TOOLS = 512
"""What Google adds where there are functions; its template is not public."""
_PER_FUNCTION = 64
_COMPUTER = 20_000
"""Functions of `computerUse` are defined by Google and not in the body; their length is not documented."""
_HUMP = re.compile(r"(?<=[a-z])([A-Z])")


def gather_tools(found: Gathered, body: dict[str, Any]) -> None:
    """Add `tools` and `toolConfig`. Raises BadRequest naming the field."""
    for index, tool in enumerate(listed(body, "tools") or ()):
        where = f"tools[{index}]"
        for kind, value in as_mapping(tool, where).items():
            if kind == "functionDeclarations":
                _functions(found, tool, where)
            elif kind == "computerUse":
                found.overhead += _COMPUTER
            elif value is not None:  # searches, pages, maps and code run at Google, and are fed back without a limit
                found.uncapped_tool(f"{where}.{kind}", _HUMP.sub(r"_\1", kind).lower())
    mapping(body, "toolConfig")


def functions_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    """All functions that the body declares, in its order."""
    return [each for tool in body.get("tools") or () for each in tool.get("functionDeclarations") or ()]


def _functions(found: Gathered, tool: dict[str, Any], where: str) -> None:
    declared = listed(tool, "functionDeclarations", where) or ()
    if declared:
        found.overhead += _WITH_TOOLS
    for index, function in enumerate(declared):
        at = f"{where}.functionDeclarations[{index}]"
        needed_text(as_mapping(function, at), "name", at)
        found.overhead += _PER_FUNCTION
        found.json(function)
