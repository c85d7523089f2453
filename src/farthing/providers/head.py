"""The head of a request as bytes, checked so that no header can carry a second line; and which headers end with a hop."""

import re
from collections.abc import Iterable
from functools import lru_cache

from farthing.domain.errors import BadRequest
from farthing.ports.upstream import Outbound
from farthing.providers.addresses import parse_origin

_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_TARGET = re.compile(rb"/[!-~]*")
_METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""Headers that speak of one connection, not of the message (RFC 9110 §7.6.1 and its forerunners)."""

_OURS = HOP_BY_HOP | {b"host", b"content-length", b"expect"}
_TEXT = bytes(code for code in range(256) if code == 0x09 or (code >= 0x20 and code != 0x7F))
_ACCEPT_ENCODING = b"\r\naccept-encoding: "
_IDENTITY = _ACCEPT_ENCODING + b"identity"
_REMEMBERED = 1024
"""Spellings of header names that are kept at most, each of at most `_SHORT` bytes."""
_SHORT = 64


class _Prefixes(dict[bytes, bytes]):
    """A header's name → what stands before its value, line end included. Raises BadRequest for what may not be sent."""

    def __missing__(self, name: bytes) -> bytes:
        if not _TOKEN.fullmatch(name):
            raise BadRequest(f"{name!r} is not a header name")
        lowered = name.lower()
        if lowered in _OURS:
            field = name.decode()
            raise BadRequest(f"the header {field} belongs to the connection and cannot be set", field=field)
        prefix = _ACCEPT_ENCODING if lowered == b"accept-encoding" else b"\r\n%b: " % name
        if len(self) >= _REMEMBERED:
            self.clear()  # whoever fills it with names of his own slows nobody for long
        if len(name) <= _SHORT:
            self[name] = prefix
        return prefix


_PREFIXES = _Prefixes()


def render_head(request: Outbound) -> bytes:
    """Request line and headers, ending in the empty line.

    Raises BadRequest for what must not be sent: a control character, a header that the connection itself sets, an
    impossible target. Asks for `identity` where the caller names no encoding.
    """
    head = _without_length(request.origin, request.method, request.target, request.headers)
    if request.body or request.method in _METHODS_WITH_BODY:
        return b"%b\r\ncontent-length: %d\r\n\r\n" % (head, len(request.body))
    return head + b"\r\n\r\n"


@lru_cache(maxsize=256)
def _without_length(origin: str, method: str, target: str, headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """The head as far as it is the same in all requests that a client sends to one place, without the last line end.

    Remembered under all that it is made of, credentials included, so that nobody gets another's.
    """
    lines = [_start(origin, method, target)]
    prefixes, encoding = _PREFIXES, _IDENTITY
    for name, value in headers:
        prefix = prefixes[name]
        if prefix is _ACCEPT_ENCODING:
            encoding = b""
        lines.append(prefix + value)
    if encoding:
        lines.append(encoding)
    head = b"".join(lines)
    # All that is not text must be exactly our own line ends: each line but the first begins with one, the first (its
    # Host) holds one.
    if head.translate(None, _TEXT) != b"\r\n" * len(lines):
        culprit = next(name.decode() for name, value in headers if value.translate(None, _TEXT))
        raise BadRequest(f"the header {culprit} holds a control character, which HTTP cannot carry", field=culprit)
    return head


@lru_cache(maxsize=1024)
def _start(origin: str, method: str, target: str) -> bytes:
    """Request line and Host, without the last line end."""
    verb, path = method.encode("utf-8", "surrogatepass"), target.encode("utf-8", "surrogatepass")
    if not _TARGET.fullmatch(path):
        raise BadRequest("the path and query hold what HTTP cannot carry; percent-encode it", field="path")
    if not _TOKEN.fullmatch(verb) or method == "CONNECT":
        raise BadRequest(f"{method!r} is not a method that can be sent", field="method")
    return b"%b %b HTTP/1.1\r\nhost: %b" % (verb, path, parse_origin(origin).authority)


def end_to_end(fields: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """An answer's headers for its caller: names in lower case, order and duplicates kept, hop-by-hop ones removed."""
    lowered = [(name.lower(), value) for name, value in fields]
    listed = named_options(value for name, value in lowered if name == b"connection")
    return [field for field in lowered if field[0] not in HOP_BY_HOP and field[0] not in listed]


def named_options(values: Iterable[bytes]) -> tuple[bytes, ...]:
    """The header names that Connection headers declare hop-by-hop."""
    return tuple(option.strip() for value in values for option in value.lower().split(b","))
