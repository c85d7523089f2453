"""Reading a streamed Messages answer on its way through: usage, output seen, and the end that waits for the money.

`message_start` carries the input and a placeholder of the output; `message_delta` carries the final, cumulative usage.
So the first is never taken for the answer's usage, and the second is kept back with everything after it.
https://platform.claude.com/docs/en/build-with-claude/streaming
"""

import msgspec

from farthing.domain.usage import Usage
from farthing.wire.anthropic.usage import Reported, canonical, merged, read_reported
from farthing.wire.dialect import Answered, Note
from farthing.wire.lenient import NOTHING, UNREADABLE
from farthing.wire.note import with_note
from farthing.wire.sse import Splitter, data_of, name_of

_DELTA = b"event: content_block_delta"
_SILENT = frozenset({b"ping", b"content_block_start", b"content_block_stop"})
_OUTPUT_KEYS = (b'"text":"', b'"partial_json":"', b'"thinking":"')
_QUOTE = 0x22


class MessagesStream:
    """`Stream` of one Messages answer."""

    __slots__ = (
        "_ending_usage", "_failed", "_final", "_finish", "_hour_only", "_id", "_kept", "_model", "_note_at", "_reported", "_splitter",
        "_usage_flaw", "broken", "ended", "observed", "output_bytes",
    )  # fmt: skip

    def __init__(self, *, hour_only: bool = False) -> None:
        """`hour_only`: the request asked for one-hour cache writes and no others."""
        self.ended = False
        self.broken = ""
        self.observed = 0
        self.output_bytes = 0
        self._hour_only = hour_only
        self._splitter = Splitter()
        self._kept: list[bytes] = []
        self._note_at: int | None = None
        self._reported: Reported | None = None
        self._ending_usage = False  # a message_delta has reported usage
        self._final = False  # and it was the last one
        self._usage_flaw = ""
        self._id = self._model = self._finish = self._failed = ""

    def feed(self, piece: bytes) -> bytes:
        events = self._splitter.feed(piece)
        if self._splitter.too_long:
            self.broken = self.broken or "an event is too long"
        if len(events) == 1:  # one event a piece: how nearly every stream arrives
            return events[0] if self._passes(events[0]) else b""
        return b"".join([event for event in events if self._passes(event)])

    def close(self) -> None:
        """The dialect has an end of its own."""

    def finish(self, note: Note | None) -> bytes:
        if note is not None and self._note_at is not None:
            self._kept[self._note_at] = with_note(self._kept[self._note_at], note)
        return self.rest()

    def rest(self) -> bytes:
        return b"".join(self._kept) + self._splitter.rest()

    def answered(self) -> Answered:
        usage, flaw = None, self._usage_flaw
        if self._final and not flaw and self._reported is not None:
            usage, flaw = canonical(self._reported, hour_only=self._hour_only, observed=self.observed > 0)
        return Answered(
            usage=usage,
            flaw=flaw,
            model=self._model,
            id=self._id,
            finish=self._finish,
            tier=self._reported.tier if self._reported is not None else "",
            failed=self._failed,
        )

    def partial(self) -> Usage | None:
        if self._reported is None:
            return None
        return canonical(self._reported, hour_only=self._hour_only)[0]

    def _passes(self, event: bytes) -> bool:
        """Whether an event may go on now. From the one that ends the message on, all are kept."""
        if event.startswith(_DELTA):
            self._count(event)
            ends = False
        else:
            ends = self._read(event)
        if not ends and not self._kept:
            return True
        self._kept.append(event)
        return False

    def _count(self, event: bytes) -> None:
        """Output in a delta, found without decoding it: inside a JSON string these bytes could only stand escaped."""
        for key in _OUTPUT_KEYS:
            found = event.find(key, len(_DELTA))
            if found > 0:
                start = found + len(key)
                if event[start] != _QUOTE:
                    self.observed += 1
                    self.output_bytes += event.rfind(b'"') - start
                return
        self._count_spaced(event)

    def _count_spaced(self, event: bytes) -> None:
        """The same for JSON written with spaces. Signatures and citations are no output."""
        try:
            delta = _decode(data_of(event)).delta
        except UNREADABLE:
            return
        if delta is not None and (output := delta.text or delta.partial_json or delta.thinking):
            self.observed += 1
            self.output_bytes += len(output.encode())

    def _read(self, raw: bytes) -> bool:
        """Learn from an event that is no delta of content; whether it ends the message."""
        name = name_of(raw)
        data = b"" if name in _SILENT else data_of(raw)
        if not data:
            return False
        try:
            event = _decode(data)
        except UNREADABLE as error:
            self.broken = self.broken or f"{name.decode(errors='replace') or 'an event'} cannot be read: {error}"
            return False
        match event.type:
            case "message_start":
                self._begin(event.message or _Message())
            case "content_block_delta":
                self._count_spaced(raw)
            case "message_delta":
                return self._delta(event)
            case "message_stop":
                self._final = self._final or self._ending_usage
                self.ended = True
            case "error":
                self._failed = (event.error and event.error.type) or "api_error"
                self.ended = True
        return self.ended

    def _begin(self, message: "_Message") -> None:
        self._id, self._model = message.id or "", message.model or ""
        self._learn(message.usage)

    def _delta(self, event: "_Event") -> bool:
        if event.usage != NOTHING and self._reported is not None and not self._ending_usage:
            self._reported = msgspec.structs.replace(self._reported, output_tokens=None)  # it was a placeholder
        if self._learn(event.usage):
            self._ending_usage = True
        stop = event.delta.stop_reason if event.delta is not None else None
        if stop is None:  # running usage, while the answer goes on
            self.observed = max(self.observed, (self._reported and self._reported.output_tokens) or 0)
            return False
        self._finish = stop
        self._final = self._ending_usage
        self._note_at = len(self._kept)
        return True

    def _learn(self, usage: msgspec.Raw) -> bool:
        """Take in a report; whether there was one."""
        if usage == NOTHING:
            return False
        try:
            reported = read_reported(usage)
        except UNREADABLE as error:
            self._usage_flaw = f"usage cannot be read: {error}"
            return False
        self._reported = merged(self._reported, reported)
        return True


class _Message(msgspec.Struct, frozen=True):
    id: str | None = None
    model: str | None = None
    usage: msgspec.Raw = NOTHING


class _Delta(msgspec.Struct, frozen=True):
    stop_reason: str | None = None
    text: str = ""
    partial_json: str = ""
    thinking: str = ""


class _Error(msgspec.Struct, frozen=True):
    type: str = ""


class _Event(msgspec.Struct, frozen=True):
    type: str = ""
    message: _Message | None = None
    delta: _Delta | None = None
    usage: msgspec.Raw = NOTHING
    error: _Error | None = None


_decode = msgspec.json.Decoder(_Event).decode
