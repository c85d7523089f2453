"""A rule as a value: which number is watched, of what, and from where on somebody must be told."""

from enum import StrEnum

import msgspec

PPM = 1_000_000
"""Shares and multiples are whole millionths: `80%` is 800,000 and `2x` is 2,000,000."""


class Metric(StrEnum):
    """What can be watched, in the words of the configuration."""

    BUDGET = "budget"
    BURN_RATE = "burn_rate"
    DAY_VS_WEEK = "day_vs_week"
    LABEL_SPEND = "label_spend"
    """Written `<label>_hour` or `<label>_day`."""
    CONTEXT_GROWTH = "context_growth"
    CACHE_HIT_RATE = "cache_hit_rate"
    COST_PER_SUCCESS = "cost_per_success"
    COST_VS_QUALITY = "cost_vs_quality"
    EVENT = "event"
    """Written as the event's own name."""


class Scale(StrEnum):
    """What a threshold counts."""

    SHARE = "share"
    """Millionths, written in percent."""
    TIMES = "times"
    """Millionths, written like `2x`."""
    USD = "usd"
    """Nano-dollars."""
    COUNT = "count"


EVENTS = ("overrun", "provider_overran", "suspended", "loop", "orphan", "approval", "unknown")


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One `when`, read. Thresholds are in the scale's base."""

    text: str
    """As it was written, tidied: rules of equal text are one rule."""
    metric: Metric
    scale: Scale
    threshold: int
    above: bool = True
    """True for `>` and `>=`, False for `<` and `<=`."""
    inclusive: bool = False
    budget: str = ""
    """Only the budget of this name; "" for any."""
    by: str = ""
    """One reading for each value of this label; "" for everything together."""
    span_ms: int = 0
    """Of `<label>_hour` and `<label>_day`: how far back spend is summed."""
    event: str = ""
