"""The books: what each month costs, what was told of closed months, and what is corrected in the open one.

Months are closed one after the other. Every line of a closed month stays as it was told; the open month is its own charges
and the corrections of all closed ones. So everything that was ever told adds up to the ledger, however late it changes.
"""

from collections.abc import Iterable
from hashlib import sha256

import msgspec

from farthing.billing.corrections import corrections
from farthing.billing.lines import groups_of, lines_of
from farthing.billing.list_price import ListPrices
from farthing.billing.month import after, is_over, month_of, span_of
from farthing.billing.other_lines import other_lines
from farthing.domain.errors import BadRequest
from farthing.ports.billing import BillLine, BillTerms, ClosedPeriod, Periods
from farthing.ports.history import History


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """One month, as it was told or as it stands."""

    month: str
    terms: BillTerms
    lines: tuple[BillLine, ...]
    """Cut by `terms.names`; corrections of earlier months last."""
    closed: ClosedPeriod | None = None
    """None while it is open: then it may still change."""
    open_attempts: int = 0
    """Attempts of an open month whose cost is not known yet."""

    @property
    def picos(self) -> int:
        """The sum of all lines, in pico-dollars."""
        return sum(line.picos for line in self.lines)

    @property
    def other_picos(self) -> int:
        """The part of it that is costs beside models, corrections of them included."""
        return _others(self.lines)

    @property
    def unpriced(self) -> int:
        """Attempts that nobody knows the price of: their cost is in no line."""
        return sum(line.quantity for line in self.lines if line.meter == "unpriced")


