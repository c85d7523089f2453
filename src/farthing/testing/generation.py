"""What the model writes: a reply turned into pieces of known token counts, and cut where the cap says."""

import re
from collections.abc import Iterable
from hashlib import blake2b

import msgspec

from farthing.testing.conversation import Reply, ToolCall
from farthing.testing.tokens import count

_WORDS = str.split(
    "the order was sent and you will have it in two days we can also take it back if that is what you would like now "
    "here are some more things that may help your team see how much each part of the work cost over time and why"
)
_WORD = re.compile(r"\s*\S+|\s+$")
_CALL_OVERHEAD = 4
"""Tokens that introduce a tool call beside its name."""


class Piece(msgspec.Struct, frozen=True):
    """A bit of output as one event carries it."""

    text: str
    tokens: int


class Call(msgspec.Struct, frozen=True):
    """A tool call on its way out; its arguments may have been cut by the cap."""

    id: str
    name: str
    opening_tokens: int
    pieces: tuple[Piece, ...]

    @property
    def arguments(self) -> str:
        return "".join(piece.text for piece in self.pieces)


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """One choice. `tokens` is what is billed: reasoning, text and calls together."""

    thoughts: tuple[Piece, ...] = ()
    pieces: tuple[Piece, ...] = ()
    calls: tuple[Call, ...] = ()
    cut: bool = False
    """The cap ended it."""

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)

    @property
    def thought(self) -> str:
        return "".join(piece.text for piece in self.thoughts)

    @property
    def reasoning_tokens(self) -> int:
        return sum(piece.tokens for piece in self.thoughts)

    @property
    def tokens(self) -> int:
        called = sum(call.opening_tokens + sum(piece.tokens for piece in call.pieces) for call in self.calls)
        return self.reasoning_tokens + sum(piece.tokens for piece in self.pieces) + called


def write(reply: Reply, *, room: int, seed: str, usual_tokens: int, usual_reasoning: int, call_prefix: str) -> Output:
    """The output of one choice within `room` tokens. The same arguments always give the same output."""
    wanted = usual_reasoning if reply.reasoning is None else reply.reasoning
    thoughts, room, cut = _fitting(filler(f"{seed}/thought", wanted), room)
    pieces: tuple[Piece, ...] = ()
    if not cut and (reply.text is not None or not reply.tools):
        pieces, room, cut = _fitting(_said(reply, seed, usual_tokens), room)
    calls: list[Call] = []
    for number, tool in enumerate(reply.tools):
        if cut:
            break
        call, room, cut = _called(tool, room, _call_id(tool, call_prefix, f"{seed}/{number}"))
        calls += [call] if call else []
    return Output(thoughts=thoughts, pieces=pieces, calls=tuple(calls), cut=cut)


def filler(seed: str, tokens: int) -> tuple[Piece, ...]:
    """Plain words, one token each."""
    start = int.from_bytes(blake2b(seed.encode(), digest_size=4).digest(), "big")
    return tuple(Piece(f" {_WORDS[(start + 11 * at) % len(_WORDS)]}", 1) for at in range(tokens))


def split(text: str) -> tuple[Piece, ...]:
    """Text in pieces of a word and the space before it."""
    return tuple(Piece(word, max(1, count(word))) for word in _WORD.findall(text))


def gathered(pieces: Iterable[Piece], tokens_per_event: int) -> tuple[Piece, ...]:
    """The same pieces in fewer, larger events of about this many tokens."""
    if tokens_per_event <= 1:
        return tuple(pieces)
    large: list[Piece] = []
    text, tokens = "", 0
    for piece in pieces:
        text, tokens = text + piece.text, tokens + piece.tokens
        if tokens >= tokens_per_event:
            large.append(Piece(text, tokens))
            text, tokens = "", 0
    return (*large, Piece(text, tokens)) if tokens else tuple(large)


def _said(reply: Reply, seed: str, usual_tokens: int) -> tuple[Piece, ...]:
    if reply.text is not None:
        return split(reply.text)
    return filler(seed, usual_tokens if reply.tokens is None else reply.tokens)


def _called(tool: ToolCall, room: int, call_id: str) -> tuple[Call | None, int, bool]:
    opening = _CALL_OVERHEAD + count(tool.name)
    if opening > room:
        return None, room, True
    pieces, left, cut = _fitting(split(tool.text), room - opening)
    return Call(call_id, tool.name, opening, pieces), left, cut


def _fitting(pieces: tuple[Piece, ...], room: int) -> tuple[tuple[Piece, ...], int, bool]:
    """As much as fits, the room that is left, and whether something was cut. What is cut fills the room exactly."""
    kept: list[Piece] = []
    for piece in pieces:
        if piece.tokens > room:
            if room:
                kept.append(Piece(piece.text[: max(1, len(piece.text) * room // piece.tokens)], room))
            return tuple(kept), 0, True
        kept.append(piece)
        room -= piece.tokens
    return tuple(kept), room, False


def _call_id(tool: ToolCall, prefix: str, seed: str) -> str:
    return tool.id or f"{prefix}{blake2b(f'{seed}/{tool.name}/{tool.text}'.encode(), digest_size=12).hexdigest()}"
