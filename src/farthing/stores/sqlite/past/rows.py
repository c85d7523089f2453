"""How sums become the rows that are shown."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache

import msgspec

from farthing.domain.money import PICOS_PER_NANO
from farthing.domain.price import Rates
from farthing.domain.record import Labels
from farthing.ports.history import MeterRow, RunRow
from farthing.ports.records import UsageRow
from farthing.pricing.cost import meters
from farthing.stores.sqlite.outcomes import costs_of, outcome_of
from farthing.stores.sqlite.sums.runs import Part
from farthing.stores.sqlite.sums.tally import SUMS, added, usage_of

Group = tuple[str, ...]
Sums = tuple[int, ...]
_PLACES = {name: place for place, name in enumerate(SUMS)}


def usage_rows(found: Iterable[tuple[Group, Sums]]) -> tuple[UsageRow, ...]:
    """One for each group that counts for anything, in their order."""
    groups: dict[Group, Sums] = {}
    for group, sums in found:
        groups[group] = added(groups.get(group), sums)
    return tuple(_usage_row(group, sums) for group, sums in sorted(groups.items()) if any(sums))


def meter_rows(found: Iterable[tuple[Group, str, Sums]]) -> tuple[MeterRow, ...]:
    """One for each group, meter and price, in their order, from sums at the same rates (JSON; "" unknown)."""
    lines: dict[tuple[Group, str, int], Counter[str]] = {}
    for group, rates, sums in found:
        for meter, quantity, each, picos in _lines(rates, sums):
            lines.setdefault((group, meter, each), Counter()).update(quantity=quantity, picos=picos)
    return tuple(
        MeterRow(group=group, meter=meter, quantity=line["quantity"], picos_each=each, picos=line["picos"])
        for (group, meter, each), line in sorted(lines.items())
    )


def run_row(connection: sqlite3.Connection, name: str, part: Part) -> RunRow:
    """With its outcome and its other costs."""
    number = _number_of(part.sums)
    return RunRow(
        run=name,
        labels=labels_of(part),
        prompt=part.prompt,
        models=part.models,
        first_ms=part.first_ms,
        last_ms=part.last_ms,
        calls=number["calls"],
        refused=number["refused"],
        attempts=number["attempts"],
        open=number["open"],
        unpriced=number["unpriced"],
        usage=usage_of(part.sums),
        largest_input_tokens=part.largest_input_tokens,
        cost_nanos=number["cost_nanos"],
        naive_nanos=number["naive_nanos"],
        other_nanos=sum(cost.nanos for cost in costs_of(connection, name)),
        outcome=outcome_of(connection, name),
    )


def labels_of(part: Part) -> Labels:
    return tuple(msgspec.json.decode(part.labels, type=dict[str, str]).items())


def _usage_row(group: Group, sums: Sums) -> UsageRow:
    number = _number_of(sums)
    return UsageRow(
        group=group,
        calls=number["calls"],
        refused=number["refused"],
        attempts=number["attempts"],
        usage=usage_of(sums),
        cost_nanos=number["cost_nanos"],
        remainder_picos=number["remainder_picos"],
        estimated_nanos=number["estimated_nanos"],
        unpriced=number["unpriced"],
        open=number["open"],
        naive_nanos=number["naive_nanos"],
    )


def _number_of(sums: Sums) -> dict[str, int]:
    return dict(zip(SUMS, sums, strict=True))


def _lines(rates: str, sums: Sums) -> Iterator[tuple[str, int, int, int]]:
    """(meter, quantity, pico-dollars each, pico-dollars); they sum to the cost."""
    remainder = sums[_PLACES["remainder_picos"]]
    picos = sums[_PLACES["cost_nanos"]] * PICOS_PER_NANO - remainder
    if rates:
        for meter, quantity, each in meters(_read_rates(rates), usage_of(sums), sums[_PLACES["attempts"]]):
            if quantity:
                yield meter, quantity, each, quantity * each
    elif picos:
        yield "unexplained", 0, 0, picos
    if remainder:
        yield "rounding", 0, 0, remainder


@lru_cache(maxsize=1_000)
def _read_rates(document: str) -> Rates:
    return msgspec.json.decode(document, type=Rates)
