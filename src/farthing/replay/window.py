"""A sliding window over a conversation: which messages stay, and what a call without the others is.

A turn begins where the user speaks after something else, or where the model answers what a tool said; so a tool's result is
always in the turn of its call. Instructions and the first thing that the user said stay, whatever the window.
"""

from collections.abc import Sequence

import msgspec

from farthing.domain.record import MessageShape
from farthing.replay.caches import parts_of
from farthing.replay.draft import read_skeleton
from farthing.replay.recorded import PER_MESSAGE, Recorded, with_input

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


def windowed(call: Recorded, turns: int) -> Recorded:
    """The call with these messages alone. Its tokens are spread over messages as in `parts_of`; what it answered stays."""
    shape = read_skeleton(call.skeleton)
    stay = kept(shape.messages, turns)
    if len(stay) == len(shape.messages):
        return call
    gone = set(range(len(shape.messages))).difference(stay)
    fewer_bytes = sum(shape.messages[at].bytes for at in gone)
    left = msgspec.structs.replace(
        shape, messages=tuple(shape.messages[at] for at in stay), text_bytes=max(0, shape.text_bytes - fewer_bytes)
    )
    fewer = _tokens(call, gone)
    return msgspec.structs.replace(
        call,
        skeleton=msgspec.json.encode(left),
        text_bytes=max(0, call.text_bytes - fewer_bytes),
        overhead_tokens=max(0, call.overhead_tokens - PER_MESSAGE.get(call.dialect, 0) * len(gone)),
        input_bound=max(0, call.input_bound - fewer),
        usage=None if call.usage is None else with_input(call.usage, call.usage.input_tokens - fewer),
    )


def _tokens(call: Recorded, gone: set[int]) -> int:
    """What the provider counted for these messages; the first part of a prompt is no message."""
    if call.usage is None:
        return 0
    parts = parts_of(call, call.usage.input_tokens)[1:]
    return sum(parts[at].tokens for at in gone) if parts else 0


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
