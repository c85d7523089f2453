"""What a success costs: cost per successful run and the rate of success, each with its interval.

`cost_per_success(row)` makes a `Success` of an `OutcomeRow`; `wilson(succeeded, judged)` is the interval of a rate.

**Cost per success** is R = (cost of all judged runs) / (runs that succeeded): failures are paid for by successes. Both parts
vary together from run to run, so R is a ratio of means, and its interval is that of the delta method on its logarithm
(Cochran, *Sampling Techniques*, 3rd ed., §6.3): with c the cost of a run and s = 1 where it succeeded,

    var(ln R) = (var(c)/mean(c)² + var(s)/mean(s)² − 2 cov(c, s)/(mean(c) mean(s))) / n
    R · exp(±t · sd(ln R)),   t of Student with (successes − 1) degrees of freedom, 95 %

The logarithm keeps it above zero and gives it the longer arm upwards that such ratios have. Below `LEAST_SUCCESSES` no
interval holds what it promises, and none is shown: the test beside this file shows it.

**The rate** has the score interval of Wilson (1927), which holds for few runs and near 0 and 1.
"""

from math import exp, log, sqrt

import msgspec

from farthing.domain.money import NANOS_PER_USD
from farthing.ports.history import OutcomeRow
from farthing.reports.rates import share

LEAST_SUCCESSES = 10
Z95 = 1.959963984540054
"""Of the normal distribution: 95 in a hundred lie within."""


class Success(msgspec.Struct, frozen=True, kw_only=True):
    """What the successes of one group cost."""

    row: OutcomeRow
    nanos: int | None
    """Per successful run, rounded up; None where none succeeded."""
    low_nanos: int | None
    high_nanos: int | None
    """The 95 % interval; None where `why_no_interval` says why."""
    why_no_interval: str
    rate: float | None
    """Share of the judged runs that succeeded; None where none was judged."""
    rate_low: float | None
    rate_high: float | None
    mean_score: float | None

    @property
    def failed_nanos(self) -> int:
        """What the judged runs cost that did not succeed."""
        return self.row.judged_nanos - self.row.succeeded_nanos


def cost_per_success(row: OutcomeRow) -> Success:
    """The figures of one group."""
    why = _too_few(row)
    low, high = (None, None) if why else _interval(row)
    rates = wilson(row.succeeded, row.judged) if row.judged else (None, None)
    return Success(
        row=row,
        nanos=-(-row.judged_nanos // row.succeeded) if row.succeeded else None,
        low_nanos=low,
        high_nanos=high,
        why_no_interval=why,
        rate=share(row.succeeded, row.judged),
        rate_low=rates[0],
        rate_high=rates[1],
        mean_score=round(row.score_sum / row.scored, 6) if row.scored else None,
    )


def wilson(succeeded: int, judged: int, z: float = Z95) -> tuple[float, float]:
    """The score interval of a rate. `judged` is not 0."""
    rate, weight = succeeded / judged, z * z / judged
    middle = (rate + weight / 2) / (1 + weight)
    arm = z * sqrt(rate * (1 - rate) / judged + weight / (4 * judged)) / (1 + weight)
    return round(max(middle - arm, 0.0), 6), round(min(middle + arm, 1.0), 6)


def _too_few(row: OutcomeRow) -> str:
    if not row.judged:
        return "no run was judged"
    if row.succeeded < LEAST_SUCCESSES:
        return f"an interval needs {LEAST_SUCCESSES} successes"
    return "" if row.judged_nanos else "its runs cost nothing"


def _interval(row: OutcomeRow) -> tuple[int, int]:
    """In nano-dollars. Costs are taken as floats here: what follows is an estimate, and no bill."""
    count, rate = row.judged, row.succeeded / row.judged
    whole, of_successes = row.judged_nanos / NANOS_PER_USD, row.succeeded_nanos / NANOS_PER_USD
    mean = whole / count
    cost_square = max(row.judged_square_usd / count - mean * mean, 0.0) / (mean * mean)
    rate_square = (1 - rate) / rate
    together = of_successes / count / (mean * rate) - 1
    variance = max(cost_square + rate_square - 2 * together, 0.0) / (count - 1)
    arm = student95(row.succeeded - 1) * sqrt(variance)
    middle = log(row.judged_nanos / row.succeeded)
    return int(exp(middle - arm)), int(exp(middle + arm)) + 1


def student95(freedom: int) -> float:
    """The two-sided 95 % point of Student's t, by the expansion of Cornish and Fisher (Abramowitz & Stegun 26.7.5): within
    one in a thousand from 5 degrees of freedom on."""
    z = Z95
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return z + sum(term / float(freedom) ** (power + 1) for power, term in enumerate(terms))
