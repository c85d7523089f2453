"""The figures of reports in words: shares, estimates, and what a success costs; the same wherever a command shows them."""

from math import floor, log10

from farthing.domain.money import NANOS_PER_USD, usd
from farthing.reports.success import Success

_LEAD = 2


def percent(share: float | None) -> str:
    """`62.3%`; `–` where there is nothing to be a share of."""
    return "–" if share is None else f"{share:.1%}"


def said_cost(success: Success) -> str:
    """`$0.41`; `–` where nothing succeeded."""
    return "–" if success.nanos is None else about(success.nanos)


def said_interval(success: Success) -> str:
    """`$0.36 to $0.47`, to three digits; `too few` where there is none."""
    low, high = success.low_nanos, success.high_nanos
    return "too few" if low is None or high is None else f"{about(low)} to {about(high)}"


def said_rate(success: Success) -> str:
    """`62% (55 to 69%)`."""
    rate, low, high = success.rate, success.rate_low, success.rate_high
    if rate is None or low is None or high is None:
        return "–"
    return f"{rate:.0%} ({low * 100:.0f} to {high:.0%})"


def plain_success(success: Success) -> dict[str, object]:
    """For programs."""
    row = success.row
    return {
        "runs": row.runs,
        "judged": row.judged,
        "succeeded": row.succeeded,
        "cost_usd": usd(row.cost_nanos),
        "judged_usd": usd(row.judged_nanos),
        "succeeded_usd": usd(row.succeeded_nanos),
        "failed_usd": usd(success.failed_nanos),
        "usd_per_success": None if success.nanos is None else usd(success.nanos),
        "low_usd": None if success.low_nanos is None else usd(success.low_nanos),
        "high_usd": None if success.high_nanos is None else usd(success.high_nanos),
        "why_no_interval": success.why_no_interval,
        "success_rate": success.rate,
        "success_rate_low": success.rate_low,
        "success_rate_high": success.rate_high,
        "mean_score": success.mean_score,
    }


def about(nanos: int) -> str:
    """Means, percentiles and estimates in dollars: cents, or three digits where there are none. Sums are shown whole."""
    amount = nanos / NANOS_PER_USD
    if amount >= 1:
        return f"${amount:,.2f}"
    return f"${amount:.{_LEAD - floor(log10(amount))}f}" if amount else "$0"
