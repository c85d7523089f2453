"""Reading a JSON body exactly, or refusing it: what we price must be what the provider will read.

Decoders differ on duplicate keys, NaN, byte order marks, lone surrogates and deep nesting, so a body that has any of
them could mean one thing to us and another upstream. Such a body is refused here, with the reason. Typed access to the
fields of what was read is `farthing.wire.fields`.
"""

import json
import re
from typing import Any, NoReturn

import msgspec

from farthing.domain.errors import BadRequest

GiB = 1 << 30


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How large a body may be. Depth counts objects and lists inside one another; keys count at every depth."""

    bytes: int = GiB
    """Far above what a door lets in: how long a body may be is its own setting."""
    depth: int = 64
    keys: int = 10_000


class Body(msgspec.Struct, frozen=True, gc=False):
    """One JSON object, parsed once."""

    value: dict[str, Any]
    """The object, in the order of the body. Never change it: make an edited copy of the level you change."""
    raw: bytes
    """The body as it came."""
    canonical: bool
    """`raw` is byte for byte what `encode` writes, so it may be forwarded when nothing was edited."""

    def encode(self) -> bytes:
        """The object as compact JSON in its own key order: `raw` itself where that is the same."""
        return self.raw if self.canonical else write(self.value)


write = msgspec.json.Encoder().encode
"""Any JSON value as compact UTF-8 bytes, keys in their own order."""

_decode = msgspec.json.Decoder().decode
_decode_plain = msgspec.json.Decoder(dict[str, str | int | float | bool | list[dict[str, str] | str] | None]).decode
_PLAIN_DEPTH = 3
_SHORT = 8 * 1024
"""Bytes of a body that may be decoded twice. Longer ones often have tools, and are not plain."""
_BYTES_OF_A_KEY = 5
"""No key takes less (`"":1,`), and two objects or lists take more (`[],[],`)."""
_LONE_SURROGATE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
_NO_NUMBER = re.compile(rb"-?\b(?:NaN|Infinity)\b")
_ALL_BUT_MARKS = bytes(set(range(256)) - set(b"{[:"))
_BOM = b"\xef\xbb\xbf"
_DECODED_UNSEEN = 128 * 1024
"""Bytes that are decoded before anything is counted. At the worst, all of them brackets, that takes some 10 ms."""


def read_object(body: bytes, *, limits: Limits = Limits()) -> Body:  # noqa: B008 - a frozen value
    """Parse a request body that must be one JSON object.

    Raises BadRequest: 413 when it is longer than `limits.bytes`, else 400 when it is not UTF-8, not JSON, not an object,
    too deep, has too many keys or the same key twice in one object.
    """
    if len(body) > limits.bytes:
        raise BadRequest(
            f"The body has {len(body)} bytes; at most {limits.bytes} are accepted.",
            status=413,
            code="request_too_large",
        )
    if len(body) > _DECODED_UNSEEN:
        _refuse_sprawl(body, limits)
    value = _plain_object(body, limits) if len(body) <= _SHORT else None
    if value is None:
        value = _any_object(body)
        _measure(value, limits)
    written = write(value)
    canonical = written == body
    if not canonical and _drops_keys(body, written):
        _name_duplicate(body)
    return Body(value, body, canonical)


def _plain_object(body: bytes, limits: Limits) -> dict[str, Any] | None:
    """A short object that is no deeper than a list of messages of nothing but texts, and so within the limits; None for
    any other. Its type takes the decoder no time, and to look through what it has decoded takes as long as decoding."""
    if len(body) > _BYTES_OF_A_KEY * limits.keys or limits.depth < _PLAIN_DEPTH:
        return None
    try:
        return _decode_plain(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _any_object(body: bytes) -> dict[str, Any]:
    try:
        value = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(f"The body is not acceptable JSON: {_reason(body, error)}.") from None
    if type(value) is not dict:
        raise BadRequest(f"The body must be a JSON object, not {_kind(value)}.")
    return value


def _reason(body: bytes, error: Exception) -> str:
    """Why the decoder refused a body, in words that say what to mend. Never the content."""
    if body.startswith(_BOM):
        return "it starts with a byte order mark"
    try:
        body.decode()
    except UnicodeDecodeError as undecodable:
        return f"it is not UTF-8 (byte {undecodable.start})"
    if found := _NO_NUMBER.search(_structure(body)):
        return f"{found[0].decode()} is not a JSON number"
    if lone := _LONE_SURROGATE.search(body.replace(rb"\\", b"__")):
        return f"it has half of a surrogate pair (byte {lone.start()})"
    return str(error)


def _measure(value: dict[str, Any], limits: Limits) -> None:
    """Refuse an object that is too deep or has too many keys, objects or lists. Level by level, so that no body is too
    deep for this, and no level is entered that has too many."""
    keys, held = len(value), 1
    level: list[Any] = [value]
    for _ in range(limits.depth):
        below: list[Any] = []
        for holder in level:
            for inner in holder.values() if type(holder) is dict else holder:
                kind = type(inner)
                if kind is dict:
                    keys += len(inner)
                    below.append(inner)
                elif kind is list:
                    below.append(inner)
        held += len(below)
        if keys > limits.keys or held > 2 * limits.keys:
            _refuse_many(keys, limits)
        if not below:
            return
        level = below
    raise BadRequest(f"The body nests objects and lists more than {limits.depth} deep.")


def _refuse_sprawl(body: bytes, limits: Limits) -> None:
    """Refuse what `_measure` would, before the decoder pays for it."""
    if len(body.translate(None, _ALL_BUT_MARKS)) <= limits.keys:
        return  # with those inside strings they are few enough
    structure = _structure(body)
    keys, held = structure.count(b":"), structure.count(b"{") + structure.count(b"[")
    if keys > limits.keys or held > 2 * limits.keys:
        _refuse_many(keys, limits)


def _refuse_many(keys: int, limits: Limits) -> NoReturn:
    if keys > limits.keys:
        raise BadRequest(f"The body has more than {limits.keys} keys.")
    raise BadRequest(f"The body has more than {2 * limits.keys} objects and lists.")


def _structure(body: bytes) -> bytes:
    """The body without its strings: what stands between one closing quote and the next opening one."""
    unescaped = body.replace(rb"\\", b"").replace(rb"\"", b"") if b"\\" in body else body
    return b"".join(unescaped.split(b'"')[::2])


def _drops_keys(body: bytes, written: bytes) -> bool:
    """Whether the body has more keys than what was read from it, which has each key of an object once."""
    if body.count(b":") == written.count(b":") and rb"\u003" not in body:
        return False  # no colon is written as an escape, so every colon of the body was read, and every key has one
    return _structure(body).count(b":") != _structure(written).count(b":")


def _name_duplicate(body: bytes) -> None:
    """Find the key that stands twice in one object. The slow way; only for bodies that are about to be refused."""

    def once(pairs: list[tuple[str, Any]]) -> None:
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise BadRequest(f"The body has the key {key[:64]!r} twice in one object.", field=key[:64])
            seen.add(key)

    json.loads(body, object_pairs_hook=once)
    raise BadRequest("The body has a key twice in one object.")


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case _:
            return "a list"
