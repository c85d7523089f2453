"""Numbers as people read them in an alert."""

from datetime import UTC, datetime

from farthing.alerts.rule import PPM, Rule, Scale
from farthing.domain.money import usd


def percent(millionths: int) -> str:
    """`percent(813_000)` is `"81.3 %"`; rounded down, so that a share is never shown as more than it is."""
    tenths = millionths * 1_000 // PPM
    whole, part = divmod(tenths, 10)
    return f"{whole}.{part} %" if part else f"{whole} %"


def times(millionths: int) -> str:
    """`times(2_500_000)` is `"2.5x"`."""
    whole, part = divmod(millionths * 10 // PPM, 10)
    return f"{whole}.{part}x" if part else f"{whole}x"


def amount(rule: Rule, value: int) -> str:
    """A value or threshold of this rule in its own unit."""
    match rule.scale:
        case Scale.SHARE:
            return percent(value)
        case Scale.TIMES:
            return times(value)
        case Scale.USD:
            return f"{usd(value)} USD"
        case Scale.COUNT:
            return str(value)


def moment(at_ms: int) -> str:
    """`2026-11-30 14:05 UTC`."""
    return datetime.fromtimestamp(at_ms // 1_000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def day(at_ms: int) -> str:
    """`2026-11-30`."""
    return datetime.fromtimestamp(at_ms // 1_000, UTC).date().isoformat()
