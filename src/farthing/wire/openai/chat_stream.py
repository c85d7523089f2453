"""Reading a streamed Chat Completions answer on its way through: usage, output seen, and the end that waits for the money.

The final usage comes in a chunk of its own without choices, before `[DONE]`; some imitators put it into the last chunk
with choices, some into every chunk with running counts, and some send no `[DONE]` line's blank one. All are understood.
Events are forwarded as they came, except that a usage chunk we asked for is hidden from a client that did not.
"""

from typing import Any

import msgspec

from farthing.domain.usage import Usage
from farthing.wire.dialect import Answered, Note
from farthing.wire.lenient import UNREADABLE
from farthing.wire.note import with_note
from farthing.wire.openai.chat_alike import CONTENT, Alike
from farthing.wire.openai.errors import kind_of
from farthing.wire.openai.usage import read_usage, tier_served
from farthing.wire.sse import Splitter, data_of

_FINISH = b'"finish_reason":"'
_USAGE = b'"usage"'
_DONE = b"data: [DONE]"
OUTPUT = ("content", "tool_calls", "refusal", "reasoning_content", "reasoning", "function_call", "audio")
"""Fields of a message or delta that are output, here and at imitators."""
_OUTPUT = frozenset(OUTPUT)


class ChatStream:
    """`Stream` of one Chat Completions answer."""

    __slots__ = (
        "_aligned", "_alike", "_choices", "_closing", "_counted", "_failed", "_finish", "_finished", "_flaw", "_id", "_kept", "_met",
        "_model", "_note_at", "_splitter", "_tier", "_usage", "_wants_usage", "broken", "ended", "observed", "output_bytes",
    )  # fmt: skip

    def __init__(self, *, choices: int = 1, wants_usage: bool = True) -> None:
        """`choices`: how many answers were asked for. `wants_usage`: whether the client asked to see usage."""
        self.ended = False
        self.broken = ""
        self.observed = 0
        self.output_bytes = 0
        self._choices = choices
        self._wants_usage = wants_usage
        self._splitter = Splitter()
        self._alike = Alike()
        self._aligned = False  # the next piece begins with an event, and nothing is kept back
        self._met = False  # the first chunk, which says who answers
        self._closing = False  # usage has come that looks final: events are kept back until output proves it was not
        self._kept: list[bytes] = []
        self._note_at: int | None = None
        self._finished: set[int] = set()  # choices that have ended
        self._usage: Usage | None = None
        self._counted = 0  # what had been observed when usage was last reported
        self._id = self._model = self._tier = self._finish = self._flaw = self._failed = ""

    def feed(self, piece: bytes) -> bytes:
        passed = 0
        if self._aligned:
            alike = self._alike
            passed = alike.run(piece)
            self.observed += alike.events
            self.output_bytes += alike.bytes
            if passed == len(piece):
                return piece
        out = piece[:passed] + self._feed(piece[passed:])
        self._aligned = self._met and not self._closing and self._splitter.between
        return out

    def _feed(self, piece: bytes) -> bytes:
        events = self._splitter.feed(piece)
        if self._splitter.too_long:
            self.broken = self.broken or "an event is too long"
        out = b"".join(map(self._take, events))
        if self._splitter.holds(_DONE):  # some servers end without the blank line
            self.ended = True
        return out

    def close(self) -> None:
        """The dialect has an end of its own."""

    def finish(self, note: Note | None) -> bytes:
        if note is not None and self._note_at is not None:
            self._kept[self._note_at] = with_note(self._kept[self._note_at], note)
        unfinished = self._splitter.rest()
        return b"".join(self._kept) + (_DONE + b"\n\n" if unfinished.startswith(_DONE) else unfinished)

    def rest(self) -> bytes:
        return b"".join(self._kept) + self._splitter.rest()

    def answered(self) -> Answered:
        stale = self.observed > self._counted  # output has come after it: it was not of the whole answer
        usage = self._usage if (self._closing or self.ended) and not stale else None
        return Answered(
            usage=usage,
            flaw="" if usage is not None else self._flaw,
            model=self._model,
            id=self._id,
            finish=self._finish,
            tier=self._tier,
            failed=self._failed,
        )

    def partial(self) -> Usage | None:
        return self._usage

    def _take(self, event: bytes) -> bytes:
        """Learn from an event; what may go on to the client now."""
        if self._met and not self._closing:
            start = event.find(CONTENT) + len(CONTENT)
            if start > len(CONTENT) and event.startswith(b"data:") and _is_plain(event):
                size = self._alike.take(event, start)
                if size:
                    self.observed += 1
                    self.output_bytes += size
                    return event
        return self._read(event)

    def _read(self, event: bytes) -> bytes:
        """The same for an event that is not plain content."""
        data = data_of(event)
        if data == b"[DONE]":
            self.ended = True
            return self._keep(event)
        chunk = self._decoded(data) if data else None
        if chunk is None:  # a comment, or nothing we know
            return self._keep(event) if self._closing else event
        if failed := kind_of(chunk.error):
            self._failed, self.ended = failed, True
            return self._keep(event)
        choices = chunk.choices or []
        grown = self._observe(choices)
        if self._learn(chunk) and (not choices or len(self._finished) >= self._choices):
            return self._close(event, alone=not choices)
        if self._closing and not grown:
            return self._keep(event)
        return self._release() + event

    def _decoded(self, data: bytes) -> "_Chunk | None":
        try:
            return _decode_chunk(data)
        except UNREADABLE:
            return self._decoded_without_choices(data)

    def _decoded_without_choices(self, data: bytes) -> "_Chunk | None":
        """A chunk whose choices are odd: its usage may be right all the same."""
        try:
            rest = _decode_rest(data)
            return _Chunk(rest.id, rest.model, rest.service_tier, rest.usage, rest.error, choices=[_Choice()])
        except UNREADABLE as error:
            if _USAGE in data:
                self.broken = self.broken or f"the event with usage cannot be read: {error}"
            return None

    def _observe(self, choices: "list[_Choice]") -> bool:
        """Count new output and note which choices have ended; whether there was any output."""
        grown = 0
        for choice in choices:
            size = sum([_size(part) for key, part in choice.delta.items() if key in _OUTPUT]) if choice.delta else 0
            grown += size > 0
            self.output_bytes += size
            if choice.finish_reason:
                self._finished.add(choice.index)
                if not self._finish or choice.finish_reason == "length":
                    self._finish = choice.finish_reason
        self.observed += grown
        return grown > 0

    def _learn(self, chunk: "_Chunk") -> bool:
        """Take in who answers and what usage says; whether there was usage."""
        if not self._met:
            self._met = True
            self._id, self._model = _word(chunk.id), _word(chunk.model)
        if chunk.service_tier:
            self._tier = tier_served(chunk.service_tier)
        if bytes(chunk.usage) == b"null":
            return False
        usage, flaw = read_usage(bytes(chunk.usage), saw_output=self.observed > 0)
        if usage is None:
            self._flaw = flaw
            return True
        if self._usage is None or _total(usage) >= _total(self._usage):
            self._usage = usage
            self.observed = max(self.observed, usage.output_tokens)
        self._counted = self.observed
        return True

    def _close(self, event: bytes, *, alone: bool) -> bytes:
        """Keep an event whose usage looks final, unless it has nothing else and the client did not ask for it."""
        self._closing = True
        if self._wants_usage:
            self._note_at = len(self._kept)
        return self._keep(event) if self._wants_usage or not alone else b""

    def _keep(self, event: bytes) -> bytes:
        self._kept.append(event)
        return b""

    def _release(self) -> bytes:
        """Let go of what was kept: output has come after it."""
        out = b"".join(self._kept)
        self._kept.clear()
        self._closing, self._note_at = False, None
        return out


