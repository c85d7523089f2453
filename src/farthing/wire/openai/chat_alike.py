"""Chunks that say nothing new but the next piece of content: nearly all of a streamed Chat Completions answer.

Such a chunk equals the one before it byte for byte, outside its content and the padding that OpenAI adds against
eavesdroppers who count bytes. So one of them is looked into, and those after it are compared with it: what is equal in all
its bytes but those of a JSON string is equal in meaning but for that string.
"""

import re

CONTENT = b'"content":"'
_PADDING = b'"obfuscation":"'
_to_its_end = re.compile(rb'[^"\\\x00-\x1f]*(?:\\[^\x00-\x1f][^"\\\x00-\x1f]*)*"').match
"""The rest of a JSON string and its closing quote. No line can end in it."""

LONGEST = 1 << 20
"""Bytes of a piece that is compared; whoever sends more at once may have sent too long an event."""
_MOST_TRIES = 8
"""Models taken one after another without any chunk being alike; then this stream is of another kind."""


class Alike:
    """The latest chunk of plain content, and how far what follows is like it."""

    __slots__ = ("_close", "_head", "_tail", "_tries", "bytes", "events")

    def __init__(self) -> None:
        self.events = 0
        """Chunks that the last run found alike."""
        self.bytes = 0
        """Bytes of their content, as JSON."""
        self._head = b""  # up to the content; empty: nothing has been taken
        self._tail = b""  # behind it, up to the padding where there is any
        self._close = b""  # behind the padding
        self._tries = 0

    def take(self, event: bytes, start: int) -> int:
        """Make a chunk the model that is plain, whose content begins at `start`. How many bytes its content has as JSON; 0,
        with nothing done, if it has none or has no end."""
        content = _to_its_end(event, start)
        if content is None or (end := content.end()) - 1 == start:
            return 0
        if self._tries < _MOST_TRIES and event.find(b"\n") == len(event) - 2 and b"\r" not in event:
            self._tries += 1
            self._head = event[:start]
            self._divide(event[end:])
        return end - 1 - start

    def run(self, piece: bytes) -> int:
        """Count the chunks at the start of a piece that are whole and like the model; how many bytes they are."""
        head, tail, close = self._head, self._tail, self._close
        at = events = size = 0
        while head and len(piece) <= LONGEST and piece.startswith(head, at):
            start = at + len(head)
            content = _to_its_end(piece, start)
            if content is None or (end := content.end()) - 1 == start or not piece.startswith(tail, end):
                break
            after = end + len(tail)
            if close:
                padded = piece.find(b'"', after)
                if padded < 0 or not piece[after:padded].isalnum() or not piece.startswith(close, padded):
                    break
                after = padded + len(close)
            events += 1
            size += end - 1 - start
            at = after
        self.events, self.bytes = events, size
        if events:
            self._tries = 0
        return at

    def _divide(self, rest: bytes) -> None:
        """Note what stands behind the content, around the padding."""
        before, mark, padded = rest.partition(_PADDING)
        self._tail = before + mark
        self._close = padded[padded.find(b'"') :]
