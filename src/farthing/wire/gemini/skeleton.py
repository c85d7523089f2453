"""The shape of a Gemini request without its words: what reports and replay live on."""

from typing import Any

from farthing.domain.record import MessageShape, Skeleton
from farthing.wire.deterministic import is_deterministic
from farthing.wire.digests import digest
from farthing.wire.gathered import Gathered
from farthing.wire.gemini.tools import functions_of

_CARRIES_TOOL = ("functionCall", "functionResponse")


def skeleton_of(body: dict[str, Any], found: Gathered, key: bytes) -> Skeleton:
    """A turn without a role is the user's, as Google takes it."""
    system, tools = (body.get("systemInstruction") or {}).get("parts") or [], body.get("tools") or []
    before = digest(key, system) if system else ""
    offered = digest(key, tools) if tools else ""
    return Skeleton(
        messages=tuple(
            _shape(content, size, key) for content, size in zip(body["contents"], found.message_bytes(), strict=True)
        ),
        system_digest=before,
        tools_digest=offered,
        prompt_digest=digest(key, before, offered) if before or offered else "",
        tool_names=tuple(_tool_names(tools)),
        text_bytes=found.bytes(),
        media=tuple(part.kind for part in found.media),
        deterministic=is_deterministic(body.get("generationConfig") or {}, found.pointers),
    )


def _shape(content: dict[str, Any], size: int, key: bytes) -> MessageShape:
    role, parts = content.get("role") or "user", content.get("parts") or []
    named = tuple(str(part[kind]["name"]) for part in parts for kind in _CARRIES_TOOL if part.get(kind))
    return MessageShape(role, digest(key, role, parts), size, named, "")


def _tool_names(tools: list[dict[str, Any]]) -> list[str]:
    """Functions by their names, Google's own tools by their kinds."""
    functions = [str(each["name"]) for each in functions_of({"tools": tools})]
    return functions + [kind for tool in tools for kind in tool if kind != "functionDeclarations"]
