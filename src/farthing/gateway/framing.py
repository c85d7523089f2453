"""Where the messages of a connection begin and end: httptools decides, and is fed so that we would notice a difference.

It is fed cut by cut, never past the end of a message as the head announces it. Where it then sees another end, or the
beginning of another message, the bytes could mean two things to two readers: nothing of them is looked at. Only a message
that is all here, under a head that it has taken before, passes by it (`again`).
"""

import httptools

from farthing.gateway.head import Head

_EMPTY_LINE = b"\r\n\r\n"


class NotHttp(Exception):
    """These bytes are not valid HTTP/1.1, or could be read in two ways."""


class Framing:
    """The parser of one connection, one message after the other."""

    __slots__ = ("_begun", "_crossed", "_end", "_headed", "_left", "_parser", "ended", "keeps", "pieces", "size")

    def __init__(self) -> None:
        self._begun = self._crossed = self._headed = False
        self._left = 0
        self._end: ChunkedEnd | None = None
        self.ended = False
        """The present message is complete."""
        self.keeps = False
        """The connection may go on after it, by its own words."""
        self.pieces: list[bytes] = []
        """Its body, as far as it is here; a list of its own for every message."""
        self.size = 0
        """Bytes of body so far."""
        self._parser: httptools.HttpRequestParser | None = httptools.HttpRequestParser(self)

    def part_of_head(self, data: bytes) -> None:
        """Take more of a head that is not complete. Raises NotHttp."""
        if self._feed(data) or self._headed:
            raise NotHttp

    def head(self, data: bytes, *, ends: bool) -> bool:
        """Take the rest of a head, with its body if it `ends` here. Returns True where it asks for another protocol: then
        the parser has seen its last message. Raises NotHttp."""
        if self._feed(data):
            return True
        if not self._headed or self.ended is not ends:
            raise NotHttp
        if ends:
            self._begun = False
        return False

    def again(self, body: bytes) -> None:
        """A message that is all here, and whose head is known (`HeadReader.known`). It keeps the connection as the one
        before did."""
        self.pieces = [body] if body else []
        self.size = len(body)
        self.ended = True

    def expect_body(self, head: Head) -> None:
        """What follows is the body that this head announces."""
        self._left = head.length
        self._end = ChunkedEnd() if head.constant.chunked else None

    def body(self, data: bytes) -> int:
        """Take of these bytes what may be body, and return how many that were. Raises NotHttp."""
        cut = min(self._left, len(data)) if self._end is None else self._end.cut(data)
        if self._feed(data if cut == len(data) else data[:cut]):
            raise NotHttp
        self._left -= cut
        if self._end is None and self.ended is not (self._left == 0):
            raise NotHttp
        if self.ended:
            self._begun = False
        return cut

    def close(self) -> None:
        """Nothing more comes. Parts from the parser, which points back: no work for the garbage collector is left."""
        self._parser = None

    def _feed(self, data: bytes) -> bool:
        assert self._parser is not None, "nothing comes after the end"
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            return True
        except httptools.HttpParserError as error:
            raise NotHttp from error
        if self._crossed:
            raise NotHttp
        return False

    # What the parser calls

    def on_message_begin(self) -> None:
        self._crossed = self._begun
        self._begun = True
        self._headed = self.ended = False
        self.pieces = []
        self.size = 0

    def on_headers_complete(self) -> None:
        self._headed = True
        assert self._parser is not None, "only its parser calls this"
        self.keeps = self._parser.should_keep_alive()

    def on_body(self, piece: bytes) -> None:
        self.pieces.append(piece)
        self.size += len(piece)

    def on_message_complete(self) -> None:
        self.ended = True


class ChunkedEnd:
    """Cuts a chunked body so that its end is the end of a cut.

    A chunked body ends with an empty line, and the byte before that is no line break (it ends the last chunk's size, its
    extension or a trailer), so cutting behind every empty line from left to right never skips the last one. Most cuts
    lie inside of a chunk's data, where they do no harm.
    """

    __slots__ = ("_tail",)

    def __init__(self) -> None:
        self._tail = b""

    def cut(self, data: bytes) -> int:
        """The length of the next cut of these bytes."""
        seen = self._tail + data
        at = seen.find(_EMPTY_LINE)
        if at < 0:
            self._tail = seen[1 - len(_EMPTY_LINE) :]
            return len(data)
        length = at + len(_EMPTY_LINE) - len(self._tail)
        self._tail = b""
        return length
