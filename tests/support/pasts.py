"""A past that two stores share: the same calls told to the ledger in memory and to the one on SQLite, with prices."""

from pathlib import Path

import msgspec

from farthing.domain.budget import AccountKey, Unit
from farthing.domain.hold import Charge, Loss, Reserve, Reserved, Settlement, Spent, Void
from farthing.domain.ids import EPOCH_MS, Mint, attempt_id
from farthing.domain.price import PriceCard, Unpriced
from farthing.domain.record import AttemptOpening, CallClosing, CallOpening, Skeleton
from farthing.domain.usage import Usage
from farthing.ports.outcomes import OtherCost, Outcome
from farthing.pricing.book import PriceBook
from farthing.pricing.cost import cost
from farthing.pricing.finder import card_finder
from farthing.stores.memory.directory import MemoryDirectory
from farthing.stores.memory.history import MemoryHistory
from farthing.stores.memory.ledger import MemoryLedger
from farthing.stores.memory.outcomes import MemoryOutcomes
from farthing.stores.sqlite.history import SqliteHistory
from farthing.stores.sqlite.ledger import SqliteLedger
from farthing.stores.sqlite.outcomes import SqliteOutcomes
from support.ledgers import Clock, sweep
from support.scratch import scratch

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
CARD_OF = card_finder(PriceBook.load(), {})
EVER = {"since_ms": 0, "until_ms": 2**53}
ACCOUNT = AccountKey("everything", "", Unit.USD, "lifetime")


class Pair:
    """Two stores that are told the same. Times are the clock's."""

    def __init__(self, now_ms: int = EPOCH_MS + 40 * DAY_MS) -> None:
        self.folder = scratch()
        path = Path(self.folder.name) / "farthing.db"
        self.clock = Clock(now_ms)
        self.memory = MemoryLedger(clock=self.clock)
        self.sqlite = SqliteLedger.open(path, clock=self.clock, what="test", unknown_after_ms=600_000)
        self.told = (MemoryOutcomes(MemoryDirectory(now_ms=self.clock)), SqliteOutcomes(path))
        self.slow = MemoryHistory(self.memory.records, self.told[0])
        self.fast = SqliteHistory(path, now_ms=self.clock)
        self.slow.price_with(CARD_OF)
        self.fast.price_with(CARD_OF)
        self.path = path
        self._mint = Mint(5)
        self.calls: dict[int, CallOpening] = {}
        self.attempts: list[AttemptOpening] = []

    def close(self) -> None:
        self.fast.close()
        self.told[1].close()
        self.sqlite.close_now()
        self.folder.cleanup()

    def pass_time(self, ms: int) -> None:
        """What is due by then is charged in both."""
        self.durable()
        self.clock.now_ms += ms
        for ledger in self.ledgers:
            sweep(ledger)

    @property
    def ledgers(self):
        return self.memory, self.sqlite

    def open_call(self, *, labels=(), model="gpt-4o", late_ms=0, prompt="", key="") -> CallOpening:
        number = self._mint(self.clock.now_ms)
        opening = CallOpening(
            id=number,
            arrived_ms=self.clock.now_ms - late_ms,
            key=key,
            labels=tuple(sorted(labels)),
            dialect="openai-chat",
            route="/v1/chat/completions",
            model=model,
            skeleton=msgspec.json.encode(Skeleton(prompt_digest=prompt)),
        )
        self.calls[number] = opening
        return opening

    def refuse(self, opening: CallOpening) -> None:
        closing = CallClosing(id=opening.id, outcome="refused", status=402, finished_ms=self.clock.now_ms)
        for ledger in self.ledgers:
            ledger.refuse(opening, closing)

    def attempt(self, opening: CallOpening, *, model="gpt-4o", provider="openai", book="b00c") -> AttemptOpening:
        ordinal = 1 + sum(other.call_id == opening.id for other in self.attempts)
        made = AttemptOpening(
            id=attempt_id(opening.id, ordinal),
            call_id=opening.id,
            ordinal=ordinal,
            provider=provider,
            model=model,
            book=book,
            bound="bytes",
            input_bound=100,
            opened_ms=self.clock.now_ms,
        )
        ask = Reserve(
            opening=made,
            call=opening if ordinal == 1 else None,
            charges=(Charge(ACCOUNT, 5_000_000, 1_000, 1, 1_000),),
            cap=64,
            floor=64,
        )
        for ledger in self.ledgers:
            assert isinstance(ledger.reserve_blocking(ask), Reserved)
        self.attempts.append(made)
        return made

    def settlement(self, attempt: AttemptOpening, usage: Usage, tier: str = "", off_nanos: int = 0) -> Settlement:
        """At the book's price, or so far off it."""
        card = CARD_OF(attempt)
        found = cost(card, usage, tier) if isinstance(card, PriceCard) else card
        priced = not isinstance(found, Unpriced)
        picos = found.picos + off_nanos * 1_000 if priced else 0
        return Settlement(
            attempt=attempt.id,
            spent=Spent(picos=picos, input_tokens=usage.input_tokens, output_tokens=usage.output_tokens),
            usage=usage,
            cost_nanos=found.nanos + off_nanos if priced else None,
            remainder_picos=found.remainder_picos if priced else 0,
            tier=tier,
            settled_ms=self.clock.now_ms,
        )

    def settle(self, settlement: Settlement, outcome: str = "") -> None:
        closing = self._closing(settlement.attempt & ~15, outcome) if outcome else None
        for ledger in self.ledgers:
            ledger.settle(msgspec.structs.replace(settlement, closing=closing))

    def void(self, attempt: AttemptOpening) -> None:
        for ledger in self.ledgers:
            ledger.void(Void(attempt=attempt.id, reason="not sent", at_ms=self.clock.now_ms))

    def lose(self, attempt: AttemptOpening) -> None:
        seen = Spent(picos=77_000, input_tokens=9, output_tokens=1)
        for ledger in self.ledgers:
            ledger.lose(Loss(attempt=attempt.id, seen=seen, due_ms=self.clock.now_ms + 600_000, reason="reset"))

    def correct(self, settlement: Settlement) -> None:
        self.sqlite.flush_blocking()
        said = msgspec.structs.replace(settlement, source="operator")
        assert len({ledger.adjust_blocking(said, "ada", "invoice") for ledger in self.ledgers}) == 1

    def close_call(self, call: int, outcome: str) -> None:
        for ledger in self.ledgers:
            ledger.close_call(self._closing(call, outcome))

    def judge(self, outcome: Outcome) -> None:
        for outcomes in self.told:
            outcomes.judge(outcome)

    def book(self, cost: OtherCost) -> None:
        assert len({outcomes.book(cost) for outcomes in self.told}) == 1

    def _closing(self, call: int, outcome: str) -> CallClosing:
        return CallClosing(id=call, outcome=outcome, status=200, finished_ms=self.clock.now_ms)

    def durable(self) -> None:
        self.sqlite.flush_blocking()

    def posted(self) -> int:
        """What the ledger says was spent on everything."""
        return sum(one.posted for one in self.memory.records.accounts())
