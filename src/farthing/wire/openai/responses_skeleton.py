"""The shape of a Responses request without its words: what reports and replay live on."""

from typing import Any

from farthing.domain.record import MessageShape, Skeleton
from farthing.wire.deterministic import is_deterministic
from farthing.wire.digests import digest
from farthing.wire.gathered import Gathered
from farthing.wire.openai.responses_input import kind_of

_PASSING = frozenset({"id", "status", "prompt_cache_breakpoint"})
"""Keys that change when an item comes back in the next request, though it is the same to the model."""


def skeleton_of(body: dict[str, Any], found: Gathered, key: bytes) -> Skeleton:
    """One shape for each input item; a plain string is one user message."""
    names: dict[str, str] = {}
    tools, instructions = body.get("tools") or [], body.get("instructions")
    before = digest(key, instructions) if instructions else ""
    offered = digest(key, tools) if tools else ""
    return Skeleton(
        messages=tuple(
            _shape(item, size, names, key)
            for item, size in zip(_items(body.get("input")), found.message_bytes(), strict=True)
        ),
        system_digest=before,
        tools_digest=offered,
        prompt_digest=digest(key, before, offered) if before or offered else "",
        tool_names=tuple(str(tool.get("name") or tool["type"]) for tool in tools),
        text_bytes=found.bytes(),
        media=tuple(part.kind for part in found.media),
        deterministic=is_deterministic(body, found.pointers),
    )


def _items(given: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": given}] if type(given) is str else given or []


def _shape(item: dict[str, Any], size: int, names: dict[str, str], key: bytes) -> MessageShape:
    kind = kind_of(item)
    call, tool = str(item.get("call_id")), ""
    if kind.endswith("_call"):
        tool = names[call] = str(item.get("name") or kind.removesuffix("_call"))
    elif kind.endswith("_output"):
        tool = names.get(call, "")
    role = str(item["role"]) if kind == "message" else kind
    bare = {name: value for name, value in item.items() if name not in _PASSING}
    return MessageShape(role, digest(key, bare), size, (tool,) if tool else ())
