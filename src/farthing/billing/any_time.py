"""FOCUS of any time and any labels, as things stand: for looking into, where bills are for paying."""

import msgspec

from farthing.billing.books import Bill
from farthing.billing.lines import groups_of, lines_of
from farthing.billing.list_price import ListPrices
from farthing.billing.month import month_of, span_of
from farthing.billing.other_lines import other_lines
from farthing.domain.record import Labels
from farthing.ports.billing import BillTerms
from farthing.ports.history import NAMES, History

CUT_BY = frozenset({"key", "route"})
"""What history can group by beside labels, and a bill be cut by."""


def cut_by(terms: BillTerms, by: tuple[str, ...]) -> BillTerms:
    """The same terms, cut by these labels: the billed label first, what every row has anyway left out."""
    wanted = tuple(name for name in by if name != terms.team and (name not in NAMES or name in CUT_BY))
    return msgspec.structs.replace(terms, labels=wanted)


def bills_between(
    history: History, prices: ListPrices, terms: BillTerms, *, since_ms: int, until_ms: int, where: Labels = ()
) -> tuple[Bill, ...]:
    """The charges of calls that arrived in `since_ms <= t < until_ms`, and costs beside models that were booked then, one bill
    for each month they touch. What was told of closed months plays no part. Raises LedgerUnavailable."""
    found: list[Bill] = []
    by = groups_of(terms.names)
    while since_ms < until_ms:
        month = month_of(since_ms)
        upto = min(span_of(month)[1], until_ms)
        sums = history.usage(by=by, since_ms=since_ms, until_ms=upto, where=where)
        meters = history.meters(by=by, since_ms=since_ms, until_ms=upto, where=where)
        others = other_lines(history, terms.names, since_ms=since_ms, until_ms=upto, where=where)
        lines = (*lines_of(meters, sums, prices), *others)
        if lines:
            open_attempts = sum(row.open for row in sums)
            found.append(Bill(month=month, terms=terms, lines=lines, open_attempts=open_attempts))
        since_ms = upto
    return tuple(found)
