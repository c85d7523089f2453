"""The book against a plain model, over random histories: the same answers and the same balances after every step."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from farthing.budgets.book import Book
from farthing.domain.hold import Reserved, Short
from support.model import Model
from support.money import ask, attempt, budget, charge, key, loss, settlement, void

NAMES = ("a", "b", "c", "free")
POLICIES = {"a": "charge_hold", "b": "charge_seen", "c": "charge_hold", "free": "charge_seen"}
amounts = st.integers(0, 60)
some_names = st.sets(st.sampled_from(NAMES), min_size=1, max_size=3)
some_ask = st.tuples(some_names, amounts, st.integers(0, 2), st.integers(0, 40), st.integers(0, 10))


class BookAgainstModel(RuleBasedStateMachine):
    """I1–I7, I13, I17, I20, I24 and I28, with the queue."""

    def __init__(self) -> None:
        super().__init__()
        self.limits: dict[str, int | None] = {"a": 100, "b": 150, "c": 80, "free": None}
        self.book = Book()
        self.model = Model(self.limits, POLICIES)
        self.numbers = 0
        self.now_ms = 0
        self.adopt()

    def adopt(self) -> None:
        self.book.adopt([budget(name, self.limits[name], unknown=POLICIES[name]) for name in NAMES], ())

    def compare(self, expected: dict[int, str], at_once: dict[int, object] | None = None) -> None:
        got = dict(at_once or {})
        got.update({answer.ask.opening.id: answer.outcome for answer in self.book.wake(0)})
        said = {
            number: f"held {outcome.cap}" if isinstance(outcome, Reserved) else getattr(outcome, "code", "short")
            for number, outcome in got.items()
        }
        assert said == expected

    @rule(asks=st.lists(some_ask, min_size=1, max_size=5))
    def patient_calls(self, asks):
        for names, base, slope, cap, floor in asks:
            self.reserve(names, base, slope, cap, floor, wait_ms=10_000)

    @rule(one=some_ask)
    def a_call_that_does_not_wait(self, one):
        outcome = self.reserve(*one, wait_ms=0)
        assert isinstance(outcome, Reserved | Short)

    def reserve(self, names, base, slope, cap, floor, wait_ms):
        self.numbers += 1
        charges = [charge(key(name), base, slope) for name in sorted(names)]
        asked = ask(self.numbers, *charges, cap=cap, floor=min(cap, floor), wait_ms=wait_ms)
        expected = self.model.reserve(asked)
        outcome = self.book.reserve(asked, 0)
        self.compare(expected, {} if outcome is None else {asked.opening.id: outcome})
        if isinstance(outcome, Short):
            assert asked.opening.id not in self.book.holds
        return outcome

    def some_attempt(self, data) -> int:
        """Mostly one that holds money, sometimes any."""
        holding = sorted(number >> 4 for number in self.model.holds)
        any_one = st.integers(1, self.numbers)
        return data.draw(st.sampled_from(holding) | any_one if holding else any_one)

    @precondition(lambda self: self.numbers)
    @rule(data=st.data(), cost=st.integers(0, 12) | st.integers(0, 120))
    def settle(self, data, cost):
        number = self.some_attempt(data)
        self.book.settle(settlement(number, cost))
        self.compare(self.model.end(attempt(number), cost))

    @precondition(lambda self: self.numbers)
    @rule(data=st.data())
    def void(self, data):
        number = self.some_attempt(data)
        self.book.void(void(number))
        self.compare(self.model.end(attempt(number), None))

    @precondition(lambda self: self.numbers)
    @rule(data=st.data(), seen=amounts, after=st.integers(1, 50))
    def lose(self, data, seen, after):
        number = self.some_attempt(data)
        self.book.lose(loss(number, seen, due_ms=self.now_ms + after))
        self.compare(self.model.lose(attempt(number), seen, self.now_ms + after))

    @precondition(lambda self: self.numbers)
    @rule(data=st.data())
    def withdraw(self, data):
        number = self.some_attempt(data)
        self.book.withdraw(attempt(number))
        self.compare(self.model.withdraw(attempt(number)))

    @rule(ms=st.integers(1, 40))
    def pass_time(self, ms):
        self.now_ms += ms
        self.book.charge_due(self.now_ms)
        self.compare(self.model.pass_time(self.now_ms))

    @rule(name=st.sampled_from(("a", "b", "c")), left=st.integers(-20, 150))
    def change_a_limit(self, name, left):
        self.limits[name] = max(self.model.posted[name] + left, 0)
        self.adopt()
        self.compare(self.model.serve())

    @invariant()
    def balances_are_the_models(self):
        for name in NAMES:
            account = self.book.account(key(name))
            posted, held = self.model.posted[name], self.model.total(name, unknown=False)
            assert (account.posted, account.held, account.unknown) == (
                posted,
                held,
                self.model.total(name, unknown=True),
            )
        assert len(self.book.queue) == len(self.model.waiting)

    def teardown(self):
        while self.book.holds:
            for number in [number >> 4 for number in self.book.holds]:
                self.book.settle(settlement(number, 0))
            self.book.wake(0)
        assert not self.book.queue, "with no money in flight nobody can be waiting"
        assert all(account.held == account.unknown == 0 for account in self.book.accounts.values())


TestBook = BookAgainstModel.TestCase
TestBook.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
