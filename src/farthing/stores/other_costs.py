"""Other costs added up by group and kind, and what they have under the names that calls are grouped by."""

from collections.abc import Callable, Iterable

from farthing.ports.history import OtherCostRow

OF_CALLS_ALONE = frozenset({"model", "provider", "tier", "route", "outcome", "step"})
"""Names of which a cost beside models has nothing."""

Booked = tuple[tuple[str, ...], str, int, int]
"""Group, kind, how many bookings, nano-dollars."""


def value_beside(name: str, run: str, of_first_call: Callable[[str], str]) -> str:
    """What a cost of this run has under a name; `of_first_call` says what the run's first call has, and when it was booked."""
    if name == "run":
        return run
    return "" if name in OF_CALLS_ALONE else of_first_call(name)


def other_cost_rows(booked: Iterable[Booked]) -> tuple[OtherCostRow, ...]:
    """One row for each group and kind, in that order."""
    sums: dict[tuple[tuple[str, ...], str], tuple[int, int]] = {}
    for group, kind, bookings, nanos in booked:
        before = sums.get((group, kind), (0, 0))
        sums[group, kind] = before[0] + bookings, before[1] + nanos
    return tuple(
        OtherCostRow(group=group, kind=kind, bookings=bookings, nanos=nanos)
        for (group, kind), (bookings, nanos) in sorted(sums.items())
    )
