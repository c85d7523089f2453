"""Facts in memory beside their contract suite: gates are the directory's."""

import asyncio

from farthing.domain.budget import Unit
from farthing.stores.memory.alert_facts import MemoryFacts
from farthing.stores.memory.alerts import MemoryOutbox
from farthing.stores.memory.directory import MemoryDirectory
from farthing.stores.memory.ledger import MemoryLedger
from support.ledger_work import BUDGETS, a_reserve, a_settlement


def test_what_the_ledger_in_memory_counts_is_what_alerts_see():
    import random

    async def run():
        chance = random.Random(5)
        directory = MemoryDirectory(now_ms=lambda: 0)
        ledger = MemoryLedger(clock=lambda: 0, directory=directory)
        ledger.adopt(BUDGETS, ())
        ask = a_reserve(1 << 22, chance)
        await ledger.reserve(ask)
        ledger.settle(a_settlement(ask.opening.id, chance))
        return ask, MemoryFacts(ledger.records, directory, MemoryOutbox()), ledger.records

    ask, facts, records = asyncio.run(run())
    account = ask.charges[0].account
    (seen,) = (one for one in records.accounts() if one.account == account)
    assert seen in facts.accounts(account.budget, Unit(account.unit), (account.window,), 1)
