"""The ledger in memory: what it remembers of calls. What it decides is in the contract suite."""

import asyncio

from farthing.domain.hold import Declined, Reserved
from farthing.stores.memory.directory import MemoryDirectory
from farthing.stores.memory.ledger import MemoryLedger
from support.ledgers import Clock
from support.money import attempt, budget, closing, fixed, loss, settlement, void


def ledger_with(nanos: int = 1_000, **more) -> MemoryLedger:
    ledger = MemoryLedger(**more)
    ledger.adopt([budget("b", nanos)], ())
    return ledger


def test_a_call_can_be_read_back_with_its_attempts():
    ledger = ledger_with()
    assert isinstance(ledger.reserve_blocking(fixed(1, 100)), Reserved)
    ledger.settle(settlement(1, 40, closing=closing(1)))
    record = ledger.records.call(16)
    assert record is not None
    assert record.closing == closing(1)
    (told,) = record.attempts
    assert (told.state, told.cost_nanos, told.source) == ("settled", 40, "provider")


def test_an_overrun_is_flagged_in_the_record():
    ledger = ledger_with()
    ledger.reserve_blocking(fixed(1, 100))
    ledger.settle(settlement(1, 400))
    assert ledger.records.attempts[attempt(1)].flags == ("overran_hold",)


def test_an_acknowledged_gate_opens_again():
    directory = MemoryDirectory(now_ms=Clock())
    ledger = ledger_with(directory=directory)
    ledger.reserve_blocking(fixed(1, 100))
    ledger.settle(settlement(1, 1, overran="openai/m"))
    assert isinstance(ledger.reserve_blocking(fixed(2, 1, gate="openai/m")), Declined)
    (gate,) = directory.load().gates
    assert (gate.name, gate.attempt) == ("openai/m", attempt(1))
    directory.acknowledge("openai/m", by="ops")
    assert isinstance(ledger.reserve_blocking(fixed(3, 1, gate="openai/m")), Reserved)


def test_a_correction_settles_what_is_unknown_and_leaves_what_is_in_flight():
    ledger = ledger_with(clock=Clock())
    for number in (1, 2, 3):
        ledger.reserve_blocking(fixed(number, 100))
    ledger.lose(loss(2))
    ledger.void(void(3))
    corrected = [ledger.adjust_blocking(settlement(number, 7), by="ops", reason="") for number in (1, 2, 3)]
    assert corrected == [False, True, True]
    standing = ledger.standing(fixed(1, 1).charges[0].account)
    assert standing is not None
    assert (standing.posted, standing.held, standing.unknown) == (14, 100, 0)


def test_a_waiter_whose_loop_was_closed_holds_nothing():
    ledger = ledger_with()
    ledger.reserve_blocking(fixed(1, 1_000))

    async def leave_without_waiting():
        loop = asyncio.get_running_loop()
        task = loop.create_task(ledger.reserve(fixed(2, 500, wait_ms=60_000)))
        await asyncio.sleep(0)
        return task

    loop = asyncio.new_event_loop()
    task = loop.run_until_complete(leave_without_waiting())
    task.cancel()
    loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
    loop.close()
    ledger.settle(settlement(1, 0))
    standing = ledger.standing(fixed(1, 1).charges[0].account)
    assert standing is not None
    assert standing.held == 0
