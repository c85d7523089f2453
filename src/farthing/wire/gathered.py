"""What a walk over the prompt of one request has come across: texts, media, pointers, features and cache breakpoints.

Both dialects that carry typed parts fill one of these while they check a body; bounds, exact counts and skeletons are
then read from it without a second walk.
"""

from collections.abc import Iterator
from hashlib import blake2b
from itertools import chain
from typing import Any

from farthing.wire.dialect import Media
from farthing.wire.fields import mapping, path, text, wrong
from farthing.wire.strict import write


class Gathered:
    """Filled in the order of the body. Pieces are strings as they came, and JSON as compact bytes."""

    __slots__ = ("_marks", "media", "overhead", "pieces", "pointers", "searches", "server_tools", "ttls", "uncapped")

    def __init__(self) -> None:
        self.pieces: list[str | bytes] = []
        self.overhead = 0
        """Template tokens around the pieces, an upper bound."""
        self.media: list[Media] = []
        self.pointers: list[str] = []
        self.uncapped: list[str] = []
        self.searches = 0
        self.server_tools = False
        """The provider runs tools of its own in a loop, and bills the input of every round."""
        self.ttls: set[str] = set()
        """Times to live of all cache breakpoints: `5m`, `1h`."""
        self._marks: list[int] = []

    def json(self, value: Any) -> None:
        """Add a value that reaches the prompt as JSON."""
        self.pieces.append(write(value))

    def begin_message(self) -> None:
        """What is added from here on belongs to the next message."""
        self._marks.append(len(self.pieces))

    def bytes(self) -> int:
        """UTF-8 bytes of all pieces."""
        return sum(map(utf8_length, self.pieces))

    def message_bytes(self, index: int) -> int:
        """UTF-8 bytes of one message, counted from 0. What was added after the last message belongs to the last."""
        end = self._marks[index + 1] if index + 1 < len(self._marks) else len(self.pieces)
        return sum(map(utf8_length, self.pieces[self._marks[index] : end]))

    def texts(self) -> Iterator[str]:
        for piece in self.pieces:
            yield piece if isinstance(piece, str) else piece.decode()

    def breakpoint(self, holder: dict[str, Any], where: str, key: str = "cache_control") -> None:
        """Note the cache breakpoint on a part, if it has one. Raises BadRequest for a time to live without a known price."""
        if key in holder and (control := mapping(holder, key, where)) is not None:
            self.ttls.add(time_to_live(control, path(where, key)))


def time_to_live(control: dict[str, Any], where: str) -> str:
    """`5m` or `1h`; 5m is the default of Anthropic's `cache_control`."""
    ttl = text(control, "ttl", where) or "5m"
    if ttl not in {"5m", "1h"}:
        raise wrong(path(where, "ttl"), "`5m` or `1h`")
    return ttl


def utf8_length(piece: str | bytes) -> int:
    """Bytes of a piece in UTF-8."""
    return len(piece) if isinstance(piece, bytes) or piece.isascii() else len(piece.encode())


def digest(key: bytes, *values: Any) -> str:
    """Keyed hash of JSON values in their own key order, 16 hex digits."""
    return blake2b(b"\x00".join(map(write, values)), digest_size=8, key=key).hexdigest()


def nested(value: Any, key: str) -> Iterator[Any]:
    """Every value under `key` at any depth."""
    if type(value) is dict:
        if key in value:
            yield value[key]
        yield from chain.from_iterable(nested(inner, key) for inner in value.values())
    elif type(value) is list:
        yield from chain.from_iterable(nested(inner, key) for inner in value)
