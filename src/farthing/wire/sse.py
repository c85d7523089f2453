"""Server-sent events, read incrementally and written safely. Follows the WHATWG specification, section 9.2.6.

`Splitter` cuts a byte stream into raw events, whatever the pieces it arrives in, and changes none of their bytes, so
that they can be forwarded as they are. `data_of` and `name_of` read one raw event; `event` writes one.
"""

import re
from itertools import takewhile

MiB = 1 << 20

_LINE_END = re.compile(rb"\r\n|\r|\n")
_BOM = b"\xef\xbb\xbf"


class Splitter:
    """Cuts a stream into events. An event is every line up to and including the next blank one, exactly as received;
    a blank line that follows a blank line is an event of its own, without data. Any split of the same bytes gives the
    same events. A byte order mark at the very start is dropped, as readers must.
    """

    __slots__ = ("_at_start", "_held", "_limit", "_line", "_seen", "too_long")

    too_long: bool
    """An event grew beyond the limit. Nothing can be read any more: what is fed from then on is dropped."""

    def __init__(self, limit: int = 8 * MiB) -> None:
        """`limit`: the most bytes of one event."""
        self.too_long = False
        self._limit = limit
        self._held = bytearray()  # the event that is not complete yet
        self._line = 0  # where the line begins that is not complete yet
        self._seen = 0  # up to where line ends have been looked for
        self._at_start = True

    def feed(self, piece: bytes) -> list[bytes]:
        """The events that `piece` completes."""
        if self._at_start and not self._held and len(piece) >= len(_BOM) and not piece.startswith(_BOM):
            self._at_start = False
        if self._held or self._at_start or len(piece) > self._limit or b"\r" in piece:
            return self._feed(piece)
        end = piece.find(b"\n\n")
        if end < 1 or piece[0] == 10 or not piece.endswith(b"\n\n"):
            return self._feed(piece)
        if end == len(piece) - 2:  # one whole event a piece: how nearly every stream arrives
            return [piece]
        if b"\n\n\n" in piece:
            return self._feed(piece)
        return [part + b"\n\n" for part in piece[:-2].split(b"\n\n")]

    def end(self) -> list[bytes]:
        """Call when the bytes have ended: the event, if any, whose blank line is a lone CR, which might have been half a CRLF."""
        if self._held.endswith(b"\r") and self._line == len(self._held) - 1:
            event = self.rest()
            self._held.clear()
            self._line = self._seen = 0
            return [event]
        return []

    @property
    def between(self) -> bool:
        """Whether what is fed next is the beginning of an event."""
        return not (self._held or self._at_start or self.too_long)

    def rest(self) -> bytes:
        """What has been received of an event that is not complete."""
        return bytes(self._held)

    def holds(self, start: bytes) -> bool:
        """Whether the event that is not complete begins with these bytes."""
        return self._held.startswith(start)

    def _feed(self, piece: bytes) -> list[bytes]:
        if self.too_long:
            return []
        held = self._held
        held += piece
        if self._at_start and not self._start():
            return []
        events: list[bytes] = []
        taken = self._take(events)
        if taken:
            del held[:taken]
            self._line -= taken
            self._seen -= taken
        within = list(takewhile(lambda event: len(event) <= self._limit, events))
        if len(held) > self._limit or len(within) < len(events):
            self.too_long = True
            self._limit = -1  # from now on no piece is short enough to be looked at
            held.clear()
        return within

    def _start(self) -> bool:
        """Drop the byte order mark; False while it is not known whether there is one."""
        held = self._held
        if len(held) < 3 and _BOM.startswith(held):
            return False
        if held.startswith(_BOM):
            del held[:3]
        self._at_start = False
        return True

    def _take(self, events: list[bytes]) -> int:
        """Move complete events from what is held to `events`; how many bytes they are."""
        held, taken, size = self._held, 0, len(self._held)
        for found in _LINE_END.finditer(held, self._seen):
            end = found.end()
            if end == size and held[end - 1] == 13:  # a lone CR: the LF that belongs to it may be on its way
                self._seen = end - 1
                return taken
            if found.start() == self._line:
                events.append(bytes(held[taken:end]))
                taken = end
            self._line = end
        self._seen = size
        return taken


def data_of(event: bytes) -> bytes:
    """The data of one raw event: its data lines joined by LF; `b""` where it has none."""
    if event.startswith(b"data: ") and event.find(b"\n") == len(event) - 2 and b"\r" not in event:
        return event[6:-2]
    return b"\n".join(_values(event, b"data"))


def name_of(event: bytes) -> bytes:
    """The name in the `event` field of one raw event, the last if there are several; `b""` where it has none."""
    names = _values(event, b"event")
    return names[-1] if names else b""


def event(name: str | None, data: bytes) -> bytes:
    """One event ready to send. Line ends in the data become data lines of their own, so nothing can break out of it."""
    assert name is None or ("\r" not in name and "\n" not in name)
    head = b"" if name is None else b"event: %b\n" % name.encode()
    lines = _LINE_END.split(data)
    return head + b"".join(b"data: %b\n" % line for line in lines) + b"\n"


def _values(raw: bytes, field: bytes) -> list[bytes]:
    values = []
    for line in raw.splitlines():  # of bytes: at CR, LF and CRLF only
        if line.startswith(field):
            name, _, value = line.partition(b":")
            if name == field:
                values.append(value[1:] if value.startswith(b" ") else value)
    return values
