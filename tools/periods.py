"""A model's prices over time: the conditional prices of `genai-prices` resolved into periods of whole pico-dollars.

`genai-prices` keeps a list of conditional prices of which the last active one holds, and variants by request context
that replace single prices. Here every moment at which something changes begins a period, and each period has its
prices by service tier already worked out, so that nothing is left to decide while a call waits.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal

from genai_prices import types as source

from farthing.pricing import bookfile as file

PICOS_PER_USD = 10**12
METER_OF = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cache_read",
    "cache_write_mtok": "cache_write_5m",
    "cache_write_1h_mtok": "cache_write_1h",
    "input_audio_mtok": "audio_input",
    "cache_audio_read_mtok": "cached_audio_input",
    "output_audio_mtok": "audio_output",
    "web_searches_kcount": "web_search",
    "requests_kcount": "request",
}
"""Price keys of the source and the meter each becomes."""
PER = {"mtok": 10**6, "kcount": 10**3}
ONLY_IF_ASKED = {"storage_searches_kcount", "social_searches_kcount", "code_executions_kcount"}
"""Fees of tools that run only when the body asks for them: the wire names those tools as features without a cap."""
TIER_OF = {
    ("processing", "batch"): "batch",
    ("service_tier", "flex"): "flex",
    ("service_tier", "priority"): "priority",
    ("service_tier", "fast"): "fast",
    ("speed", "fast"): "fast",
}
"""Request contexts of the source and the service tier each is called here."""
BILLS_APART = {
    "audio": ("input_audio_mtok", "has no published price for audio"),
    "-search-": ("web_searches_kcount", "has no published price for its searches"),
}
"""What a model with this in its name bills apart; the source lacks that price for some that are being retired."""

Prices = dict[str, Decimal | source.TieredPrices]


@dataclass
class Report:
    """What could not be taken over as it stands."""

    rounded: list[str] = field(default_factory=list)
    unpriced: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        every = (("rounded up", self.rounded), ("unpriced", self.unpriced), ("left out", self.left_out))
        return [f"{title}: {line}" for title, entries in every for line in dict.fromkeys(entries)]


def periods_of(model: source.ModelInfo, name: str, report: Report) -> tuple[file.Period, ...]:
    """The model's periods, oldest first; the first holds from the beginning of time."""
    conditional = model.prices if isinstance(model.prices, list) else [source.ConditionalPrice(prices=model.prices)]
    variants = [v for v in model.price_variants or () if _is_taken(v, name, report)]
    constraints = [c.constraint for c in conditional] + [v.constraint for v in variants]
    starts = {_midnight(c) for c in constraints if isinstance(c, source.StartDateConstraint)}
    periods = [_period(conditional, variants, moment, name, report) for moment in (0, *sorted(starts))]
    return tuple(p for n, p in enumerate(periods) if n == 0 or _terms(p) != _terms(periods[n - 1]))


def _period(
    conditional: list[source.ConditionalPrice],
    variants: list[source.PriceVariant],
    moment: int,
    name: str,
    report: Report,
) -> file.Period:
    standard, daily = _standing(conditional, moment)
    active = [variant for variant in variants if _has_begun(variant.constraint, moment)]
    why = _why_unpriced(standard, name)
    if why:
        report.unpriced.append(f"{name}: {why}")
        return file.Period(since=moment, unpriced=why)
    hours = [
        file.Daily(
            _of_day(constraint.start_time), _of_day(constraint.end_time), _variants(prices, active, name, report)
        )
        for constraint, prices in daily
    ]
    return file.Period(since=moment, prices=_variants(standard, active, name, report), daily=tuple(hours))


def _standing(
    conditional: list[source.ConditionalPrice], moment: int
) -> tuple[Prices, list[tuple[source.TimeOfDateConstraint, Prices]]]:
    """The prices that hold at all hours from `moment` on, and before them those that win for some hours, best first."""
    daily = []
    for each in reversed(conditional):
        if isinstance(each.constraint, source.TimeOfDateConstraint):
            daily.append((each.constraint, _prices(each.prices)))
        elif _has_begun(each.constraint, moment):
            return _prices(each.prices), daily
    return _prices(conditional[0].prices), daily


