"""A ledger with its history and books, and a past that a test makes call by call: months, teams, late settles, corrections."""

from collections.abc import Iterator
from contextlib import contextmanager

from farthing.billing.books import Books
from farthing.billing.list_price import ListPrices
from farthing.billing.month import span_of
from farthing.domain.hold import Loss, Reserve, Settlement, Spent
from farthing.domain.ids import EPOCH_MS, attempt_id
from farthing.domain.price import Cost
from farthing.domain.record import AttemptOpening, CallClosing, CallOpening
from farthing.domain.usage import Usage
from farthing.ports.billing import BillTerms
from farthing.ports.outcomes import OtherCost
from farthing.pricing.book import PriceBook
from farthing.pricing.cost import cost
from farthing.pricing.finder import card_finder
from farthing.pricing.tool_price import TOOL, declared
from farthing.stores.memory.billing import MemoryPeriods
from farthing.stores.memory.directory import MemoryDirectory
from farthing.stores.memory.history import MemoryHistory
from farthing.stores.memory.ledger import MemoryLedger
from farthing.stores.memory.outcomes import MemoryOutcomes
from farthing.stores.sqlite.billing import SqlitePeriods
from farthing.stores.sqlite.directory import SqliteDirectory
from farthing.stores.sqlite.history import SqliteHistory
from farthing.stores.sqlite.ledger import SqliteLedger
from farthing.stores.sqlite.outcomes import SqliteOutcomes
from support.ledgers import Clock

BOOK = PriceBook.load()
FORMATS = {"openai": "openai", "anthropic": "anthropic"}
OVER = span_of("2027-06")[1]
"""When every month of these tests is over."""


class World:
    """Calls are numbered as they are made; money is what the book says unless a test says otherwise."""

    def __init__(self, ledger, history, periods, outcomes, in_force) -> None:
        self.ledger, self.history, self.periods, self.outcomes = ledger, history, periods, outcomes
        self.in_force = in_force
        self.card_of = card_finder(in_force, FORMATS)
        history.price_with(self.card_of)
        self.calls: list[tuple[AttemptOpening, CallOpening]] = []

    def books(self, **terms) -> Books:
        return Books(self.history, self.periods, BillTerms(**terms), ListPrices(BOOK, self.in_force, FORMATS))

    def open(self, at_ms: int, *, model="gpt-4o-mini", provider="openai", key="", price="", **labels) -> int:
        """A call that was sent; its number."""
        number = len(self.calls)
        call_id = ((at_ms - EPOCH_MS) << 22) | (number << 4)
        attempt = AttemptOpening(
            id=attempt_id(call_id, 1),
            call_id=call_id,
            ordinal=1,
            provider=provider,
            model=model,
            book=price or self.in_force.hash,
            bound="bytes",
            input_bound=10,
            opened_ms=at_ms,
        )
        call = CallOpening(id=call_id, arrived_ms=at_ms, key=key, labels=tuple(sorted(labels.items())), model=model)
        self.ledger.reserve_blocking(Reserve(opening=attempt, call=call, charges=(), cap=0, floor=0))
        self.calls.append((attempt, call))
        return number

    def use(self, tool: str, at_ms: int, nanos: int, **labels) -> None:
        """A tool that costs so much was run."""
        self.settle(self.open(at_ms, model=tool, provider=TOOL, price=declared(nanos), **labels), Usage())

    def book(self, run: str, at_ms: int, nanos: int, kind="search") -> None:
        """A run cost so much beside models."""
        assert self.outcomes.book(OtherCost(run=run, at_ms=at_ms, kind=kind, nanos=nanos, by="ada"))

    def settle(self, number: int, usage: Usage) -> None:
        """Paid, as the book says."""
        self.ledger.settle(self._settlement(number, usage))

    def correct(self, number: int, usage: Usage | None, nanos: int | None = None) -> None:
        """An operator's word: other usage at the book's prices, or another amount."""
        said = self._settlement(number, usage or Usage(), nanos=nanos, source="operator")
        assert self.ledger.adjust_blocking(said, by="ada", reason="the invoice")

    def lose(self, number: int, due_ms: int = 2**53) -> None:
        """Nobody knows what became of it."""
        attempt, _ = self.calls[number]
        self.ledger.lose(
            Loss(attempt=attempt.id, seen=Spent(picos=5_000, input_tokens=5), due_ms=due_ms, reason="reset")
        )

    def total_nanos(self) -> int:
        """What the ledger says of everything."""
        self.durable()
        return sum(row.cost_nanos for row in self.history.usage(by=("model",), since_ms=0, until_ms=OVER))

    def durable(self) -> None:
        if isinstance(self.ledger, SqliteLedger):
            self.ledger.flush_blocking()

    def _settlement(self, number, usage, *, nanos=None, source="provider") -> Settlement:
        attempt, call = self.calls[number]
        found = cost(self.card_of(attempt), usage) if nanos is None and self._is_priced(attempt) else None
        picos, remainder = (
            (found.picos, found.remainder_picos) if isinstance(found, Cost) else ((nanos or 0) * 1_000, 0)
        )
        return Settlement(
            attempt=attempt.id,
            spent=Spent(picos=picos, input_tokens=usage.input_tokens, output_tokens=usage.output_tokens),
            usage=usage,
            cost_nanos=found.nanos if isinstance(found, Cost) else nanos,
            remainder_picos=remainder,
            source=source,
            settled_ms=attempt.opened_ms + 900,
            closing=CallClosing(id=call.id, outcome="paid", status=200, finished_ms=attempt.opened_ms + 900),
        )

    def _is_priced(self, attempt) -> bool:
        return hasattr(self.card_of(attempt), "variants")


@contextmanager
def billing_world(kind="memory", folder=None, prices=(), clock=None) -> Iterator[World]:
    clock = clock or Clock(OVER)
    in_force = BOOK.overlay(list(prices))
    if kind == "memory":
        directory = MemoryDirectory(now_ms=clock)
        ledger = MemoryLedger(clock=clock, directory=directory)
        outcomes = MemoryOutcomes(directory)
        history = MemoryHistory(ledger.records, outcomes)
        yield World(ledger, history, MemoryPeriods(directory), outcomes, in_force)
        return
    path = folder / "farthing.db"
    ledger = SqliteLedger.open(path, clock=clock, what="test")
    directory, periods, outcomes = SqliteDirectory(path, now_ms=clock), SqlitePeriods(path), SqliteOutcomes(path)
    history = SqliteHistory(path, now_ms=clock)
    try:
        yield World(ledger, history, periods, outcomes, in_force)
    finally:
        ledger.close_now()
        for each in (directory, periods, outcomes, history):
            each.close()
