"""Both ledgers against the plain model, over random histories; the durable one is also closed and opened again."""

from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from farthing.domain.hold import Reserved, Short
from farthing.stores.sqlite.ledger import SqliteLedger
from farthing.stores.sqlite.verify import verify
from support.ledgers import Clock, make_ledger, sweep
from support.model import Model
from support.money import ask, attempt, budget, charge, key, loss, settlement, void
from support.scratch import scratch

NAMES = ("a", "b", "free")
POLICIES = {"a": "charge_hold", "b": "charge_seen", "free": "charge_seen"}
amounts = st.integers(0, 60)
UNKNOWN_AFTER_MS = 600_000


class MemoryAgainstModel(RuleBasedStateMachine):
    """I2, I3, I5–I7, I9, I17, I20, I28 without a queue: nobody here waits."""

    kind = "memory"

    def __init__(self) -> None:
        super().__init__()
        self._scratch = scratch()
        self.folder = Path(self._scratch.name)
        self.clock = Clock()
        self.limits: dict[str, int | None] = {"a": 200, "b": 300, "free": None}
        self.model = Model(self.limits, POLICIES)
        self.numbers = 0
        self.touches = 0
        self.open()

    def open(self) -> None:
        self.ledger = make_ledger(self.kind, self.folder, self.clock)
        self.adopt()

    def adopt(self) -> None:
        self.ledger.adopt([budget(name, self.limits[name], unknown=POLICIES[name]) for name in NAMES], ())

    def applied(self) -> None:
        if isinstance(self.ledger, SqliteLedger):
            self.ledger.flush_blocking()

    @rule(
        names=st.sets(st.sampled_from(NAMES), min_size=1), base=amounts, cap=st.integers(0, 40), slope=st.integers(0, 2)
    )
    def reserve(self, names, base, cap, slope):
        self.numbers += 1
        asked = ask(self.numbers, *(charge(key(name), base, slope) for name in sorted(names)), cap=cap, floor=0)
        expected = self.model.reserve(asked)
        outcome = self.ledger.reserve_blocking(asked)
        assert isinstance(outcome, Reserved | Short)
        said = f"held {outcome.cap}" if isinstance(outcome, Reserved) else "short"
        assert {asked.opening.id: said} == expected

    @precondition(lambda self: self.numbers)
    @rule(data=st.data(), cost=st.integers(0, 80), again=st.booleans())
    def settle(self, data, cost, again):
        number = data.draw(st.integers(1, self.numbers))
        for _ in range(1 + again):
            self.ledger.settle(settlement(number, cost))
            self.model.end(attempt(number), cost)

    @precondition(lambda self: self.numbers)
    @rule(data=st.data())
    def void(self, data):
        number = data.draw(st.integers(1, self.numbers))
        self.ledger.void(void(number))
        self.model.end(attempt(number), None)

    @precondition(lambda self: self.numbers)
    @rule(data=st.data(), seen=amounts, after=st.integers(1, 50))
    def lose(self, data, seen, after):
        number = data.draw(st.integers(1, self.numbers))
        self.ledger.lose(loss(number, seen, due_ms=self.clock.now_ms + after))
        self.model.lose(attempt(number), seen, self.clock.now_ms + after)

    @rule(ms=st.sampled_from((1, 20, UNKNOWN_AFTER_MS)))
    def pass_time(self, ms):
        self.applied()
        self.clock.now_ms += ms
        sweep(self.ledger)
        self.model.pass_time(self.clock.now_ms)

    @rule(name=st.sampled_from(("a", "b")), limit=st.integers(0, 400))
    def change_a_limit(self, name, limit):
        self.limits[name] = limit
        self.adopt()

    @invariant()
    def balances_are_the_models(self):
        self.applied()
        for name in NAMES:
            standing = self.ledger.standing(key(name))
            got = (0, 0, 0) if standing is None else (standing.posted, standing.held, standing.unknown)
            held, unknown = self.model.total(name, unknown=False), self.model.total(name, unknown=True)
            assert got == (self.model.posted[name], held, unknown)

    def teardown(self):
        if isinstance(self.ledger, SqliteLedger):
            self.ledger.close_now()
        self._scratch.cleanup()


class SqliteAgainstModel(MemoryAgainstModel):
    kind = "sqlite"

    @rule()
    def open_again(self):
        """What was in flight becomes unknown; what is spent stays."""
        self.ledger.close_now()
        assert verify(self.folder / "ledger.db") == []
        for hold in self.model.holds.values():
            if hold["due"] is None:
                hold["due"], hold["seen"] = self.clock.now_ms + UNKNOWN_AFTER_MS, None
        self.model.pass_time(self.clock.now_ms)
        self.open()
        for name in NAMES:  # an account is shown once it was touched
            self.touches += 1
            self.ledger.reserve_blocking(ask(10_000 + self.touches, charge(key(name), 0, 0)))
            self.ledger.void(void(10_000 + self.touches))


TestMemory = MemoryAgainstModel.TestCase
TestMemory.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestSqlite = SqliteAgainstModel.TestCase
TestSqlite.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
