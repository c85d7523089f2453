"""What a walk over the prompt of one request has come across: texts, media, pointers, features and cache breakpoints.

Both dialects that carry typed parts fill one of these while they check a body; bounds, exact counts and skeletons are
then read from it without a second walk.
"""

from collections.abc import Iterator
from itertools import chain
from typing import Any

import msgspec

from farthing.wire.dialect import Media
from farthing.wire.fields import mapping, path, text, wrong
from farthing.wire.strict import write


class Gathered(msgspec.Struct, gc=False):
    """Filled in the order of the body. Pieces are strings as they came, and JSON as compact bytes."""

    pieces: list[str | bytes] = []
    overhead: int = 0
    """Template tokens around the pieces, an upper bound."""
    tools: list[bytes] = []
    """Those pieces that define tools, where they came as whole lists."""
    media: list[Media] = []
    pointers: list[str] = []
    uncapped: list[str] = []
    searches: int = 0
    server_tools: bool = False
    """The provider runs tools of its own in a loop, and bills the input of every round."""
    ttls: set[str] = set()
    """Times to live of all cache breakpoints: `5m`, `1h`."""
    kinds: dict[str, str] = {}
    """Types of tools among the uncapped."""
    before: int = 0
    """UTF-8 bytes before the first message."""
    sizes: list[int] = []
    """UTF-8 bytes of each message."""
    counted: int = 0
    """How many of the pieces are in these sizes."""

    def json(self, value: Any) -> bytes:
        """Add a value that reaches the prompt as JSON; returns what it is written as."""
        piece = write(value)
        self.pieces.append(piece)
        return piece

    def uncapped_tool(self, where: str, kind: str) -> None:
        """Note a tool that bills without a cap."""
        self.uncapped.append(where)
        self.kinds[where] = kind

    def uncapped_kind(self) -> str:
        """The type of what is uncapped first, where it is a tool."""
        return self.kinds.get(self.uncapped[0], "") if self.uncapped else ""

    def begin_message(self) -> None:
        """What is added from here on belongs to the next message."""
        if self.counted != len(self.pieces):
            self._count()
        self.sizes.append(0)

    def bytes(self) -> int:
        """UTF-8 bytes of all pieces."""
        if self.counted != len(self.pieces):
            self._count()
        return self.before + sum(self.sizes)

    def message_bytes(self) -> list[int]:
        """UTF-8 bytes of each message. What was added after the last message belongs to the last."""
        if self.counted != len(self.pieces):
            self._count()
        return self.sizes

    def texts(self) -> Iterator[str]:
        for piece in self.pieces:
            yield piece if isinstance(piece, str) else piece.decode()

    def plain_messages(self, messages: list[Any], at: int = 0) -> int:
        """Add the messages from `at` on that are nothing but texts, as nearly all are: there is nothing in them to refuse
        or to look into. Where the first other one stands, of which nothing is added, or how many messages there are."""
        if self.counted != len(self.pieces):
            self._count()
        pieces, sizes = self.pieces, self.sizes
        for index in range(at, len(messages)):
            message = messages[index]
            if type(message) is not dict or not message.get("role"):
                return index
            size, values = 0, message.values()
            for value in values:
                if type(value) is not str:
                    return index
                size += len(value) if value.isascii() else len(value.encode())
            sizes.append(size)
            pieces += values
            self.counted = len(pieces)
        return len(messages)

    def breakpoint(self, holder: dict[str, Any], where: str, key: str = "cache_control") -> None:
        """Note the cache breakpoint on a part, if it has one. Raises BadRequest for a time to live without a known price."""
        if key in holder and (control := mapping(holder, key, where)) is not None:
            self.ttls.add(time_to_live(control, path(where, key)))

    def _count(self) -> None:
        """Bring the sizes up to date. Every piece is measured once: bounds and skeletons ask for the same lengths."""
        more = sum(map(utf8_length, self.pieces[self.counted :]))
        if self.sizes:
            self.sizes[-1] += more
        else:
            self.before += more
        self.counted = len(self.pieces)


def time_to_live(control: dict[str, Any], where: str) -> str:
    """`5m` or `1h`; 5m is the default of Anthropic's `cache_control`."""
    ttl = text(control, "ttl", where) or "5m"
    if ttl not in {"5m", "1h"}:
        raise wrong(path(where, "ttl"), "`5m` or `1h`")
    return ttl


def utf8_length(piece: str | bytes) -> int:
    """Bytes of a piece in UTF-8."""
    return len(piece) if isinstance(piece, bytes) or piece.isascii() else len(piece.encode())


def nested(value: Any, key: str) -> Iterator[Any]:
    """Every value under `key` at any depth."""
    if type(value) is dict:
        if key in value:
            yield value[key]
        yield from chain.from_iterable(nested(inner, key) for inner in value.values())
    elif type(value) is list:
        yield from chain.from_iterable(nested(inner, key) for inner in value)
