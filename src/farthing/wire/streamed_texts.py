"""The texts of a streamed answer, put together again: what a reader of the whole stream has read.

Each piece belongs to a place (a choice, a content block, an output item) and a kind; pieces of one place and kind are
one text. Anything may be missing or malformed: then there is less text, and nothing raises.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from farthing.wire.lenient import UNREADABLE

_CHAT = ("content", "refusal", "reasoning_content", "reasoning")
_MESSAGES = ("text", "thinking", "partial_json")
_MOST_PLACES = 4_096

Place = tuple[str, int, int, str]


class Said(msgspec.Struct, frozen=True):
    """One text of an answer."""

    kind: str
    """The dialect's own word: `content`, `arguments`, `text`, `partial_json`, `output_text`, …"""
    text: str


def streamed_texts(body: bytes) -> tuple[Said, ...]:
    """All texts of the events in these bytes, in the order in which they began."""
    texts: dict[Place, list[str]] = {}
    for event in _events(body):
        for place, piece in _pieces(event):
            if place in texts or len(texts) < _MOST_PLACES:
                texts.setdefault(place, []).append(piece)
    return tuple(Said(place[3], "".join(pieces)) for place, pieces in texts.items())


def _events(body: bytes) -> Iterator[dict[str, Any]]:
    for line in body.splitlines():
        if line.startswith(b"data:"):
            try:
                event = msgspec.json.decode(line[5:])
            except UNREADABLE:
                continue
            if isinstance(event, dict):
                yield event


def _pieces(event: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    kind = event.get("type")
    if isinstance(event.get("choices"), list):
        yield from _of_chat(event["choices"])
    elif isinstance(event.get("candidates"), list):
        yield from _of_gemini(event["candidates"])
    elif kind == "content_block_delta":
        yield from _fields("block", _number(event, "index"), event.get("delta"), _MESSAGES)
    elif kind == "content_block_start":
        block = event.get("content_block")
        yield from _fields("block", _number(event, "index"), block, ("name", "text"))
    elif isinstance(kind, str) and kind.startswith("response.") and isinstance(event.get("delta"), str):
        place = ("item", _number(event, "output_index"), _number(event, "content_index"), kind.split(".")[1])
        yield place, event["delta"]


def _of_chat(choices: list[Any]) -> Iterator[tuple[Place, str]]:
    for choice in choices:
        delta = choice.get("delta") if isinstance(choice, dict) else None
        if not isinstance(delta, dict):
            continue
        index = _number(choice, "index")
        yield from _fields("choice", index, delta, _CHAT)
        calls = delta.get("tool_calls")
        for call in calls if isinstance(calls, list) else ():
            if isinstance(call, dict):
                yield from _fields(f"tool {index}", _number(call, "index"), call.get("function"), ("name", "arguments"))


def _of_gemini(candidates: list[Any]) -> Iterator[tuple[Place, str]]:
    """Texts grow chunk by chunk; a call comes whole, and is told as its JSON."""
    for candidate in candidates:
        content = candidate.get("content") if isinstance(candidate, dict) else None
        parts = content.get("parts") if isinstance(content, dict) else None
        for part in parts if isinstance(parts, list) else ():
            if not isinstance(part, dict):
                continue
            index = _number(candidate, "index")
            yield from _fields("thought" if part.get("thought") is True else "candidate", index, part, ("text",))
            if isinstance(call := part.get("functionCall"), dict):
                yield ("candidate", index, 0, "functionCall"), msgspec.json.encode(call).decode()


def _fields(where: str, index: int, holder: Any, names: tuple[str, ...]) -> Iterator[tuple[Place, str]]:
    if isinstance(holder, dict):
        for name in names:
            piece = holder.get(name)
            if isinstance(piece, str) and piece:
                yield (where, index, 0, name), piece


def _number(holder: dict[str, Any], name: str) -> int:
    found = holder.get(name)
    return found if isinstance(found, int) else 0
