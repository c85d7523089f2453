"""Percentiles by nearest rank: always a number that happened."""

from collections import Counter
from collections.abc import Sequence

import msgspec


class Spread(msgspec.Struct, frozen=True):
    """How a quantity is spread."""

    p50: int
    p90: int
    p99: int
    most: int


def spread(ordered: Sequence[int]) -> Spread:
    """Of rising numbers; zeros where there are none."""
    if not ordered:
        return Spread(0, 0, 0, 0)
    p50, p90, p99 = (rank(ordered, percent) for percent in (50, 90, 99))
    return Spread(p50, p90, p99, ordered[-1])


def rank(ordered: Sequence[int], percent: int) -> int:
    """The smallest of rising numbers that at least `percent` in a hundred of them do not exceed. `ordered` is not empty."""
    assert ordered
    assert 0 < percent <= 100
    return ordered[-(-len(ordered) * percent // 100) - 1]


def counted_rank(counts: Counter[int], percent: int) -> int:
    """As `rank`, of numbers that are counted by value. `counts` is not empty."""
    assert 0 < percent <= 100
    left = -(-counts.total() * percent // 100)
    for value in sorted(counts):
        left -= counts[value]
        if left <= 0:
            return value
    raise AssertionError("nothing was counted")
