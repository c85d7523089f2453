"""Chargeback over HTTP: months as FOCUS rows and statements, closing a month, and a provider's figures beside ours."""

import asyncio
from collections.abc import Callable
from itertools import islice
from typing import Annotated, TypeVar

import msgspec

from farthing.billing.books import Books
from farthing.billing.export_file import read_export
from farthing.billing.export_text import focus_objects
from farthing.billing.focus import focus_rows
from farthing.billing.focus_columns import Version, columns
from farthing.billing.month import before, check_month, month_of
from farthing.billing.period_views import PeriodsView, PeriodView, period_view, periods_view
from farthing.billing.reconcile import reconcile, recorded
from farthing.billing.reconcile_views import ReconciliationView, reconciliation_view
from farthing.billing.statement import statements
from farthing.billing.statement_views import NOBODY, StatementView, statement_view
from farthing.config.billing import books_of
from farthing.config.convert import rates_of
from farthing.domain.budget import Unit
from farthing.domain.errors import BadRequest
from farthing.gateway.admin.endpoint import Asked, Endpoint

MOST_ROWS = 5_000
EXPORT_BYTES = 8 * 2**20
T = TypeVar("T")


class FocusQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which month, in which form."""

    month: str = ""
    """Like `2026-10`; the last whole month if not given."""
    focus: Version = "1.4"
    hourly: bool = False
    """One row an hour, for a month that is open."""
    allocate: bool = False
    """Divide shared costs among the teams that bear them."""
    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST_ROWS)] = MOST_ROWS
    offset: Annotated[int, msgspec.Meta(ge=0)] = 0


class FocusReport(msgspec.Struct, frozen=True, kw_only=True):
    """FOCUS Cost and Usage rows. Numbers are decimal strings; null is null."""

    month: str
    focus: str
    closed: bool
    """Whether this is how it was told for good."""
    columns: tuple[str, ...]
    rows: tuple[dict[str, str | None], ...]
    next: int | None
    """The offset of the next page; None at the end."""


class StatementsQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which statements."""

    month: str = ""
    """Like `2026-10`; the last whole month if not given."""
    team: str | None = None
    currency: str | None = None
    """Like `EUR`; as `[billing]` says if not given."""


class StatementsReport(msgspec.Struct, frozen=True, kw_only=True):
    """One statement for each team with something to pay."""

    month: str
    statements: tuple[StatementView, ...]


class Uploaded(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A provider's export."""

    provider: str
    """Its name in the configuration."""
    file: str
    """The content of the file, CSV or JSON."""
    month: str = ""
    """Like `2026-10`; the last whole month if not given."""


async def report_focus(asked: Asked) -> FocusReport:
    query: FocusQuery = asked.query
    month = _month(asked, query.month)

    def work(books: Books) -> FocusReport:
        bill = books.bill(month, hourly=query.hourly)
        rows = focus_rows(bill, query.focus, book=books.book, allocate=query.allocate)
        found = tuple(focus_objects(islice(rows, query.offset, query.offset + query.limit + 1), query.focus))
        return FocusReport(
            month=month,
            focus=query.focus,
            closed=bill.closed is not None,
            columns=columns(query.focus),
            rows=found[: query.limit],
            next=query.offset + query.limit if len(found) > query.limit else None,
        )

    return await _with_books(asked, work)


async def report_statements(asked: Asked) -> StatementsReport:
    """Raises BadRequest 400 where a currency has no rate."""
    query: StatementsQuery = asked.query
    month = _month(asked, query.month)
    unit = None if query.currency is None else _unit(query.currency)

    def work(books: Books) -> StatementsReport:
        every = statements(books.bill(month), rates_of(asked.engine.settings), unit)
        wanted = (each for each in every if query.team is None or (each.team or NOBODY) == query.team)
        return StatementsReport(month=month, statements=tuple(map(statement_view, wanted)))

    return await _with_books(asked, work)


async def list_periods(asked: Asked) -> PeriodsView:
    return await _with_books(asked, lambda books: periods_view(books, asked.engine.now_ms()))


async def close_period(asked: Asked) -> PeriodView:
    """Raises BadRequest 409 where the month is not over, not next, or closed."""
    month = _month(asked, asked.named["month"], "path")
    now_ms = asked.engine.now_ms()
    return await _with_books(asked, lambda books: period_view(books.close(month, by=asked.by, now_ms=now_ms)))


async def reconcile_upload(asked: Asked) -> ReconciliationView:
    """Raises BadRequest 400 that names the line and the column."""
    wanted: Uploaded = asked.body
    engine = asked.engine
    month = _month(asked, wanted.month)
    form = next((each.format for each in engine.settings.providers if each.name == wanted.provider), wanted.provider)

    def work() -> ReconciliationView:
        export = read_export(wanted.file.encode(), form, month)
        ours = recorded(engine.history, wanted.provider, month)
        return reconciliation_view(reconcile(month, wanted.provider, export, ours))

    await engine.ledger.flush()
    return await asyncio.to_thread(work)


async def _with_books(asked: Asked, work: Callable[[Books], T]) -> T:
    """Off the event loop, on all that is durable."""
    engine = asked.engine
    await engine.ledger.flush()

    def worked() -> T:
        return work(books_of(engine.settings, engine.history, engine.store.periods, engine.rules.book))

    return await asyncio.to_thread(worked)


def _month(asked: Asked, text: str, field: str = "month") -> str:
    if not text:
        return before(month_of(asked.engine.now_ms()))
    try:
        return check_month(text)
    except ValueError as error:
        raise BadRequest(str(error), field=field) from error


def _unit(code: str) -> Unit:
    try:
        return Unit(code.lower())
    except ValueError:
        message = f"{code[:20]!r} is not the code of a currency; write three letters, like EUR"
        raise BadRequest(message, field="currency") from None


ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/reports/focus",
        summary="A month as FOCUS 1.2 or 1.4 rows, page by page",
        answer=report_focus,
        query=FocusQuery,
        gives=FocusReport,
    ),
    Endpoint(
        method="GET",
        path="/reports/statements",
        summary="What each team pays for a month",
        answer=report_statements,
        query=StatementsQuery,
        gives=StatementsReport,
    ),
    Endpoint(
        method="GET",
        path="/reports/periods",
        summary="Closed months, and how the open one stands",
        answer=list_periods,
        gives=PeriodsView,
    ),
    Endpoint(
        method="POST",
        path="/reports/periods/{month}/close",
        summary="Tell a month for good: later changes are corrections; audited",
        answer=close_period,
        gives=PeriodView,
    ),
    Endpoint(
        method="POST",
        path="/reports/reconcile",
        summary="Compare a provider's usage export or costs with what was recorded",
        answer=reconcile_upload,
        takes=Uploaded,
        gives=ReconciliationView,
        body_bytes=EXPORT_BYTES,
    ),
)
