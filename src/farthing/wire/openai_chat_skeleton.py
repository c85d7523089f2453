"""The shape of a Chat Completions request without its words: what reports and replay live on."""

from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from farthing.domain.record import MessageShape, Skeleton
from farthing.wire.gathered import Gathered, digest
from farthing.wire.openai_chat_prompt import cache_mark


def skeleton_of(body: dict[str, Any], found: Gathered, key: bytes) -> Skeleton:
    """Each word is hashed once: the system digest is of the digests of the instructions before the first other message,
    the prompt digest of the two digests it stands for."""
    names: dict[str, str] = {}
    messages = tuple(
        _shape(message, found.message_bytes(at), names, key) for at, message in enumerate(body["messages"])
    )
    system = [shape.digest for shape in takewhile(_instructs, messages)]
    tools = [*(body.get("tools") or ()), *(body.get("functions") or ())]
    system_digest = digest(key, system) if system else ""
    tools_digest = digest(key, tools) if tools else ""
    return Skeleton(
        messages=messages,
        system_digest=system_digest,
        tools_digest=tools_digest,
        prompt_digest=digest(key, system_digest, tools_digest) if system or tools else "",
        tool_names=tuple(map(_name, tools)),
        text_bytes=found.bytes(),
        media=tuple(part.kind for part in found.media),
    )


def _instructs(shape: MessageShape) -> bool:
    return shape.role in {"system", "developer"}


def _shape(message: dict[str, Any], size: int, names: dict[str, str], key: bytes) -> MessageShape:
    content = message.get("content")
    parts = content if type(content) is list else ()
    marks = (cache_mark(holder) for holder in (message, *parts))
    return MessageShape(
        message["role"],
        digest(key, message),
        size,
        tuple(_tools(message, names)),
        max(marks, key=("", "5m", "1h").index),
    )


def _tools(message: dict[str, Any], names: dict[str, str]) -> Iterator[str]:
    """Names of the tools called or answered; `names` remembers which call had which name."""
    calls = message.get("tool_calls")
    for call in calls if type(calls) is list else ():
        name = _name(call)
        if type(call) is dict:
            names[str(call.get("id"))] = name
        yield name
    if type(legacy := message.get("function_call")) is dict:
        yield _name(legacy)
    if message["role"] == "function":
        yield _name(message)
    elif known := names.get(str(message.get("tool_call_id"))):
        yield known


def _name(tool: Any) -> str:
    """The name of a tool definition or call: of a function, of a custom tool, or else its type."""
    if type(tool) is not dict:
        return ""
    inner = tool.get("function") or tool.get("custom")
    return str((inner if type(inner) is dict else tool).get("name") or tool.get("type") or "")
