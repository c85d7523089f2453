"""Lines of a bill for what runs cost beside models: one for each group and kind, in the day or hour it was booked."""

from collections.abc import Iterable

from farthing.billing.month import day_span
from farthing.domain.money import PICOS_PER_NANO
from farthing.domain.record import Labels
from farthing.ports.billing import OTHER, BillLine
from farthing.ports.history import History, OtherCostRow


def other_lines(
    history: History,
    names: tuple[str, ...],
    *,
    since_ms: int,
    until_ms: int,
    hourly: bool = False,
    where: Labels = (),
) -> tuple[BillLine, ...]:
    """What was booked in this time, in the order of days, labels and kinds. Raises LedgerUnavailable."""
    by = ("hour" if hourly else "day", *names)
    return lines_of_others(history.other_costs(by=by, since_ms=since_ms, until_ms=until_ms, where=where))


def lines_of_others(rows: Iterable[OtherCostRow]) -> tuple[BillLine, ...]:
    """Lines for rows by day or hour and labels. They have an amount and no price: nobody said what a piece of it costs."""
    return tuple(_line(row) for row in rows)


def _line(row: OtherCostRow) -> BillLine:
    start_ms, end_ms = day_span(row.group[0])
    return BillLine(
        start_ms=start_ms,
        end_ms=end_ms,
        labels=row.group[1:],
        provider="",
        model="",
        tier="",
        meter=OTHER + row.kind,
        each=0,
        list_each=0,
        quantity=row.bookings,
        picos=row.nanos * PICOS_PER_NANO,
    )
