"""Dividing an amount into whole parts that sum to it exactly, by the method of the largest remainder."""

from collections.abc import Mapping
from typing import TypeVar

Part = TypeVar("Part")


def apportion(amount: int, weights: Mapping[Part, int]) -> dict[Part, int]:
    """Parts of `amount` as the weights are to each other, each at most one off its exact share. Weights are not negative
    and sum to more than 0; `amount` is not negative. Where remainders are equal, the first part gets more."""
    whole = sum(weights.values())
    parts = {part: amount * weight // whole for part, weight in weights.items()}
    left = amount - sum(parts.values())
    if left:
        nearest = sorted(weights, key=lambda part: -(amount * weights[part] % whole))
        for part in nearest[:left]:
            parts[part] += 1
    return parts