class Books:
    """Reads and closes months. Blocking: call off the event loop. Raises LedgerUnavailable."""

    def __init__(self, history: History, periods: Periods, terms: BillTerms, prices: ListPrices) -> None:
        self._history = history
        self._periods = periods
        self._terms = terms
        self._prices = prices

    @property
    def book(self) -> str:
        """The hash of the price book that explains costs."""
        return self._prices.book

    def closed(self) -> tuple[ClosedPeriod, ...]:
        """Every closed month, the earliest first."""
        return self._periods.closed()

    def bill(self, month: str, *, hourly: bool = False) -> Bill:
        """A month as it was told, or as it stands now. `hourly` cuts an open month's own lines by hour; what is closed, and
        corrections, stay as they were told."""
        closed = self.closed()
        found = next((period for period in closed if period.month == month), None)
        if found is not None:
            return Bill(month=month, terms=found.terms, lines=self._shown(found.terms, closed, month), closed=found)
        own, open_attempts = self._now(month, self._terms.names, hourly=hourly)
        late = self._late(closed) if closed and month == after(closed[-1].month) else ()
        lines = (*own, *_projected(late, closed, self._terms))
        return Bill(month=month, terms=self._terms, lines=lines, open_attempts=open_attempts)

    def next_month(self, now_ms: int) -> str | None:
        """The month to close next: the one after the last closed one, or the first that has charges. None without any."""
        closed = self.closed()
        if closed:
            return after(closed[-1].month)
        calls = self._history.usage(by=("month",), since_ms=0, until_ms=now_ms + 1)
        first = calls[0].group[0] if calls else None
        before_ms = span_of(first)[0] if first else now_ms + 1
        others = self._history.other_costs(by=("month",), since_ms=0, until_ms=before_ms)
        return others[0].group[0] if others else first

    def close(self, month: str, *, by: str, now_ms: int) -> ClosedPeriod:
        """Tell a month: from now on it is what it is now. Raises BadRequest 409 where it is not over, closed, or not next."""
        self._check(month, now_ms)
        closed = self.closed()
        own, _ = self._now(month, self._terms.names)
        late = self._late(closed)
        lines = (*own, *late)
        period = ClosedPeriod(
            month=month,
            closed_ms=now_ms,
            by=by,
            terms=self._terms,
            lines=len(lines),
            picos=sum(line.picos for line in lines),
            corrections_picos=sum(line.picos for line in late),
            other_picos=_others(lines),
            digest=digest_of(lines),
        )
        self._periods.keep(period, lines)
        return period

    def _check(self, month: str, now_ms: int) -> None:
        if any(period.month == month for period in self.closed()):
            raise _conflict(f"{month} is closed already; what changed since is told in the open month")
        if not is_over(month, now_ms):
            raise _conflict(f"{month} is not over yet; it can be closed when its last day has ended (UTC)")
        due = self.next_month(now_ms)
        if due is not None and due != month:
            raise _conflict(f"months are closed one after the other, and {due} is the next: close it first")

    def _now(self, month: str, names: tuple[str, ...], *, hourly: bool = False) -> tuple[tuple[BillLine, ...], int]:
        """What a month comes to at this moment, and how many of its attempts are open."""
        since_ms, until_ms = span_of(month)
        calls, open_attempts = self._calls(month, names, hourly=hourly)
        others = other_lines(self._history, names, since_ms=since_ms, until_ms=until_ms, hourly=hourly)
        return (*calls, *others), open_attempts

    def _calls(self, month: str, names: tuple[str, ...], *, hourly: bool = False) -> tuple[tuple[BillLine, ...], int]:
        """The part of a month that is calls, paid tools among them, and how many of its attempts are open."""
        since_ms, until_ms = span_of(month)
        by = groups_of(names, hourly=hourly)
        sums = self._history.usage(by=by, since_ms=since_ms, until_ms=until_ms)
        meters = self._history.meters(by=by, since_ms=since_ms, until_ms=until_ms)
        return lines_of(meters, sums, self._prices), sum(row.open for row in sums)

    def _late(self, closed: tuple[ClosedPeriod, ...]) -> tuple[BillLine, ...]:
        """What became known of closed months and was not told yet, each cut by its own month's labels."""
        told = self._told_about(closed)
        others = self._others_of(closed)
        late: list[BillLine] = []
        for period in closed:
            calls, _ = self._calls(period.month, period.terms.names)
            late += corrections(period.month, told[period.month], (*calls, *others[period.month]))
        return tuple(late)

    def _others_of(self, closed: tuple[ClosedPeriod, ...]) -> dict[str, list[BillLine]]:
        """Costs beside models of each closed month. One question for all that are cut alike: each reads, for the labels of
        runs, the calls that are not summed yet."""
        alike: dict[tuple[str, ...], list[str]] = {}
        for period in closed:
            alike.setdefault(period.terms.names, []).append(period.month)
        found: dict[str, list[BillLine]] = {period.month: [] for period in closed}
        for names, months in alike.items():
            since_ms, until_ms = span_of(months[0])[0], span_of(months[-1])[1]
            for line in other_lines(self._history, names, since_ms=since_ms, until_ms=until_ms):
                if (month := month_of(line.start_ms)) in months:
                    found[month].append(line)
        return found

    def _told_about(self, closed: tuple[ClosedPeriod, ...]) -> dict[str, list[BillLine]]:
        """Everything that was told, by the month it is about."""
        told: dict[str, list[BillLine]] = {period.month: [] for period in closed}
        for period in closed:
            for line in self._periods.told(period.month):
                told[line.corrects or period.month].append(line)
        return told

    def _shown(self, terms: BillTerms, closed: tuple[ClosedPeriod, ...], month: str) -> tuple[BillLine, ...]:
        lines = self._periods.told(month)
        own = tuple(line for line in lines if not line.corrects)
        return (*own, *_projected((line for line in lines if line.corrects), closed, terms))


def digest_of(lines: tuple[BillLine, ...]) -> str:
    """SHA-256 of the lines: their JSON arrays, one after the other, in order."""
    return sha256(msgspec.json.encode(lines)).hexdigest()


def _others(lines: Iterable[BillLine]) -> int:
    return sum(line.picos for line in lines if line.other)


def _projected(late: Iterable[BillLine], closed: tuple[ClosedPeriod, ...], terms: BillTerms) -> tuple[BillLine, ...]:
    """Corrections cut by the labels of the month that tells them: those may have changed since."""
    names = {period.month: period.terms.names for period in closed}
    return tuple(
        msgspec.structs.replace(
            line,
            labels=tuple(
                dict(zip(names[line.corrects], line.labels, strict=True)).get(name, "") for name in terms.names
            ),
        )
        for line in late
    )


def _conflict(message: str) -> BadRequest:
    return BadRequest(message, field="month", status=409, code="conflict")
