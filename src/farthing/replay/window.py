"""A sliding window over a conversation: which messages stay, and what a call without the others is.

A turn begins where the user speaks after something else, or where the model answers what a tool said; so a tool's result is
always in the turn of its call. Instructions and the first thing that the user said stay, whatever the window.
"""

from collections.abc import Sequence

import msgspec

from farthing.domain.record import MessageShape
from farthing.replay.asked import Asked
from farthing.replay.prefixing import shape_of
from farthing.replay.recorded import PER_MESSAGE

_INSTRUCTING = frozenset({"system", "developer"})
_RESULTS = frozenset({"tool", "function"})


def kept(messages: Sequence[MessageShape], turns: int) -> list[int]:
    """The places of the messages that stay when only the last `turns` do; the one under way counts."""
    begins = _begins(messages)
    if len(begins) <= turns:
        return list(range(len(messages)))
    cut = begins[-turns]
    first = next((at for at, message in enumerate(messages) if _kind(message) == "words"), cut)
    return [at for at, message in enumerate(messages) if at >= cut or at == first or message.role in _INSTRUCTING]


def windowed(asked: Asked, turns: int) -> Asked:
    """The call with these messages alone; what it was answered stays."""
    call, shape = asked.call, shape_of(asked.call)
    stay = kept(shape.messages, turns)
    if len(stay) == len(shape.messages):
        return asked
    messages = tuple(shape.messages[at] for at in stay)
    fewer_bytes = sum(each.bytes for each in shape.messages) - sum(each.bytes for each in messages)
    fewer_tokens = PER_MESSAGE.get(call.dialect, 0) * (len(shape.messages) - len(stay))
    left = msgspec.structs.replace(shape, messages=messages, text_bytes=max(0, shape.text_bytes - fewer_bytes))
    parts = (asked.parts[0], *(asked.parts[1 + at] for at in stay)) if asked.parts else ()
    counted = sum(part.tokens for part in asked.parts) - sum(part.tokens for part in parts)
    shorter = msgspec.structs.replace(
        call,
        text_bytes=max(0, call.text_bytes - fewer_bytes),
        overhead_tokens=max(0, call.overhead_tokens - fewer_tokens),
        input_bound=max(0, call.input_bound - counted),
    )
    return Asked(shorter, asked.parts).rewritten(left, parts)


def _begins(messages: Sequence[MessageShape]) -> list[int]:
    """Where turns begin."""
    found: list[int] = []
    before = ""
    for at, message in enumerate(messages):
        if message.role in _INSTRUCTING:
            continue
        kind = _kind(message)
        if (kind == "words" and before != "words") or (kind == "answer" and before in ("", "result")):
            found.append(at)
        before = kind
    return found


def _kind(message: MessageShape) -> str:
    """`words` of the user, `result` of a tool, or a part of an `answer`; "" for instructions."""
    if message.role in _INSTRUCTING:
        return ""
    if message.role in _RESULTS or message.role.endswith("_output") or (message.role == "user" and message.tools):
        return "result"
    return "words" if message.role == "user" else "answer"
