"""Budgets derived from evidence: what runs of one kind have cost, and the limit that follows from it.

The default is the ninetieth percentile and a fifth more (p90 + 20 %): nine runs in ten fit with room to spare, and a
runaway is stopped at a small multiple of what is usual. Percentiles are by nearest rank: always a run that happened.
"""

from collections.abc import Iterable, Sequence

import msgspec

from farthing.domain.ranks import Spread, rank, spread

FEWEST_RUNS = 5
"""Below this, percentiles say nothing."""
_DIGITS = 2


class RunCost(msgspec.Struct, frozen=True):
    """What one run has cost, in all."""

    kind: str
    """The value of the label that runs are compared by, mostly the workflow."""
    nanos: int
    tokens: int
    calls: int
    open: bool = False
    """Part of its cost is not known yet: it is not taken for evidence."""


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """A budget for each run of one kind. Money is nano-dollars."""

    kind: str
    runs: int
    left_out: int
    """Runs whose cost is not known yet."""
    nanos: Spread
    tokens: Spread
    calls: Spread
    limit_nanos: int | None
    """None: too few runs, or they cost nothing."""
    stopped: int
    """Past runs that the limit would have stopped."""


def suggest(runs: Iterable[RunCost], *, percentile: int = 90, headroom_percent: int = 20) -> tuple[Suggestion, ...]:
    """One suggestion for each kind of run, the dearest kind first."""
    kinds: dict[str, list[RunCost]] = {}
    for run in runs:
        kinds.setdefault(run.kind, []).append(run)
    found = [_suggestion(kind, of_kind, percentile, headroom_percent) for kind, of_kind in kinds.items()]
    return tuple(sorted(found, key=lambda each: (-each.nanos.p50 * each.runs, each.kind)))


def _suggestion(kind: str, runs: Sequence[RunCost], percentile: int, headroom_percent: int) -> Suggestion:
    known = [run for run in runs if not run.open]
    costs = sorted(run.nanos for run in known)
    limit = None
    if len(known) >= FEWEST_RUNS and costs[-1] > 0:
        limit = rounded_up(-(-rank(costs, percentile) * (100 + headroom_percent) // 100)) or None
    return Suggestion(
        kind=kind,
        runs=len(known),
        left_out=len(runs) - len(known),
        nanos=spread(costs),
        tokens=spread(sorted(run.tokens for run in known)),
        calls=spread(sorted(run.calls for run in known)),
        limit_nanos=limit,
        stopped=0 if limit is None else sum(cost > limit for cost in costs),
    )


def rounded_up(amount: int, digits: int = _DIGITS) -> int:
    """The amount with so many leading digits, never less: a limit that people can say aloud."""
    step: int = 10 ** max(len(str(amount)) - digits, 0)
    return -(-amount // step) * step
