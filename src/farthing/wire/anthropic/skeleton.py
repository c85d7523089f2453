"""The shape of a Messages request without its words: what reports and replay live on."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from farthing.domain.record import MessageShape, Skeleton
from farthing.wire.anthropic.history import CALLS
from farthing.wire.deterministic import is_deterministic
from farthing.wire.digests import digest
from farthing.wire.gathered import Gathered, time_to_live


def skeleton_of(body: dict[str, Any], found: Gathered, key: bytes) -> Skeleton:
    """Digests leave cache breakpoints out and take a string as the one text block it stands for, as the provider's cache
    does: a message keeps its digest when a client moves its breakpoint on."""
    names: dict[str, str] = {}
    automatic = _ttl(body)  # on the whole body: the provider takes it for the last block's
    system, tools = _blocks(body.get("system")), [_bare(tool) for tool in body.get("tools") or ()]
    before = digest(key, system) if system else ""
    offered = digest(key, tools) if tools else ""
    messages = [
        _shape(message, size, names, key) for message, size in zip(body["messages"], found.message_bytes(), strict=True)
    ]
    if automatic and messages and not messages[-1].breakpoint:
        messages[-1] = msgspec.structs.replace(messages[-1], breakpoint=automatic)
    return Skeleton(
        messages=tuple(messages),
        system_digest=before,
        tools_digest=offered,
        prompt_digest=digest(key, before, offered) if before or offered else "",
        tool_names=tuple(str(tool.get("name") or tool.get("type")) for tool in tools),
        text_bytes=found.bytes(),
        media=tuple(part.kind for part in found.media),
        prompt_breakpoint=_prompt_breakpoint(body),
        deterministic=is_deterministic(body, found.pointers),
    )


def _prompt_breakpoint(body: dict[str, Any]) -> str:
    """Of tools and system, which stand before the messages."""
    system = body.get("system")
    holders = [*(body.get("tools") or ()), *(system if type(system) is list else ())]
    return _longest(holder for holder in holders if "cache_control" in holder)


def _shape(message: dict[str, Any], size: int, names: dict[str, str], key: bytes) -> MessageShape:
    content = message["content"]
    blocks = content if type(content) is list else []
    return MessageShape(
        message["role"],
        digest(key, message["role"], _blocks(content)),
        size,
        tuple(_tools(blocks, names)),
        _longest(blocks),
    )


def _tools(blocks: list[dict[str, Any]], names: dict[str, str]) -> Iterator[str]:
    """Names of the tools called or answered; `names` remembers which call had which name."""
    for block in blocks:
        if block["type"] in CALLS:
            names[str(block.get("id"))] = block["name"]
            yield block["name"]
        elif known := names.get(str(block.get("tool_use_id"))):
            yield known


def _blocks(content: Any) -> list[Any]:
    if content is None:
        return []
    return [{"type": "text", "text": content}] if type(content) is str else [_bare(block) for block in content]


def _bare(block: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in block.items() if key != "cache_control"} if "cache_control" in block else block


def _longest(blocks: Iterable[dict[str, Any]]) -> str:
    return max(map(_ttl, blocks), key=("", "5m", "1h").index, default="")


def _ttl(block: dict[str, Any]) -> str:
    control = block.get("cache_control")
    return time_to_live(control, "cache_control") if control else ""
