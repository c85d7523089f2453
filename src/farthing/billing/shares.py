"""Dividing whole amounts so that the parts add up: largest remainders, ties to the first."""

from collections.abc import Sequence
from fractions import Fraction


def divide(amount: int, weights: Sequence[int]) -> list[int]:
    """`amount` in parts proportional to `weights` (whole, not negative, not all 0). Each part is its exact share rounded down
    or up, and together they are the amount, also where it is negative."""
    whole = sum(weights)
    assert whole > 0, "nothing says how to divide"
    return _dealt([Fraction(amount * weight, whole) for weight in weights], amount)


def rounded(exact: Sequence[Fraction]) -> list[int]:
    """Fractions as whole numbers whose sum is the sum of the fractions, rounded half up; none is off by one or more."""
    total = sum(exact, Fraction(0))
    return _dealt(exact, (2 * total.numerator + total.denominator) // (2 * total.denominator))


def _dealt(exact: Sequence[Fraction], total: int) -> list[int]:
    parts = [share.numerator // share.denominator for share in exact]
    missing = total - sum(parts)
    order = sorted(range(len(exact)), key=lambda place: (parts[place] - exact[place], place))
    for place in order[:missing]:
        parts[place] += 1
    return parts
