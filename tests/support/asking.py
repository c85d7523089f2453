"""A desk whose budgets may ask people: approvals in memory beside its ledger, told to one event loop."""

from farthing.budgets.match import Resolver
from farthing.call.rules import Rules
from farthing.config.approving import Approving
from farthing.stores.memory.approvals import MemoryApprovals
from farthing.stores.memory.directory import MemoryDirectory
from farthing.stores.memory.ledger import MemoryLedger
from support.desk import ANTHROPIC, BOOK, FACTS, OPENAI, ValueDesk


class AskingDesk(ValueDesk):
    """A ValueDesk with people. `decide` is what the admin side does: the decision, and then all of it is taken up."""

    def __init__(self, *outcomes, budgets=(), most_waiting=10):
        super().__init__(*outcomes, budgets=budgets)
        self.budgets = budgets
        self.directory = MemoryDirectory(now_ms=lambda: self.time_ms)
        self.ledger = MemoryLedger(clock=lambda: self.time_ms, steady=lambda: self.time_ms, directory=self.directory)
        self.ledger.adopt(budgets, ())
        self.rules = Rules(book=BOOK, facts=FACTS, resolver=Resolver(budgets), providers=(OPENAI, ANTHROPIC))
        self.store = MemoryApprovals(self.directory)
        self.approvals = Approving(
            self.store,
            mint=self.mint,
            clock=lambda: self.time_ms,
            notice=self.notice,
            most_waiting=most_waiting,
        )
        self.approvals.adopt(budgets, ())

    async def take_up(self):
        self.approvals.adopt(self.budgets, self.directory.load().grants)
        await self.approvals.learn()

    def requests(self):
        """Every request, the newest first."""
        return self.store.recent(limit=100, now_ms=self.time_ms)
