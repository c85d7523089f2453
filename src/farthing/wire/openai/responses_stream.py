"""Reading a streamed Responses answer on its way through: output seen, and the end that waits for the money.

The event that ends a stream carries the whole response with its usage, and may be megabytes long. Every event names its
type in its `event` field, so the others are passed on unread, but for counting deltas.
https://platform.openai.com/docs/api-reference/responses-streaming
"""

from typing import Any

import msgspec

from farthing.domain.usage import Usage
from farthing.wire.dialect import Answered, Note
from farthing.wire.lenient import UNREADABLE
from farthing.wire.note import with_note
from farthing.wire.openai.errors import kind_of
from farthing.wire.openai.responses_answer import Response, answered
from farthing.wire.sse import Splitter, data_of, name_of

MiB = 1 << 20
_LONGEST = 64 * MiB
"""A response carries whole images in its last event."""

_HEAD = b"event: "
_ENDS = frozenset({b"response.completed", b"response.incomplete", b"response.failed", b"error"})
_BEGINS = frozenset({b"response.created", b"response.queued", b"response.in_progress"})
_NO_OUTPUT = frozenset(
    {
        b"response.shell_call_output_content.delta",
        b"response.audio.delta",
        b"response.reasoning_summary_text.delta",
        b"response.reasoning_summary.delta",
    }
)
"""Deltas that are not output tokens of the model: a tool's result, sound in base64, and a summary of its reasoning, which
is written beside it and may be longer than the reasoning that is billed."""
_DELTA = b'"delta":"'
_QUOTE = 0x22


class ResponsesStream:
    """`Stream` of one Responses answer."""

    __slots__ = (
        "_answered", "_failed", "_kept", "_noted", "_splitter", "_started", "broken", "ended", "observed", "output_bytes",
    )  # fmt: skip

    def __init__(self) -> None:
        self.ended = False
        self.broken = ""
        self.observed = 0
        self.output_bytes = 0
        self._splitter = Splitter(_LONGEST)
        self._kept: list[bytes] = []
        self._noted = False  # the first kept event can carry our note
        self._started = Response()
        self._answered: Answered | None = None
        self._failed = ""

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
        if note is not None and self._noted:
            self._kept[0] = with_note(self._kept[0], note)
            self._noted = False
        return self.rest()

    def rest(self) -> bytes:
        return b"".join(self._kept) + self._splitter.rest()

    def answered(self) -> Answered:
        known = self._answered or msgspec.structs.replace(answered(self._started), finish="", pending=False)
        return msgspec.structs.replace(known, failed=known.failed or self._failed)

    def partial(self) -> Usage | None:
        return None if self._answered is None else self._answered.usage

    def _passes(self, event: bytes) -> bool:
        """Whether an event may go on now. From the one that ends the response on, all are kept."""
        name = event[len(_HEAD) : event.find(b"\n")] if event.startswith(_HEAD) and b"\r" not in event else _name(event)
        if name.endswith(b".delta"):
            if name not in _NO_OUTPUT:
                self._count(event)
        elif name in _ENDS:
            self._end(event, name)
        elif name in _BEGINS:
            self._begin(event)
        if not self.ended:
            return True
        self._kept.append(event)
        return False

    def _count(self, event: bytes) -> None:
        """Output in a delta, found without decoding it: inside a JSON string these bytes could only stand escaped."""
        found = event.find(_DELTA)
        if found < 0:
            self._count_spaced(event)
            return
        start = found + len(_DELTA)
        if event[start] != _QUOTE:
            self.observed += 1
            self.output_bytes += event.find(b'"', start) - start

    def _count_spaced(self, event: bytes) -> None:
        """The same for JSON written with spaces."""
        delta = _read(event).delta
        if type(delta) is str and delta:
            self.observed += 1
            self.output_bytes += len(delta.encode())

    def _begin(self, event: bytes) -> None:
        self._started = _read(event).response or self._started

    def _end(self, raw: bytes, name: bytes) -> None:
        if self.ended:
            return
        self.ended = True
        event = _read(raw)
        if name == b"error":
            self._failed = kind_of(event.error) or kind_of({"code": event.code}) or "error"
        elif event.response is None:
            self.broken = self.broken or f"{name.decode()} cannot be read"
        else:
            self._answered = answered(event.response, observed=self.observed > 0)
            self._noted = True


class _Event(msgspec.Struct, frozen=True):
    type: str = ""
    delta: Any = None
    response: Response | None = None
    error: Any = None
    code: str | None = None


_decode = msgspec.json.Decoder(_Event).decode
_UNREAD = _Event()


def _read(event: bytes) -> _Event:
    """The event, or an empty one where it cannot be read."""
    try:
        return _decode(data_of(event))
    except UNREADABLE:
        return _UNREAD


def _name(event: bytes) -> bytes:
    """The event's name; its data's type for servers that leave out the `event` field."""
    return name_of(event) or _read(event).type.encode()
