"""How far the forecast of a month's end is off, and how often its interval holds: made-up months, and recorded arrivals.

python benchmarks/forecast.py [--data DIR]

Made-up: days around a level (uneven by a quarter), with weekends at a third, with a level that wanders, or that grows by
1 % a day. DIR may hold azure_code.jsonl.gz and mooncake_conversation.jsonl.gz (traces of arrivals; from Azure's public
dataset, CC BY 4.0, and Mooncake, Apache-2.0; not part of this project): their minutes stand for days, priced by tokens.
"""

import argparse
import gzip
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from math import exp
from pathlib import Path
from random import Random
from statistics import fmean, median

from farthing.reports.forecast import sum_ahead

SEED = 7
WORLDS = 300
KNOWN = (7, 14, 28, 56)
AHEAD = (5, 15, 28)
INPUT_NANOS, OUTPUT_NANOS = 2_500, 10_000
"""Of a token; any price does."""


def made_up(rng: Random, count: int, *, weekend: float = 1.0, walk: float = 0.0, growth: float = 0.0) -> list[int]:
    level, days = 100.0, []
    for day in range(count):
        level *= exp(rng.gauss(0, walk)) * (1 + growth)
        days.append(int(1e9 * level * (weekend if day % 7 >= 5 else 1) * exp(rng.gauss(0, 0.25))))
    return days


def minutes(folder: Path) -> Iterator[tuple[str, list[int]]]:
    """Cost by minute of each trace that is there, its last, unfinished minute left out."""
    for name, read in (("azure_code", _azure), ("mooncake_conversation", _mooncake)):
        path = folder / f"{name}.jsonl.gz"
        if path.exists():
            costs: Counter[int] = Counter()
            with gzip.open(path, "rt") as file:
                for line in file:
                    minute, tokens_in, tokens_out = read(json.loads(line))
                    costs[minute] += tokens_in * INPUT_NANOS + tokens_out * OUTPUT_NANOS
            first = min(costs)
            yield name, [costs[minute] for minute in range(first, max(costs))]


def _azure(row: dict[str, str]) -> tuple[int, int, int]:
    at = datetime.fromisoformat(row["TIMESTAMP"][:26])
    return at.hour * 60 + at.minute, int(row["ContextTokens"]), int(row["GeneratedTokens"])


def _mooncake(row: dict[str, int]) -> tuple[int, int, int]:
    return row["timestamp"] // 60_000, row["input_length"], row["output_length"]


def judged(cases: Sequence[tuple[Sequence[int], Sequence[int]]]) -> tuple[float, float, float]:
    """Mean and median error as a share of the truth, and how often the interval holds."""
    errors, held = [], []
    for past, future in cases:
        told, arm = sum_ahead(past, len(future))
        errors.append(abs(told - sum(future)) / max(sum(future), 1))
        held.append(abs(told - sum(future)) <= arm)
    return fmean(errors), median(errors), fmean(held)


def line(name: str, known: int, ahead: int, cases: Sequence[tuple[Sequence[int], Sequence[int]]]) -> str:
    mean, middle, held = judged(cases)
    return f"{name:22} {known:5} {ahead:5}  {mean:9.1%}  {middle:9.1%}  {held:8.0%}  {len(cases):6}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="the folder with the traces")
    asked = parser.parse_args()
    print(f"{'days':22} {'known':>5} {'ahead':>5}  {'error':>9}  {'(median)':>9}  {'interval':>8}  {'cases':>6}")
    worlds: dict[str, dict[str, float]] = {
        "level": {},
        "weekends at a third": {"weekend": 0.3},
        "wandering 3 % a day": {"weekend": 0.3, "walk": 0.03},
        "growing 1 % a day": {"weekend": 0.3, "growth": 0.01},
    }
    for name, world in worlds.items():
        for known in KNOWN:
            for ahead in AHEAD:
                rng = Random(SEED)
                drawn = [made_up(rng, known + ahead, **world) for _ in range(WORLDS)]
                print(line(name, known, ahead, [(days[:known], days[known:]) for days in drawn]))
    for name, series in minutes(asked.data) if asked.data else ():
        for known, ahead in ((7, 5), (14, 5), (28, 15)):
            starts = range(len(series) - known - ahead + 1)
            cases = [(series[at : at + known], series[at + known : at + known + ahead]) for at in starts]
            if cases:
                print(line(name, known, ahead, cases))


if __name__ == "__main__":
    main()
