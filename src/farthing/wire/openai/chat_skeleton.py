"""The shape of a Chat Completions request without its words: what reports and replay live on."""

from collections.abc import Iterator
from typing import Any

from farthing.domain.record import MessageShape, Skeleton
from farthing.wire.deterministic import is_deterministic
from farthing.wire.digests import Remembered, digest, digest_of, hashed
from farthing.wire.gathered import Gathered
from farthing.wire.openai.chat_prompt import cache_mark
from farthing.wire.strict import write

_INSTRUCTING = frozenset({"system", "developer"})
_SPEAKING = frozenset({"user", "assistant", *_INSTRUCTING})
_TTLS = ("", "5m", "1h")

_known: Remembered[MessageShape] = Remembered()
"""Of messages that are nothing but a role and a text."""


def skeleton_of(body: dict[str, Any], found: Gathered, key: bytes) -> Skeleton:
    """Each word is hashed once. The system digest is that of the instruction before the first other message, or of the
    digests of several; the prompt digest is that of system or tools, or of the digests of both."""
    messages = tuple(_shapes_of(body["messages"], found.message_bytes(), key))
    system = _together(key, _instructions(messages))
    deterministic = is_deterministic(body, found.pointers)
    if not found.tools and not found.media:
        return Skeleton(messages, system, "", system, (), found.bytes(), deterministic=deterministic)
    tools = digest_of(key, b"\x00".join(found.tools)) if found.tools else ""
    return Skeleton(
        messages=messages,
        system_digest=system,
        tools_digest=tools,
        prompt_digest=_together(key, [system, tools]) if system and tools else system or tools,
        tool_names=_tool_names(body) if tools else (),
        text_bytes=found.bytes(),
        media=tuple([part.kind for part in found.media]) if found.media else (),
        deterministic=deterministic,
    )


def _together(key: bytes, digests: list[str]) -> str:
    """One digest for several: of none "", and of one itself."""
    return digest(key, digests) if len(digests) > 1 else digests[0] if digests else ""


def _instructions(messages: tuple[MessageShape, ...]) -> list[str]:
    """The digests of the instructions before the first other message."""
    digests = []
    for shape in messages:
        if shape.role not in _INSTRUCTING:
            break
        digests.append(shape.digest)
    return digests


def _shapes_of(messages: list[dict[str, Any]], sizes: list[int], key: bytes) -> list[MessageShape]:
    """A message that is nothing but a role and a text is known by its hash, so one that comes again costs only that."""
    names: dict[str, str] = {}
    shapes: list[MessageShape] = []
    for message, size in zip(messages, sizes, strict=True):
        content = message.get("content")
        if type(content) is str and len(message) == 2:
            mark = hash(content), message["role"], size, key
            shapes.append(_known.get(mark) or _shape(message, size, key, names, mark))
        else:
            shapes.append(_shape(message, size, key, names, ()))
    return shapes


def _shape(
    message: dict[str, Any], size: int, key: bytes, names: dict[str, str], mark: tuple[object, ...]
) -> MessageShape:
    """`names` remembers which call had which name. What has a mark is hashed as what no JSON looks like."""
    role, content = message["role"], message.get("content")
    if mark and role in _SPEAKING:
        return _known.keep(mark, MessageShape(role, hashed(key, f"{role}: {content}".encode()), size))
    tools = tuple(_tools(message, names))
    return MessageShape(role, digest_of(key, write(message)), size, tools, _breakpoint(message, content))


def _breakpoint(message: dict[str, Any], content: object) -> str:
    """The longest time to live of the cache breakpoints on a message and its parts."""
    if type(content) is not list:
        return cache_mark(message)
    return max(map(cache_mark, (message, *content)), key=_TTLS.index)


def _tool_names(body: dict[str, Any]) -> tuple[str, ...]:
    return tuple([_name(tool) for field in ("tools", "functions") for tool in body.get(field) or ()])


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
