"""Keyed hashes of what a request says: equal words of one installation have equal digests, and nothing else is told.

Prompts come again and again: the same instructions in every call, the whole conversation in every step of an agent. So
digests are remembered, by Python's own hash of the words, which costs a fifth of BLAKE2b. The words are not kept.
"""

from functools import lru_cache
from hashlib import blake2b
from typing import Any, TypeVar

from farthing.wire.strict import write

Value = TypeVar("Value")

MOST_REMEMBERED = 8_192
"""Entries of one memory, some 300 bytes each."""


class Remembered(dict[tuple[object, ...], Value]):
    """Values by a mark of what they were made from. Everything is forgotten when it is full. Python's hash of words has 64
    bits under a key of the process's own, so two different words do not meet in it by chance."""

    def keep(self, mark: tuple[object, ...], value: Value) -> Value:
        if len(self) >= MOST_REMEMBERED:
            self.clear()
        self[mark] = value
        return value


_digests: Remembered[str] = Remembered()


def digest(key: bytes, *values: Any) -> str:
    """Keyed hash of JSON values in their own key order, 16 hex digits."""
    return digest_of(key, b"\x00".join(map(write, values)))


def digest_of(key: bytes, written: bytes) -> str:
    """Keyed hash of bytes (BLAKE2b, 8 bytes), 16 hex digits. What is no JSON must not look like it, or equal digests would
    mean nothing."""
    mark = (hash(written), len(written), key)
    return _digests.get(mark) or _digests.keep(mark, hashed(key, written))


def hashed(key: bytes, written: bytes) -> str:
    """As `digest_of`, for callers that remember what they make of it."""
    fresh = _keyed(key).copy()
    fresh.update(written)
    return fresh.hexdigest()


@lru_cache(maxsize=8)
def _keyed(key: bytes) -> blake2b:
    """A hash that has taken in its key: copying it costs a third of making it."""
    return blake2b(digest_size=8, key=key)
