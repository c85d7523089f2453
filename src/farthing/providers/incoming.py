"""One HTTP/1.1 answer as it is parsed: bytes in, a head and pieces of body out, no I/O.

Each answer has a parser of its own (a third of a microsecond), so nothing of one answer can reach the next.
"""

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from farthing.providers.head import HOP_BY_HOP, named_options
from farthing.providers.limits import Limits

_Fields = list[tuple[bytes, bytes]]


class Incoming:
    """Feed it what arrives. It points to its parser, which points back, until `complete`, `flaw` or `drop`."""

    __slots__ = (
        "_bodiless",
        "_coded",
        "_fields",
        "_limits",
        "_parser",
        "_quiet_bytes",
        "complete",
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
        self.headers: _Fields = []
        """Names in lower case, order and duplicates kept, hop-by-hop headers removed."""
        self.headed = False
        """The head is complete; interim (1xx) answers do not count."""
        self.complete = False
        """The body is complete, by its own framing."""
        self.flaw = ""
        """Why this is no answer. Pieces that came before are kept."""
        self.reusable = False
        """The connection may carry another exchange after this one."""
        self.pieces: list[bytes] = []
        self.unread = 0
        """Bytes in `pieces`."""
        self._limits = limits
        self._bodiless = bodiless
        self._coded = False
        self._fields: _Fields = []
        self._quiet_bytes = 0
        self._parser: HttpResponseParser | None = HttpResponseParser(self)

    def feed(self, data: bytes | memoryview) -> None:
        parser = self._parser
        if parser is None:
            self.reusable = False  # more bytes than the answer has
            return
        before = self.unread
        self._quiet_bytes += len(data)
        try:
            parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self._spoil(f"sent what is not an HTTP/1.1 answer ({error})")
        if self.complete or self.flaw:
            self._parser = None
        elif self.unread != before:
            self._quiet_bytes = 0
        else:
            self._check_quiet()

    def end(self) -> None:
        """The provider closed its side in good order: the end of a body without a length, a flaw of any other."""
        if self.headed and not self.flaw and not self._coded and self.declared < 0:
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
    def declared(self) -> int:
        """Content-Length; -1 where there is none. The parser has refused what is not a number."""
        return next((int(value) for name, value in self.headers if name == b"content-length"), -1)

    @property
    def stage(self) -> str:
        return "in the middle of its answer" if self.headed else "before it answered"

    # ── what the parser calls: a dozen times an answer, so little is done here that can be done once ─────────────

    def on_message_begin(self) -> None:
        if self.complete:
            self.reusable = False  # the first byte of something after the end

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        if self.complete or self.flaw:
            return
        parser = self._parser
        assert parser is not None, "only its parser calls this"
        status = parser.get_status_code()
        fields, self._fields = self._fields, []
        if status < 200:
            return
        self.status = status
        self.reusable = parser.should_keep_alive()
        self.headed = True
        if len(fields) > self._limits.headers or self._quiet_bytes > self._limits.head_bytes:
            self._check_head(fields)
        of_the_hop = [field for field in fields if field[0] in HOP_BY_HOP]
        self.headers = self._end_to_end(fields, of_the_hop) if of_the_hop else fields
        self.complete = self._bodiless and not self.flaw

    def on_body(self, piece: bytes) -> None:
        if self.complete:
            self.reusable = False  # a body where there is none
        elif not self.flaw:
            self.pieces.append(piece)
            self.unread += len(piece)

    def on_message_complete(self) -> None:
        if self.headed and not self.flaw:
            self.complete = True

    # ── limits and framing ───────────────────────────────────────────────────────────────────────────────────────

    def _end_to_end(self, fields: _Fields, of_the_hop: _Fields) -> _Fields:
        """Heed the hop's headers and leave them out, and what Connection names too, except the length of the body."""
        named: set[bytes] = set()
        for name, value in of_the_hop:
            if name == b"transfer-encoding":
                self._coded = True
                if value.lower() != b"chunked":
                    self._spoil("sent a transfer coding that was not asked for")
            elif name == b"connection":
                named.update(named_options((value,)))
        left_out = (HOP_BY_HOP | named) - {b"content-length"} if named else HOP_BY_HOP
        return [field for field in fields if field[0] not in left_out]

    def _check_head(self, fields: _Fields) -> None:
        """Of the bytes that came with no body before them, some may belong to the body."""
        if len(fields) > self._limits.headers:
            self._spoil(f"sent more than {self._limits.headers} headers")
        elif sum(len(name) + len(value) + 4 for name, value in fields) > self._limits.head_bytes:
            self._spoil_head()

    def _check_quiet(self) -> None:
        """Bytes that bring no body are a head, trailers or framing, and have their limits before they are complete."""
        if self._quiet_bytes > self._limits.head_bytes:
            self._spoil_head()
        elif len(self._fields) > self._limits.headers:
            self._spoil(f"sent more than {self._limits.headers} headers")
        else:
            return
        self._parser = None

    def _spoil_head(self) -> None:
        self._spoil(f"sent more than {self._limits.head_bytes} bytes of headers")

    def _spoil(self, reason: str) -> None:
        self.reusable = False
        if not self.complete and not self.flaw:
            self.flaw = reason
