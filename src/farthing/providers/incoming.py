"""One HTTP/1.1 answer as it is parsed: bytes in, a head and pieces of body out, no I/O.

Each answer has a parser of its own (half a microsecond), so nothing of one answer can reach the next.
"""

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from farthing.providers.head import HOP_BY_HOP, named_options
from farthing.providers.limits import Limits

_FRAMING = HOP_BY_HOP | {b"content-length"}
_PLAIN_CONNECTION = frozenset({b"keep-alive", b"close"})


class Incoming:
    """Feed it what arrives. It points to its parser, which points back, until `complete`, `flaw` or `drop`."""

    __slots__ = (
        "_bodiless",
        "_dropped",
        "_framed",
        "_head_bytes",
        "_limits",
        "_parser",
        "_quiet_bytes",
        "complete",
        "declared",
        "flaw",
        "headed",
        "headers",
        "pieces",
        "reusable",
        "status",
        "unread",
    )

    def __init__(self, limits: Limits, *, bodiless: bool = False) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        """Names in lower case, order and duplicates kept, hop-by-hop headers removed."""
        self.headed = False
        """The head is complete; interim (1xx) answers do not count."""
        self.complete = False
        """The body is complete, by its own framing."""
        self.flaw = ""
        """Why this is no answer. Pieces that came before are kept."""
        self.reusable = False
        """The connection may carry another exchange after this one."""
        self.declared = -1
        """Content-Length; -1 where there is none."""
        self.pieces: list[bytes] = []
        self.unread = 0
        """Bytes in `pieces`."""
        self._limits = limits
        self._bodiless = bodiless
        self._framed = False
        self._dropped: tuple[bytes, ...] = ()
        self._head_bytes = self._quiet_bytes = 0
        self._parser: HttpResponseParser | None = HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        parser = self._parser
        if parser is None:
            self.reusable = False  # more bytes than the answer has
            return
        before = self.unread
        try:
            parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self._spoil(f"sent what is not an HTTP/1.1 answer ({error})")
        if self.complete or self.flaw:
            self._parser = None
        elif self.unread != before:
            self._quiet_bytes = 0
        else:
            self._count_quiet(len(data))

    def end(self) -> None:
        """The provider closed its side in good order: the end of a body without a length, a flaw of any other."""
        if self.headed and not self._framed and not self.flaw:
            self.complete = True
        elif not self.complete:
            self._spoil(f"closed the connection {self.stage}")
        self._parser = None

    def take(self) -> bytes:
        """All that is unread."""
        pieces = self.pieces
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self.pieces = []
        self.unread = 0
        return body

    def drop(self, reason: str) -> None:
        """Nothing more is wanted of it."""
        self._spoil(reason)
        self._parser = None

    @property
    def stage(self) -> str:
        return "in the middle of its answer" if self.headed else "before it answered"

    # ── what the parser calls ────────────────────────────────────────────────────────────────────────────────────

    def on_message_begin(self) -> None:
        if self.complete:
            self.reusable = False  # the first byte of something after the end

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value) + 4
        if self._head_bytes > self._limits.head_bytes:
            self._spoil_head()
        elif not self.headed:
            name = name.lower()
            if name not in _FRAMING or self._look_at(name, value):
                self.headers.append((name, value))
                if len(self.headers) > self._limits.headers:
                    self._spoil(f"sent more than {self._limits.headers} headers")

    def on_headers_complete(self) -> None:
        parser = self._parser
        if parser is None or self.complete or self.flaw:
            return
        status = parser.get_status_code()
        if status < 200:
            self.headers.clear()
            self._dropped = ()
            return
        self.status = status
        self.reusable = parser.should_keep_alive()
        if self._dropped:
            self.headers = [field for field in self.headers if field[0] not in self._dropped]
        self.headed = True
        self.complete = self._bodiless

    def on_body(self, piece: bytes) -> None:
        if self.complete:
            self.reusable = False  # a body where there is none
        elif not self.flaw:
            self.pieces.append(piece)
            self.unread += len(piece)

    def on_message_complete(self) -> None:
        if self.headed and not self.flaw:
            self.complete = True

    def _look_at(self, name: bytes, value: bytes) -> bool:
        """Note what a framing header says of this answer; True if it goes on to the caller."""
        if name == b"content-length":
            self._framed = True
            self.declared = int(value) if value.isdigit() else -1
            return True
        if name == b"transfer-encoding":
            self._framed = True
            if value.lower() != b"chunked":
                self._spoil("sent a transfer coding that was not asked for")
        elif name == b"connection" and value.lower() not in _PLAIN_CONNECTION:
            self._dropped += named_options((value,))
        return False

    def _count_quiet(self, size: int) -> None:
        """Bytes that bring no body are a head, trailers or framing, and have their limit before they are parsed."""
        self._quiet_bytes += size
        if self._quiet_bytes > self._limits.head_bytes:
            self._spoil_head()
            self._parser = None

    def _spoil_head(self) -> None:
        self._spoil(f"sent more than {self._limits.head_bytes} bytes of headers")

    def _spoil(self, reason: str) -> None:
        self.reusable = False
        if not self.complete and not self.flaw:
            self.flaw = reason
