"""The prompt of a Messages request as Anthropic's cache sees it: tools, then system, then messages, block by block."""

from typing import Any

import msgspec

from farthing.testing.answer import Block
from farthing.testing.errors import Rejected
from farthing.testing.pictures import anthropic_tokens
from farthing.testing.tokens import (
    ANTHROPIC_FORCED_TOOLS_OVERHEAD,
    ANTHROPIC_TOOLS_OVERHEAD,
    MESSAGE_OVERHEAD,
    PRIMING,
    count,
)

_MOST_BREAKPOINTS = 4
_TTLS = ("5m", "1h")


def blocks_of(body: dict[str, Any]) -> tuple[Block, ...]:
    """All blocks in the order the cache reads them. Raises Rejected for breakpoints that break the rules."""
    blocks = [*_tools(body), *_system(body)]
    start = len(blocks)
    deferred = _deferred(body)
    for message in body["messages"]:
        blocks += _message(message, deferred)
    if start < len(blocks):
        blocks[start] = _salted(blocks[start], body)
    blocks[-1] = msgspec.structs.replace(blocks[-1], tokens=blocks[-1].tokens + PRIMING)
    automatic = body.get("cache_control")
    if automatic is not None and not blocks[-1].ttl:
        blocks[-1] = msgspec.structs.replace(blocks[-1], ttl=_ttl(automatic, "cache_control"))
    _check_breakpoints(blocks)
    return tuple(blocks)


def seen_tools(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The tools that the model can see: all but those whose definition is deferred and was not found by a search yet."""
    deferred = _deferred(body)
    found = {name for message in body["messages"] for name in _references(message.get("content"))}
    return [tool for tool in body.get("tools") or [] if tool.get("name") not in deferred or tool["name"] in found]


def is_forced(body: dict[str, Any]) -> bool:
    """The request makes the model use a tool."""
    return (body.get("tool_choice") or {}).get("type") in ("any", "tool")


def _tools(body: dict[str, Any]) -> list[Block]:
    blocks = []
    deferred = _deferred(body)
    for at, tool in enumerate(body.get("tools") or []):
        if tool.get("name") in deferred:
            continue
        text = _plain(tool)
        blocks.append(Block(f"tool {text}", count(text), _ttl(tool.get("cache_control"), f"tools.{at}.cache_control")))
    if blocks:
        overhead = ANTHROPIC_FORCED_TOOLS_OVERHEAD if is_forced(body) else ANTHROPIC_TOOLS_OVERHEAD
        blocks[0] = msgspec.structs.replace(blocks[0], tokens=blocks[0].tokens + overhead)
    return blocks


def _system(body: dict[str, Any]) -> list[Block]:
    system = body.get("system")
    if not system:
        return []
    parts = system if isinstance(system, list) else [{"type": "text", "text": system}]
    return [
        Block(
            f"system {part.get('text')}",
            count(str(part.get("text", ""))) + (MESSAGE_OVERHEAD if at == 0 else 0),
            _ttl(part.get("cache_control"), f"system.{at}.cache_control"),
        )
        for at, part in enumerate(parts)
    ]


def _deferred(body: dict[str, Any]) -> dict[str, str]:
    """Tools that are no part of the prompt (`defer_loading`) until a result refers to them: name → definition."""
    return {str(tool.get("name")): _plain(tool) for tool in body.get("tools") or [] if tool.get("defer_loading")}


def _references(content: Any) -> list[str]:
    """The tools that a search found: `tool_reference` blocks in the results of a message."""
    parts = [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    here = [str(part.get("tool_name")) for part in parts if part.get("type") == "tool_reference"]
    return here + [
        name for part in parts if part.get("type") == "tool_result" for name in _references(part.get("content"))
    ]


def _message(message: dict[str, Any], deferred: dict[str, str]) -> list[Block]:
    content = message["content"]
    parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
    return [
        Block(
            f"{message['role']} {at == 0} {_plain(part)}",
            _part_tokens(part, deferred) + (MESSAGE_OVERHEAD if at == 0 else 0),
            _ttl(part.get("cache_control"), "messages.cache_control"),
        )
        for at, part in enumerate(parts)
    ]


def _part_tokens(part: dict[str, Any], deferred: dict[str, str]) -> int:
    match part.get("type"):
        case "text":
            return count(str(part.get("text", "")))
        case "thinking" | "redacted_thinking":
            return count(str(part.get("thinking", "")))
        case "tool_use":
            return count(str(part.get("name", ""))) + count(msgspec.json.encode(part.get("input")).decode())
        case "tool_result":
            content = part.get("content") or ""
            return (
                count(content) if isinstance(content, str) else sum(_part_tokens(inner, deferred) for inner in content)
            )
        case "tool_reference":
            return count(deferred.get(str(part.get("tool_name")), ""))
        case "image":
            source = part.get("source") or {}
            return anthropic_tokens(str(source.get("data") or source.get("url") or ""))
        case _:
            return count(_plain(part))


def _plain(part: dict[str, Any]) -> str:
    """A block's JSON without its breakpoint, which is no part of what is cached."""
    return msgspec.json.encode({name: value for name, value in part.items() if name != "cache_control"}).decode()


def _salted(block: Block, body: dict[str, Any]) -> Block:
    """Messages are cached apart for each choice of tools and thinking; tools and system are not."""
    salt = msgspec.json.encode([body.get("tool_choice"), body.get("thinking")]).decode()
    return msgspec.structs.replace(block, content=f"{salt} {block.content}")


def _ttl(control: Any, place: str) -> str:
    if control is None:
        return ""
    if control.get("type") != "ephemeral":
        raise Rejected(
            f"{place}: Input tag '{control.get('type')}' does not match any of the expected tags: 'ephemeral'"
        )
    ttl = control.get("ttl") or "5m"
    if ttl not in _TTLS:
        raise Rejected(f"{place}.ephemeral.ttl: Input should be '5m' or '1h'")
    return str(ttl)


def _check_breakpoints(blocks: list[Block]) -> None:
    ttls = [block.ttl for block in blocks if block.ttl]
    if len(ttls) > _MOST_BREAKPOINTS:
        raise Rejected(
            f"A maximum of {_MOST_BREAKPOINTS} blocks with cache_control may be provided. Found {len(ttls)}."
        )
    if "5m" in ttls and "1h" in ttls[ttls.index("5m") :]:
        raise Rejected(
            "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. Note that blocks are "
            "processed in the following order: `tools`, `system`, `messages`."
        )
