"""Identity: 63-bit numbers that rise with time, shown to people as short text.

Bits, high to low: 41 of milliseconds since 2026-01-01 UTC, 10 of the owner's slot, 8 of a count within the
millisecond, 4 of an attempt's ordinal (0 in the id of the call itself). So the attempts of a call lie right behind it,
and no index is needed to find them. Two owners never share a slot at one time (an operating-system lock sees to it), so
two ids are never equal.
"""

import re

EPOCH_MS = 1_767_225_600_000
SLOTS = 1 << 10
ATTEMPTS = (1 << 4) - 1
"""The most attempts one call may have."""
_STEP = 1 << 4
_PER_MS = 1 << 12
_DIGITS = re.compile(r"[0-9a-fA-F]{16}")


class Mint:
    """Makes ids for one owner. Never goes back, whatever the clock does."""

    __slots__ = ("_last", "_slot")

    def __init__(self, slot: int, last: int = 0) -> None:
        """`last` is at least the largest id this slot ever made, whoever made it (0 for none); ids continue above it."""
        assert 0 <= slot < SLOTS
        self._slot = slot
        if last:  # every id of its millisecond counts as used
            last = last >> 22 << 22 | slot << 12 | (_PER_MS - _STEP)
        self._last = last

    def __call__(self, now_ms: int) -> int:
        fresh = (max(now_ms - EPOCH_MS, 0) << 22) | (self._slot << 12)
        if fresh <= self._last:
            fresh = self._last + _STEP
            if fresh & (_PER_MS - 1) == 0:  # the count ran over into the slot's bits: go to the next millisecond
                fresh = (((self._last >> 22) + 1) << 22) | (self._slot << 12)
        self._last = fresh
        return fresh


def first_id(at_ms: int) -> int:
    """No id that was made before this moment is as large; those made since are, by a clock that never went back."""
    return max(at_ms - EPOCH_MS, 0) << 22


def made_ms(number: int) -> int:
    """About when an id was made, in milliseconds since 1970: exactly, where the clock never went back."""
    return (number >> 22) + EPOCH_MS


def attempt_id(call_id: int, ordinal: int) -> int:
    """The id of a call's attempt; the first is 1."""
    assert 1 <= ordinal <= ATTEMPTS
    return call_id | ordinal


def call_of(attempt: int) -> int:
    """The call an attempt belongs to."""
    return attempt & ~ATTEMPTS


def same_maker(one: int, other: int) -> bool:
    """Whether two ids are from the same slot: within the life of an owner, from that owner."""
    return (one ^ other) >> 12 & (SLOTS - 1) == 0


def show(prefix: str, number: int) -> str:
    """`show("call", 1)` is `"call_0000000000000001"`: sixteen hexadecimal digits, in order of time."""
    return "%s_%016x" % (prefix, number)  # noqa: UP031 - half the price of an f-string, and every answer says its id


def read(prefix: str, text: str) -> int:
    """The number that `show` wrote. Raises ValueError with what is wrong."""
    head, mark, digits = text.partition("_")
    if head != prefix or not mark or _DIGITS.fullmatch(digits) is None:
        raise ValueError(f"{text!r} is not the id of a {prefix}; ids look like {show(prefix, 1)}")
    return int(digits, 16)
