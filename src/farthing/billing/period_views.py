"""Billing periods as plain values for programs: closed months, and how the open one stands."""

import msgspec

from farthing.billing.books import Bill, Books
from farthing.billing.decimals import nanos_of
from farthing.billing.month import month_of, stamp
from farthing.domain.money import usd
from farthing.ports.billing import ClosedPeriod


class PeriodView(msgspec.Struct, frozen=True, kw_only=True):
    """A closed month."""

    month: str
    closed_at: str
    by: str
    lines: int
    total_usd: str
    corrections_usd: str
    """The part of the total that corrects earlier months."""
    other_usd: str
    """The part of the total that is costs beside models."""
    digest: str


class OpenView(msgspec.Struct, frozen=True, kw_only=True):
    """The open month, as it stands."""

    month: str
    lines: int
    total_usd: str
    other_usd: str
    """The part of the total that is costs beside models."""
    open_attempts: int
    unpriced_attempts: int


class PeriodsView(msgspec.Struct, frozen=True, kw_only=True):
    """All months that matter."""

    closed: tuple[PeriodView, ...]
    open: OpenView
    next: str | None
    """The month to close next; None without any charges."""


def periods_view(books: Books, now_ms: int) -> PeriodsView:
    """Blocking: call off the event loop. Raises LedgerUnavailable."""
    due = books.next_month(now_ms)
    bill = books.bill(due or month_of(now_ms))
    return PeriodsView(closed=tuple(map(period_view, books.closed())), open=_open_view(bill), next=due)


def period_view(period: ClosedPeriod) -> PeriodView:
    """A closed month for programs."""
    return PeriodView(
        month=period.month,
        closed_at=stamp(period.closed_ms),
        by=period.by,
        lines=period.lines,
        total_usd=usd(nanos_of(period.picos)),
        corrections_usd=usd(nanos_of(period.corrections_picos)),
        other_usd=usd(nanos_of(period.other_picos)),
        digest=period.digest,
    )


def _open_view(bill: Bill) -> OpenView:
    return OpenView(
        month=bill.month,
        lines=len(bill.lines),
        total_usd=usd(nanos_of(bill.picos)),
        other_usd=usd(nanos_of(bill.other_picos)),
        open_attempts=bill.open_attempts,
        unpriced_attempts=bill.unpriced,
    )
