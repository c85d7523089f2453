"""Model distribution: which models take what share of calls, tokens and cost.

`distribution(rows)` of `history.usage(by=("model",))`, or of any other names: shares are of all rows together.
"""

from collections.abc import Iterable

import msgspec

from farthing.ports.records import UsageRow
from farthing.reports.rates import share, total


class ModelShare(msgspec.Struct, frozen=True, kw_only=True):
    """One group's part of the whole. A share is None where the whole is nothing."""

    row: UsageRow
    calls: float | None
    tokens: float | None
    """Input and output together."""
    cost: float | None
    nanos_per_call: int | None
    """Mean cost of a call that was not refused, rounded up."""


def distribution(rows: Iterable[UsageRow]) -> tuple[ModelShare, ...]:
    """The dearest first."""
    rows = sorted(rows, key=lambda row: (-row.cost_nanos, row.group))
    whole = total(rows)
    return tuple(
        ModelShare(
            row=row,
            calls=share(row.calls, whole.calls),
            tokens=share(_tokens(row), _tokens(whole)),
            cost=share(row.cost_nanos, whole.cost_nanos),
            nanos_per_call=-(-row.cost_nanos // answered) if (answered := row.calls - row.refused) > 0 else None,
        )
        for row in rows
    )


def _tokens(row: UsageRow) -> int:
    return row.usage.input_tokens + row.usage.output_tokens
