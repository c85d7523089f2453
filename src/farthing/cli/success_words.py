"""Cost per success in words and as JSON: the same wherever a command shows it."""

from farthing.cli.screen import dollars
from farthing.domain.money import NANOS_PER_USD, usd
from farthing.reports.success import Success


def percent(share: float | None) -> str:
    """`62.3%`; `–` where there is nothing to be a share of."""
    return "–" if share is None else f"{share:.1%}"


def said_cost(success: Success) -> str:
    """`$0.41`; `–` where nothing succeeded."""
    return "–" if success.nanos is None else dollars(success.nanos)


def said_interval(success: Success) -> str:
    """`$0.36 to $0.47`, to three digits, or why there is none."""
    low, high = success.low_nanos, success.high_nanos
    return success.why_no_interval if low is None or high is None else f"{_about(low)} to {_about(high)}"


def said_rate(success: Success) -> str:
    """`62.3% (55.1% to 69.0%)`."""
    if success.rate is None:
        return "–"
    return f"{percent(success.rate)} ({percent(success.rate_low)} to {percent(success.rate_high)})"


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


def _about(nanos: int) -> str:
    """An estimate: three digits say all there is."""
    amount = nanos / NANOS_PER_USD
    digits = 2 if amount >= 1 else 3
    return f"${amount:,.{digits}f}" if amount >= 0.01 else f"${amount:.3g}"