def _variants(standard: Prices, active: list[source.PriceVariant], name: str, report: Report) -> file.Variants:
    """Tiers by service tier. Within a tier the first variant that names a price wins; the rest stays standard."""
    found = {"": _tiers(standard, name, report)}
    for tier in dict.fromkeys(_tier(variant) for variant in active):
        named: Prices = {}
        for variant in active:
            if _tier(variant) == tier:
                named = {**_prices(variant.prices), **named}
        found[tier] = _tiers({**standard, **named}, name, report)
    return found


def _tiers(prices: Prices, name: str, report: Report) -> tuple[file.TierRow, ...]:
    """One row for each threshold at which any price changes. A source threshold of 199,999 means "from 200,000 on"."""
    thresholds = {tier.start for price in prices.values() if not isinstance(price, Decimal) for tier in price.tiers}
    rows = []
    for start in (0, *sorted(thresholds)):
        rates = {
            METER_OF[key]: _picos(price, key, start, name, report) for key, price in prices.items() if key in METER_OF
        }
        amounts = [rates.get(meter) for meter in file.METERS]
        amounts[1] = amounts[1] or 0
        while amounts[-1] is None:
            amounts.pop()
        inclusive = start % 1_000 == 999
        rows.append((start + 1 if inclusive else start, inclusive, tuple(amounts)))
    return tuple(rows)


def _picos(price: Decimal | source.TieredPrices, key: str, start: int, name: str, report: Report) -> int:
    """One price in whole pico-dollars apiece, rounded up where the source is finer (and not just a float's noise)."""
    if not isinstance(price, Decimal):
        reached = [tier.price for tier in price.tiers if tier.start <= start]
        price = reached[-1] if start and reached else price.base
    exact = price * PICOS_PER_USD / PER[key.rpartition("_")[2]]
    nearest = exact.to_integral_value(ROUND_HALF_EVEN)
    if abs(exact - nearest) <= exact / 10**12:
        return int(nearest)
    report.rounded.append(f"{name} {key} {price}")
    return int(exact.to_integral_value(ROUND_CEILING))


def _why_unpriced(prices: Prices, name: str) -> str:
    if not prices:
        return "no price is published"
    for key in prices:
        if key not in METER_OF and key not in ONLY_IF_ASKED and not _same_as_parent(prices, key):
            return f"is also billed by {key}, which usage does not tell"
    if "input_mtok" not in prices:
        return "is not billed by token"
    lacking = (why for part, (key, why) in BILLS_APART.items() if part in name and key not in prices)
    return next(lacking, "")


def _same_as_parent(prices: Prices, key: str) -> bool:
    """A kind of token that costs what its whole costs need not be told apart."""
    parent = {"input_image_mtok": "input_mtok", "output_reasoning_mtok": "output_mtok"}.get(key)
    return parent is not None and prices.get(parent) == prices[key]


def _is_taken(variant: source.PriceVariant, name: str, report: Report) -> bool:
    if not _prices(variant.prices):
        return False
    if isinstance(variant.constraint, source.TimeOfDateConstraint) or len(variant.when) > 1:
        raise TypeError(f"genai-prices has a variant this tool does not know: {name} {variant!r}")
    if next(iter(variant.when.items())) not in TIER_OF:
        report.left_out.append(f"{name}: prices when {variant.when}")
        return False
    return True


def _tier(variant: source.PriceVariant) -> str:
    return TIER_OF[next(iter(variant.when.items()))]


def _prices(prices: source.ModelPrice) -> Prices:
    return {key: price for key, price in prices.__dict__.items() if price is not None}


def _has_begun(constraint: object, moment: int) -> bool:
    return not isinstance(constraint, source.StartDateConstraint) or _midnight(constraint) <= moment


def _midnight(constraint: source.StartDateConstraint) -> int:
    return int(datetime.combine(constraint.start_date, time(), UTC).timestamp()) * 1_000


def _of_day(moment: time) -> int:
    assert moment.tzinfo in {None, UTC}, "genai-prices has a time of day in another zone"
    return (moment.hour * 3_600 + moment.minute * 60 + moment.second) * 1_000 + moment.microsecond // 1_000


def _terms(period: file.Period) -> tuple[object, ...]:
    return period.prices, period.daily, period.unpriced
