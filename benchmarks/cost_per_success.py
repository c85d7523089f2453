"""Whether intervals of cost per success hold what they promise, on real outcomes of agents.

python benchmarks/cost_per_success.py --data DIR [--draws 400]

DIR holds swebench_bash_only.jsonl.gz: model, instance, resolved and cost of agents on SWE-bench Verified, from the
leaderboard "bash only" of SWE-bench (github.com/SWE-bench/swe-bench.github.io, CC BY-NC 4.0; not part of this project).

For each model its runs are taken as the whole truth. Small samples are drawn from them with replacement and asked for the
interval of the cost per success: how often does it hold the model's own? Then the runs are cut into random halves: how often
does the interval of one half overlap that of the other, and how far do they differ?
"""

import argparse
import gzip
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from random import Random
from statistics import median

from farthing.domain.money import NANOS_PER_USD
from farthing.ports.history import OutcomeRow
from farthing.reports.success import Success, cost_per_success

FILE = "swebench_bash_only.jsonl.gz"
SIZES = (30, 50, 100, 200)
SEED = 20261122

Run = tuple[float, bool]
"""Cost in dollars, and whether it succeeded."""


def read(folder: Path) -> dict[str, list[Run]]:
    """Runs by model; rows without a cost are left out."""
    runs: dict[str, list[Run]] = defaultdict(list)
    with gzip.open(folder / FILE, "rt") as file:
        for line in file:
            row = json.loads(line)
            if row["cost_usd"]:
                runs[row["model"]].append((float(row["cost_usd"]), bool(row["resolved"])))
    return dict(sorted(runs.items()))


def success(runs: Sequence[Run]) -> Success:
    """The figures of these runs."""
    nanos = [round(cost * NANOS_PER_USD) for cost, _ in runs]
    won = [cost for cost, (_, resolved) in zip(nanos, runs, strict=True) if resolved]
    return cost_per_success(
        OutcomeRow(
            group=(),
            runs=len(runs),
            judged=len(runs),
            succeeded=len(won),
            cost_nanos=sum(nanos),
            judged_nanos=sum(nanos),
            succeeded_nanos=sum(won),
            judged_square_usd=sum(cost * cost for cost, _ in runs),
            scored=0,
            score_sum=0.0,
        )
    )


def coverage(runs: Sequence[Run], size: int, draws: int, rng: Random) -> tuple[int, int, list[float]]:
    """How many draws had an interval, how many of those held the truth, and how wide they were (high over low)."""
    truth = success(runs).nanos
    assert truth is not None
    shown = held = 0
    widths = []
    for _ in range(draws):
        found = success(rng.choices(runs, k=size))
        if found.low_nanos is None or found.high_nanos is None:
            continue
        shown += 1
        held += found.low_nanos <= truth <= found.high_nanos
        widths.append(found.high_nanos / found.low_nanos)
    return shown, held, widths


def halves(runs: Sequence[Run], draws: int, rng: Random) -> tuple[int, int, list[float]]:
    """How many cuts had two intervals, how many of those overlap, and by how much the halves differ."""
    shown = overlap = 0
    ratios = []
    for _ in range(draws):
        mixed = rng.sample(runs, len(runs))
        one, other = (success(half) for half in (mixed[::2], mixed[1::2]))
        if None in (one.low_nanos, one.high_nanos, other.low_nanos, other.high_nanos):
            continue
        shown += 1
        overlap += max(one.low_nanos or 0, other.low_nanos or 0) <= min(one.high_nanos or 0, other.high_nanos or 0)
        ratios.append(max(one.nanos or 1, other.nanos or 1) / min(one.nanos or 1, other.nanos or 1))
    return shown, overlap, ratios


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder with the outcomes")
    parser.add_argument("--draws", type=int, default=400, help="samples of each size from each model")
    asked = parser.parse_args()
    models = read(asked.data)
    rng = Random(SEED)
    print(f"{sum(map(len, models.values())):,} runs of {len(models)} models; seed {SEED}, {asked.draws} draws each\n")
    print("runs  interval shown  holds the truth  lowest of a model  high/low (median)")
    for size in SIZES:
        found = [coverage(runs, size, asked.draws, rng) for runs in models.values() if success(runs).nanos]
        shown, held = sum(each[0] for each in found), sum(each[1] for each in found)
        lowest = min(each[1] / each[0] for each in found if each[0] >= asked.draws / 2)
        widths = median(width for each in found for width in each[2])
        print(
            f"{size:4}  {shown / (asked.draws * len(found)):14.1%}  {held / shown:15.1%}  {lowest:17.1%}  {widths:17.2f}"
        )
    cuts = [halves(runs, asked.draws // 10, rng) for runs in models.values()]
    ratios = [ratio for each in cuts for ratio in each[2]]
    overlap = sum(each[1] for each in cuts) / sum(each[0] for each in cuts)
    print(f"\nrandom halves: intervals overlap {overlap:.1%}; the dearer half costs {median(ratios):.3f}x (median)")


if __name__ == "__main__":
    main()
