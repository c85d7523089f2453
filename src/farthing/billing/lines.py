"""Lines of a bill: what history measured by group, meter and price, with what cannot be measured told apart."""

from collections.abc import Iterable, Iterator

from farthing.billing.list_price import ListPrices
from farthing.billing.month import day_span
from farthing.ports.billing import LUMP_SUMS, BillLine
from farthing.ports.history import MeterRow
from farthing.ports.records import UsageRow

AFTER = ("provider", "model", "tier")
STANDARD = "standard"
"""What history calls the tier that has no name elsewhere."""
_INPUT = frozenset({"input", "cache_read", "cache_write_5m", "cache_write_1h", "audio_input", "cached_audio_input"})
_OUTPUT = frozenset({"output", "audio_output"})


def groups_of(names: tuple[str, ...], *, hourly: bool = False) -> tuple[str, ...]:
    """What to ask history for (`by`) so that `lines_of` understands the answer."""
    return ("hour" if hourly else "day", *names, *AFTER)


def lines_of(meters: Iterable[MeterRow], sums: Iterable[UsageRow], prices: ListPrices) -> tuple[BillLine, ...]:
    """The lines of all groups, in their order. `meters` and `sums` are by `groups_of` the same names.

    The lines of a group add up to its cost exactly. What is not measured is a line of its own: `rounding`, `estimated`,
    `unexplained`, and `unpriced` (which costs nothing that anybody knows).
    """
    usage = {row.group: row for row in sums}
    measured: dict[tuple[str, ...], list[MeterRow]] = {}
    for row in meters:
        measured.setdefault(row.group, []).append(row)
    made: list[BillLine] = []
    for group in sorted({*measured, *(row.group for row in usage.values() if row.unpriced)}):
        made += _group(group, measured.get(group, []), usage.get(group), prices)
    return tuple(made)


def _group(
    group: tuple[str, ...], meters: list[MeterRow], sums: UsageRow | None, prices: ListPrices
) -> Iterator[BillLine]:
    (start_ms, end_ms), labels, (provider, model, served) = day_span(group[0]), group[1:-3], group[-3:]
    tier = "" if served == STANDARD else served
    requests = 0 if sums is None else sums.attempts
    for meter, quantity, each, picos in _measured(meters, sums):
        yield BillLine(
            start_ms=start_ms,
            end_ms=end_ms,
            labels=labels,
            provider=provider,
            model=model,
            tier=tier,
            meter=meter,
            each=each,
            list_each=0 if meter in LUMP_SUMS else prices.each(provider, model, tier, meter, each, start_ms),
            quantity=quantity,
            picos=picos,
            requests=requests,
        )
        requests = 0
    if sums is not None and sums.unpriced:
        input_tokens, output_tokens = _left_over(meters, sums)
        yield BillLine(
            start_ms=start_ms,
            end_ms=end_ms,
            labels=labels,
            provider=provider,
            model=model,
            tier=tier,
            meter="unpriced",
            each=0,
            list_each=0,
            quantity=sums.unpriced,
            picos=0,
            requests=requests,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
        )


def _measured(meters: list[MeterRow], sums: UsageRow | None) -> Iterator[tuple[str, int, int, int]]:
    """(meter, quantity, pico-dollars each, pico-dollars); what a policy charged apart from what else has no lines."""
    for row in meters:
        if row.meter not in LUMP_SUMS:
            yield row.meter, row.quantity, row.picos_each, row.picos
    unexplained = sum(row.picos for row in meters if row.meter == "unexplained")
    estimated = min(0 if sums is None else sums.estimated_nanos * 1_000, unexplained)
    rounding = sum(row.picos for row in meters if row.meter == "rounding")
    for meter, picos in (("rounding", rounding), ("estimated", estimated), ("unexplained", unexplained - estimated)):
        if picos:
            yield meter, 0, 0, picos


def _left_over(meters: list[MeterRow], sums: UsageRow) -> tuple[int, int]:
    """The tokens of a group that no priced meter accounts for."""
    priced_input = sum(row.quantity for row in meters if row.meter in _INPUT)
    priced_output = sum(row.quantity for row in meters if row.meter in _OUTPUT)
    return max(sums.usage.input_tokens - priced_input, 0), max(sums.usage.output_tokens - priced_output, 0)
