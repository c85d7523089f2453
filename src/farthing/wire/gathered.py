"""What a walk over the prompt of one request has come across: texts, media, pointers, features and cache breakpoints.

Both dialects that carry typed parts fill one of these while they check a body; bounds, exact counts and skeletons are
then read from it without a second walk.
"""

from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from itertools import chain
from typing import Any

from farthing.wire.dialect import Media
from farthing.wire.fields import mapping, path, text, wrong
from farthing.wire.strict import write


class Gathered:
    """Filled in the order of the body. Pieces are strings as they came, and JSON as compact bytes."""

    __slots__ = (
        "_kinds",
        "_marks",
        "_sums",
        "media",
        "overhead",
        "pieces",
        "pointers",
        "searches",
        "server_tools",
        "tools",
        "ttls",
        "uncapped",
    )

    def __init__(self) -> None:
        self.pieces: list[str | bytes] = []
        self.overhead = 0
        """Template tokens around the pieces, an upper bound."""
        self.tools: list[bytes] = []
        """Those pieces that define tools, where they came as whole lists."""
        self.media: list[Media] = []
        self.pointers: list[str] = []
        self.uncapped: list[str] = []
        self.searches = 0
        self.server_tools = False
        """The provider runs tools of its own in a loop, and bills the input of every round."""
        self.ttls: set[str] = set()
        """Times to live of all cache breakpoints: `5m`, `1h`."""
        self._kinds: dict[str, str] = {}
        """Types of tools among the uncapped."""
        self._marks: list[int] = []
        """How many pieces there were before each message."""
        self._sums: list[int] = [0]
        """UTF-8 bytes before each piece, and before the next one: as far as they were asked for."""

    def json(self, value: Any) -> bytes:
        """Add a value that reaches the prompt as JSON; returns what it is written as."""
        piece = write(value)
        self.pieces.append(piece)
        return piece

    def uncapped_tool(self, where: str, kind: str) -> None:
        """Note a tool that bills without a cap."""
        self.uncapped.append(where)
        self._kinds[where] = kind

    def uncapped_kind(self) -> str:
        """The type of what is uncapped first, where it is a tool."""
        return self._kinds.get(self.uncapped[0], "") if self.uncapped else ""

    def begin_message(self) -> None:
        """What is added from here on belongs to the next message."""
        self._marks.append(len(self.pieces))

    def bytes(self) -> int:
        """UTF-8 bytes of all pieces."""
        return self._summed()[-1]

    def message_bytes(self, index: int) -> int:
        """UTF-8 bytes of one message, counted from 0. What was added after the last message belongs to the last."""
        sums, marks = self._summed(), self._marks
        return sums[marks[index + 1] if index + 1 < len(marks) else -1] - sums[marks[index]]

    def texts(self) -> Iterator[str]:
        for piece in self.pieces:
            yield piece if isinstance(piece, str) else piece.decode()

    def plain_message(self, message: Any) -> bool:
        """Add a message that is nothing but texts, as nearly all are: there is nothing in it to refuse or to look into.
        False, with nothing added, for any other."""
        if type(message) is not dict or not message.get("role"):
            return False
        for value in message.values():
            if type(value) is not str:
                return False
        self._marks.append(len(self.pieces))
        self.pieces += message.values()
        return True

    def breakpoint(self, holder: dict[str, Any], where: str, key: str = "cache_control") -> None:
        """Note the cache breakpoint on a part, if it has one. Raises BadRequest for a time to live without a known price."""
        if key in holder and (control := mapping(holder, key, where)) is not None:
            self.ttls.add(time_to_live(control, path(where, key)))

    def _summed(self) -> list[int]:
        """The running sum, every piece measured once: bounds and skeletons ask for the same lengths."""
        sums = self._sums
        if len(sums) <= len(self.pieces):
            total = sums[-1]
            for piece in self.pieces[len(sums) - 1 :]:
                total += len(piece) if piece.isascii() else utf8_length(piece)
                sums.append(total)
        return sums


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
    return digest_of(key, b"\x00".join(map(write, values)))


def digest_of(key: bytes, written: bytes) -> str:
    """Keyed hash of bytes, 16 hex digits. What is no JSON must not look like it, or equal digests would mean nothing."""
    fresh = _keyed(key).copy()
    fresh.update(written)
    return fresh.hexdigest()


@lru_cache(maxsize=8)
def _keyed(key: bytes) -> blake2b:
    """A hash that has taken in its key: copying it costs a third of making it."""
    return blake2b(digest_size=8, key=key)


def nested(value: Any, key: str) -> Iterator[Any]:
    """Every value under `key` at any depth."""
    if type(value) is dict:
        if key in value:
            yield value[key]
        yield from chain.from_iterable(nested(inner, key) for inner in value.values())
    elif type(value) is list:
        yield from chain.from_iterable(nested(inner, key) for inner in value)
