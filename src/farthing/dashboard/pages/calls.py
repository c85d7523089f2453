"""Calls: the newest ones, and the receipt of one."""

from collections.abc import Mapping
from functools import partial

import msgspec

from farthing.accounts.receipt import Receipt, receipt
from farthing.accounts.shape import gap_ms, tokens_by_message
from farthing.config.engine import Engine
from farthing.config.settling import card_of
from farthing.dashboard.filters import names_of, where_of, with_filter, without_filter
from farthing.dashboard.forms import Query
from farthing.dashboard.visit import Answer, Visit, see
from farthing.domain.budget import AccountKey
from farthing.domain.ids import made_ms
from farthing.domain.ids import read as read_id
from farthing.domain.ids import show as show_id
from farthing.domain.record import Labels
from farthing.gateway.admin.calls import LOOK, OUTCOMES, call_before
from farthing.gateway.admin.endpoint import missing
from farthing.ports.records import CallRecord, CallSummary

PAGE = 50


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """Everything on the page of one call."""

    receipt: Receipt
    before: CallSummary | None
    """The call before it in its run."""
    tokens: tuple[int, ...]
    """Of each message."""

    @property
    def record(self) -> CallRecord:
        return self.receipt.call

    @property
    def gap_ms(self) -> int | None:
        return gap_ms(self.record, self.before)

    @property
    def run(self) -> str:
        return dict(self.record.opening.labels).get("run", "")


async def listing(visit: Visit) -> Answer:
    """The newest calls, page by page, by what their labels say."""
    query = visit.query
    name, value = query.first("add"), query.first("is").strip()
    if name and value:
        clean = Query(tuple(pair for pair in query.pairs if pair[0] not in ("add", "is", "before")))
        return see(f"{visit.path}?{with_filter(clean, name, value)}")
    before, where = _number(query.first("before")), where_of(query)
    outcome = query.one_of("outcome", ("", *OUTCOMES))
    await visit.engine.ledger.flush()
    found, reached = await visit.read(partial(_recent, visit.engine, before, where, outcome))
    last = found[PAGE - 1].id if len(found) > PAGE else reached
    older = query.having(before=show_id("call", last), done=None) if last else None
    return await visit.page(
        "calls.html",
        found=found[:PAGE],
        names=tuple(each for each in names_of(found) if each not in ("hour", "day", "month", "model", "provider")),
        where=where,
        outcome=outcome,
        outcomes=OUTCOMES,
        newest=query.having(before=None) if before else None,
        older=older,
        reached_ms=made_ms(reached) if reached else None,
        look=LOOK,
        without=partial(without_filter, query),
    )


async def show(visit: Visit) -> Answer:
    """The receipt of one call. Raises BadRequest 404."""
    number = _number(visit.named["id"])
    await visit.engine.ledger.flush()
    sheet = await visit.read(partial(_sheet, visit.engine, number)) if number else None
    if sheet is None:
        raise missing("call", visit.named["id"][:40])
    return await visit.page("call.html", sheet=sheet, place=place)


def place(account: AccountKey) -> str:
    """An account in words: the budget, whose it is, and its window."""
    return " · ".join(filter(None, (account.budget, account.value, account.window)))


def _recent(
    engine: Engine, before: int | None, where: Labels, outcome: str
) -> tuple[tuple[CallSummary, ...], int | None]:
    """One more than a page shows; and where the look ended too early to say that there are no more."""
    named: Mapping[str, str] = dict(where)
    reached = engine.records.reach(LOOK, before) if where or outcome else 0
    found = engine.records.recent(
        limit=PAGE + 1,
        before_id=before,
        key=named.get("key"),
        labels=tuple(pair for pair in where if pair[0] != "key"),
        outcome=outcome or None,
        from_id=reached,
    )
    return found, reached if reached and len(found) <= PAGE else None


def _sheet(engine: Engine, number: int) -> Sheet | None:
    record = engine.records.call(number)
    if record is None:
        return None
    run = dict(record.opening.labels).get("run")
    return Sheet(
        receipt=receipt(record, partial(card_of, engine)),
        before=None if run is None else call_before(engine.records, number, run),
        tokens=tokens_by_message(record),
    )


def _number(text: str) -> int | None:
    try:
        return read_id("call", text)
    except ValueError:
        return None