class _Choice(msgspec.Struct, frozen=True):
    index: int = 0
    delta: dict[str, Any] | None = None
    finish_reason: str | None = None


class _Rest(msgspec.Struct, frozen=True):
    id: Any = None
    model: Any = None
    service_tier: Any = None
    usage: msgspec.Raw = msgspec.Raw(b"null")
    error: Any = None


class _Chunk(_Rest, frozen=True):
    choices: list[_Choice] | None = None


_decode_chunk = msgspec.json.Decoder(_Chunk).decode
_decode_rest = msgspec.json.Decoder(_Rest).decode


def _is_plain(event: bytes) -> bool:
    """No choice ends here, and usage is absent or null. Inside a JSON string these bytes could only stand escaped."""
    if _FINISH in event:
        return False
    at = event.find(_USAGE)
    return at < 0 or (event.startswith(b":null", at + len(_USAGE)) and event.find(_USAGE, at + 1) < 0)


def _size(output: Any) -> int:
    """About how many bytes of output a part of a delta has: the strings in it, without ids, types and indexes."""
    if type(output) is str:
        return len(output)
    if type(output) is list:
        return sum(map(_size, output))
    if type(output) is dict:
        return sum(_size(inner) for key, inner in output.items() if key not in {"id", "type", "index"})
    return 0


def _word(value: object) -> str:
    return value if type(value) is str else ""


def _total(usage: Usage) -> int:
    return usage.input_tokens + usage.output_tokens
