"""What the head of a request says, and what of it is the same as in the one before.

Whether bytes are HTTP, and where a message ends, is for httptools to say; this only reads the names and values. A client
says the same on its connection over and over, but for a length and perhaps its labels: lines that are the same, byte by
byte, are not read again, and what was made of them is kept beside them (`Constant.asker`). Such a head is `known`:
httptools took it when it first came, and is not asked again where its body came along.
"""

import re
from itertools import compress
from operator import ne
from typing import Any
from urllib.parse import unquote

import httptools

Headers = list[tuple[bytes, bytes]]
Problem = tuple[int, bytes]
"""A status, and what is wrong in words."""

_VARYING = frozenset((b"content-length", b"x-farthing-labels", b"idempotency-key"))
"""Lines that may differ between two heads with the same `Constant`: nothing in it may be made of these. They never go on
to a provider, and do not say who is asking."""
_ONCE = frozenset(
    (*_VARYING, b"host", b"authorization", b"content-type", b"transfer-encoding", b"x-api-key", b"x-goog-api-key")
)
_WITH_UNDERSCORE = frozenset((b"session_id",))
"""What a known client sends (Codex). Any other is refused: many servers read `_` as `-`, and would see another header."""
_PLAIN = re.compile(rb"[ -~]+")
"""A value that no parser objects to. It is not empty: so looks a line that lacks its colon."""
_HOST = re.compile(rb"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")
_VERSIONS = (b"HTTP/1.1", b"HTTP/1.0")
_LONGEST_NUMBER = 19
"""Digits of a length; the parser refuses what does not fit 64 bits."""
_NOT_HTTP: Problem = 400, b"this is not valid HTTP/1.1"


class Constant:
    """What is the same in all requests that a client sends with the same words."""

    __slots__ = ("asker", "chunked", "expects", "method", "one_one", "path", "problem", "query", "raw_path")

    def __init__(self) -> None:
        self.method = ""
        self.path = ""
        """Decoded, without the query."""
        self.raw_path = b""
        self.query = b""
        self.one_one = True
        """HTTP/1.1, not 1.0."""
        self.chunked = False
        self.expects = False
        """The client waits for `100 Continue` before it sends the body."""
        self.problem: Problem | None = None
        """Why such a request is not looked at."""
        self.asker: Any = None
        """What a door has made of these headers, for this connection alone."""


class Head:
    """The head of one request. Names are lower-case, values stripped; nothing changes it."""

    __slots__ = ("constant", "headers", "length", "named")

    def __init__(self, constant: Constant, headers: Headers, named: dict[bytes, bytes]) -> None:
        self.constant = constant
        self.headers = headers
        self.named = named
        """By name; of several with one name the last."""
        length = named.get(b"content-length", b"")
        self.length = int(length) if _is_number(length) else 0


class HeadReader:
    """Reads the heads of one connection, one after the other. Never shared: what is remembered includes credentials."""

    __slots__ = ("_head", "_lines", "_most_headers", "known")

    def __init__(self, most_headers: int) -> None:
        self._most_headers = most_headers
        self._lines: list[bytes] = []
        self._head = Head(Constant(), [], {})
        self.known = False
        """The head that was read last has no problem, and differs from the one before in nothing but plain values of
        varying lines: the parser has nothing to say of it that it did not say before."""

    def read(self, block: bytes) -> Head:
        """The head in these bytes, which end before the empty line."""
        lines = block.split(b"\r\n")
        head = self._again(lines) if len(lines) == len(self._lines) else None
        self.known = head is not None
        if head is None:
            headers = [_field(line) for line in lines[1:]]
            head = Head(self._constant(lines[0], headers), headers, dict(headers))
            if any(b"\r" in line or b"\n" in line for line in lines):  # the parser would not split here as we did
                head.constant.problem = _NOT_HTTP
        self._lines, self._head = lines, head
        return head

    def _again(self, lines: list[bytes]) -> Head | None:
        """The head, if it is known."""
        head = self._head
        changed = list(compress(range(len(lines)), map(ne, lines, self._lines)))
        if head.constant.problem is not None:
            return None
        if not changed:
            return head
        headers, named = head.headers.copy(), head.named.copy()
        for at in changed:
            name, value = field = _field(lines[at])
            if at == 0 or name not in _VARYING or name != headers[at - 1][0] or not _is_plain(name, value):
                return None
            headers[at - 1] = field
            named[name] = value
        return Head(head.constant, headers, named)

    def _constant(self, request: bytes, headers: Headers) -> Constant:
        made = Constant()
        method, _, rest = request.partition(b" ")
        target, _, version = rest.partition(b" ")
        made.method = method.decode("latin-1")
        made.one_one = version == b"HTTP/1.1"
        for name, value in headers:
            if name == b"transfer-encoding":
                made.chunked = True
            elif name == b"expect":
                made.expects = value.lower() == b"100-continue"
        made.problem = self._problem(version, headers) or _aim(made, target)
        return made

    def _problem(self, version: bytes, headers: Headers) -> Problem | None:
        if version not in _VERSIONS:
            return _NOT_HTTP
        if len(headers) > self._most_headers:
            return 431, b"the request has too many headers"
        seen: set[bytes] = set()
        for name, _ in headers:
            if name in seen and name in _ONCE:
                return 400, b"the header " + name + b" is given twice"
            if b"_" in name and name not in _WITH_UNDERSCORE:
                return 400, b"a header name contains an underscore"
            seen.add(name)
        host = next((value for name, value in headers if name == b"host"), None)
        if host is None:
            return 400, b"exactly one Host header is required"
        return None if _HOST.fullmatch(host) else (400, b"the Host header is not a host")


def _field(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.partition(b":")
    return name.lower(), value.strip(b" \t")


def _is_number(value: bytes) -> bool:
    return value.isdigit() and len(value) <= _LONGEST_NUMBER


def _is_plain(name: bytes, value: bytes) -> bool:
    return _is_number(value) if name == b"content-length" else _PLAIN.fullmatch(value) is not None


def _aim(made: Constant, target: bytes) -> Problem | None:
    """Fill in what the target of a request says."""
    raw_path, _, query = target.partition(b"?")
    if not raw_path.startswith(b"/"):  # `GET http://host/path`, or CONNECT's authority
        try:
            parsed = httptools.parse_url(target)
        except httptools.HttpParserInvalidURLError:
            return 400, b"the target of the request is not a path"
        if not parsed.path:
            return 400, b"the target of the request has no path"
        raw_path, query = parsed.path, parsed.query or b""
    path = raw_path.partition(b"#")[0].decode("latin-1")
    made.raw_path, made.query = raw_path, query
    made.path = unquote(path) if "%" in path else path
    return None
