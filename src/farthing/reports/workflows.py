"""Benchmarks by kind of run: what a run of this workflow usually costs, and what its successes cost.

`benchmarks(runs, by)` of `history.runs`, where `by` is a label: `workflow` mostly. Percentiles are by nearest rank.
"""

from collections.abc import Iterable

import msgspec

from farthing.domain.money import NANOS_PER_USD
from farthing.domain.ranks import Spread, spread
from farthing.ports.history import OutcomeRow, RunRow
from farthing.reports.success import Success, cost_per_success


class Benchmark(msgspec.Struct, frozen=True, kw_only=True):
    """Runs of one kind."""

    kind: str
    """The value of the label; "" for runs without it."""
    runs: int
    left_out: int
    """Runs whose cost is not known yet, or not at all: they are in none of the spreads."""
    nanos: Spread
    """Cost of a run, models and the rest."""
    tokens: Spread
    """Input and output together."""
    calls: Spread
    cost_nanos: int
    """Of all runs, those left out included as far as it is known."""
    success: Success


def benchmarks(runs: Iterable[RunRow], by: str = "workflow") -> tuple[Benchmark, ...]:
    """One for each kind of run, the dearest kind first."""
    kinds: dict[str, list[RunRow]] = {}
    for run in runs:
        kinds.setdefault(dict(run.labels).get(by, ""), []).append(run)
    found = [_benchmark(kind, of_kind) for kind, of_kind in kinds.items()]
    return tuple(sorted(found, key=lambda each: (-each.cost_nanos, each.kind)))


def cost_of(run: RunRow) -> int:
    """What a run cost in all, in nano-dollars."""
    return run.cost_nanos + run.other_nanos


def outcome_row(group: tuple[str, ...], runs: Iterable[RunRow]) -> OutcomeRow:
    """What these runs came to, as `History.outcomes` would sum them."""
    runs = tuple(runs)
    judged = [run for run in runs if run.outcome is not None]
    succeeded = [run for run in judged if run.outcome is not None and run.outcome.success]
    scores = [run.outcome.score for run in judged if run.outcome is not None and run.outcome.score is not None]
    return OutcomeRow(
        group=group,
        runs=len(runs),
        judged=len(judged),
        succeeded=len(succeeded),
        cost_nanos=sum(map(cost_of, runs)),
        judged_nanos=sum(map(cost_of, judged)),
        succeeded_nanos=sum(map(cost_of, succeeded)),
        judged_square_usd=sum((cost_of(run) / NANOS_PER_USD) ** 2 for run in judged),
        scored=len(scores),
        score_sum=sum(scores),
    )


def _benchmark(kind: str, runs: list[RunRow]) -> Benchmark:
    known = [run for run in runs if not (run.open or run.unpriced)]
    return Benchmark(
        kind=kind,
        runs=len(runs),
        left_out=len(runs) - len(known),
        nanos=spread(sorted(map(cost_of, known))),
        tokens=spread(sorted(run.usage.input_tokens + run.usage.output_tokens for run in known)),
        calls=spread(sorted(run.calls for run in known)),
        cost_nanos=sum(map(cost_of, runs)),
        success=cost_per_success(outcome_row((kind,), runs)),
    )
