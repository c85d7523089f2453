"""The durable ledger: what is acknowledged is in the file, failures fail closed, and processes share one file exactly."""

import asyncio
import os
import sqlite3

import pytest

from farthing.domain.errors import LedgerUnavailable
from farthing.domain.hold import Declined, Reserved
from farthing.stores.sqlite.chain.verify import verify as audited
from farthing.stores.sqlite.ledger import SqliteLedger
from farthing.stores.sqlite.verify import verify
from support.ledger_processes import outcomes_of, spend_in_child
from support.ledgers import Clock, until
from support.money import ask, attempt, budget, call, charge, closing, fixed, key, loss, settlement, void


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


def rows(path, query, *values):
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query, values).fetchall()
    finally:
        connection.close()


def balance(path, name="b"):
    return rows(path, "SELECT posted, held, unknown FROM account WHERE budget = ?", name)


def running(path, body, **more):
    async def main():
        ledger = SqliteLedger.open(path, what="test", **more)
        try:
            ledger.adopt([budget("b", 1_000)], ())
            return await body(ledger)
        finally:
            await ledger.close()

    return asyncio.run(main())


# Rows


def test_a_reserve_is_in_the_file_when_it_is_answered(path):
    async def body(ledger):
        await ledger.reserve(fixed(1, 100))
        assert balance(path) == [(0, 100, 0)]
        ((state, owner, charges),) = rows(path, "SELECT state, owner, charges FROM attempt")
        assert (state, owner, charges) == (0, ledger.slot, "[[1,100,1,1000,null]]")

    running(path, body)


def test_a_call_is_recorded_from_its_opening_to_its_end(path):
    async def body(ledger):
        await ledger.reserve(fixed(1, 100))
        ledger.settle(settlement(1, 40, closing=closing(1), served_model="m", flags=("drained",), remainder_picos=7))
        ledger.refuse(call(2), closing(2, "refused"))
        await ledger.flush()

    running(path, body)
    assert rows(path, "SELECT id, labels, outcome, status FROM call ORDER BY id") == [
        (16, '{"team":"a"}', "paid", 200),
        (32, '{"team":"a"}', "refused", 200),
    ]
    settled = "SELECT state, cost_nanos, remainder_picos, input_tokens, output_tokens, flags, served_model FROM attempt"
    assert rows(path, settled) == [(2, 40, 7, 3, 4, '["drained"]', "m")]
    assert rows(path, "SELECT charges, posted FROM attempt") == [("[[1,100,1,1000,null]]", "[40]")]


def test_an_overrun_is_flagged_and_closes_its_gate_in_the_file(path):
    async def body(ledger):
        await ledger.reserve(fixed(1, 100, gate="openai/m"))
        ledger.settle(settlement(1, 400, overran="openai/m"))
        await ledger.flush()

    running(path, body)
    assert rows(path, "SELECT flags FROM attempt") == [('["overran_hold"]',)]
    assert rows(path, "SELECT name, attempt, acknowledged_ms FROM gate") == [("openai/m", attempt(1), 0)]
    assert rows(path, "SELECT value FROM meta WHERE name = 'directory_version'") == [("2",)]


def test_a_response_is_remembered_for_its_tenant_and_completed_once(path):
    async def body(ledger):
        await ledger.reserve(fixed(1, 100))
        ledger.lose(loss(1, response_id="resp_1", remember_for="acme"))
        await ledger.flush()
        assert rows(path, "SELECT tenant, id, tokens FROM response") == [("acme", "resp_1", None)]
        ledger.settle(settlement(1, 40, response_id="resp_1", remember_for="acme"))

    running(path, body)
    assert rows(path, "SELECT tenant, id, tokens FROM response") == [("acme", "resp_1", 7)]


def test_a_correction_keeps_what_was_there_before_and_who_changed_it(path):
    async def body(ledger):
        await ledger.reserve(fixed(1, 100))
        ledger.settle(settlement(1, 90))
        assert await ledger.adjust(settlement(1, 20, source="operator"), by="ops", reason="invoice")

    running(path, body)
    ((by, before, after),) = rows(path, "SELECT by, before, after FROM adjustment")
    assert by == "ops"
    assert '"cost_nanos":90' in before
    assert '"cost_nanos":20' in after
    assert rows(path, "SELECT action FROM audit") == [("call.adjust",)]
    assert balance(path) == [(20, 0, 0)]
    assert verify(path) == []


# Failure


class Faulty:
    """A connection whose commits can be made to fail, before or after they were really done."""

    def __init__(self, connection, faults):
        self._connection = connection
        self._faults = faults

    def execute(self, statement, *values):
        if statement == "COMMIT" and self._faults:
            when = self._faults.pop(0)
            if when == "after":
                self._connection.execute(statement)
            raise sqlite3.OperationalError("disk I/O error")
        return self._connection.execute(statement, *values)

    def __getattr__(self, name):
        return getattr(self._connection, name)


def faulty(faults):
    return lambda *args, **more: Faulty(sqlite3.connect(*args, **more), faults)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_reserve_whose_commit_fails_holds_nothing_and_says_so(path, when):
    faults = []

    async def body(ledger):
        await ledger.reserve(fixed(1, 100))
        faults.append(when)
        with pytest.raises(LedgerUnavailable):
            await ledger.reserve(fixed(2, 300))
        await until_well(ledger)
        assert balance(path) == [(0, 101, 0)]

    async def until_well(ledger):
        for number in range(3, 1_000):
            try:
                return await ledger.reserve(fixed(number, 1))
            except LedgerUnavailable:
                await asyncio.sleep(0.02)
        raise AssertionError("the ledger never recovered")

    running(path, body, connect=faulty(faults))
    assert verify(path) == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_r22_r23_a_settle_whose_commit_fails_is_kept_and_applied_once(path, when):
    faults = []

    async def body(ledger):
        await ledger.reserve(fixed(1, 100))
        faults.append(when)
        ledger.settle(settlement(1, 40))
        await until(lambda: balance(path) == [(40, 0, 0)])

    running(path, body, connect=faulty(faults))
    assert balance(path) == [(40, 0, 0)]
    assert verify(path) == []


def test_a_file_that_stays_unwritable_refuses_and_recovers(path):
    faults = []

    async def body(ledger):
        faults.extend(["before"] * 3)
        refused = 0
        while True:
            try:
                await ledger.reserve(fixed(1, 100))
                break
            except LedgerUnavailable:
                refused += 1
                await asyncio.sleep(0.02)
        assert refused > 3
        assert balance(path) == [(0, 100, 0)]

    running(path, body, connect=faulty(faults))


def test_one_request_that_cannot_be_written_takes_no_other_with_it(path):
    async def body(ledger):
        bad = call(7)
        bad = type(bad)(**{**{f: getattr(bad, f) for f in bad.__struct_fields__}, "model": "\ud800"})
        asks = [fixed(1, 100), fixed(2, 100), fixed(3, 100)]
        poison = ask(7, charge(key(), 100, 0))
        poison = type(poison)(**{**{f: getattr(poison, f) for f in poison.__struct_fields__}, "call": bad})
        got = await asyncio.gather(*map(ledger.reserve, [*asks[:2], poison, asks[2]]), return_exceptions=True)
        assert [type(one) for one in got] == [Reserved, Reserved, LedgerUnavailable, Reserved]
        assert balance(path) == [(0, 300, 0)]

    running(path, body)
    assert verify(path) == []


def test_waiters_are_told_when_the_file_fails(path):
    faults = []

    async def body(ledger):
        await ledger.reserve(fixed(1, 1_000))
        waiting = asyncio.create_task(ledger.reserve(fixed(2, 500, wait_ms=60_000)))
        await asyncio.sleep(0.02)
        faults.extend(["before"] * 2)
        ledger.void(void(1))
        try:
            got = await waiting
        except LedgerUnavailable:
            return
        assert isinstance(got, Reserved)

    running(path, body, connect=faulty(faults))
    assert verify(path) == []


# Owners and recovery


def test_i11_holds_of_a_dead_owner_become_unknown_once_and_are_charged_in_time(path):
    child = os.fork()
    if child == 0:

        async def die():
            ledger = SqliteLedger.open(path, what="dies")
            ledger.adopt([budget("b", 1_000)], ())
            await ledger.reserve(fixed(1, 300))
            await ledger.reserve(fixed(2, 100))
            os._exit(9)

        asyncio.run(die())
    os.waitpid(child, 0)
    clock = Clock()

    async def body(ledger):
        assert balance(path) == [(0, 0, 400)]
        await asyncio.to_thread(ledger.sweep_now)
        assert balance(path) == [(0, 0, 400)]
        ledger.settle(settlement(1, 7))
        await ledger.flush()
        clock.now_ms += 600_000
        await asyncio.to_thread(ledger.sweep_now)
        await ledger.reserve(fixed(3, 1))
        assert balance(path) == [(107, 1, 0)]

    running(path, body, clock=clock)
    assert rows(path, "SELECT source, flags FROM attempt WHERE id = ?", attempt(2)) == [("estimate", '["estimated"]')]
    assert verify(path) == []


def test_recovery_leaves_the_holds_of_the_living_alone(path):
    async def body(ledger):
        await ledger.reserve(fixed(1, 300))
        other = SqliteLedger.open(path, what="other")
        try:
            await asyncio.to_thread(other.sweep_now)
            assert other.slot != ledger.slot
            other.settle(settlement(1, 1))
            other.void(void(1))
            await other.flush()
            assert balance(path) == [(0, 300, 0)]
        finally:
            await other.close()

    running(path, body)


def test_an_unknown_outcome_is_charged_once_whoever_comes_first(path):
    clock = Clock()

    async def body(ledger):
        other = SqliteLedger.open(path, what="other", clock=clock)
        try:
            await ledger.reserve(fixed(1, 300))
            ledger.lose(loss(1, 5, due_ms=clock.now_ms + 5))
            await ledger.flush()
            clock.now_ms += 10
            await asyncio.to_thread(other.sweep_now)
            await asyncio.to_thread(ledger.sweep_now)
            ledger.settle(settlement(1, 5))
            await ledger.flush()
            assert balance(path) == [(300, 0, 0)]
        finally:
            await other.close()

    running(path, body, clock=clock)
    assert verify(path) == []


def test_the_policy_is_the_one_of_the_reserve_even_in_a_process_without_limits(path):
    clock = Clock()

    async def body(ledger):
        ledger.adopt([budget("b", 1_000, unknown="charge_seen")], ())
        await ledger.reserve(ask(1, charge(key(), 20), cap=100))
        ledger.lose(loss(1, 33, due_ms=clock.now_ms + 5))
        await ledger.flush()
        other = SqliteLedger.open(path, what="knows nothing", clock=clock)
        clock.now_ms += 10
        await asyncio.to_thread(other.sweep_now)
        await other.close()
        assert balance(path) == [(33, 0, 0)]

    running(path, body, clock=clock)


# Several ledgers on one file


def test_r03_r04_money_freed_in_one_ledger_wakes_a_waiter_in_another(path):
    async def body(ledger):
        await ledger.reserve(fixed(1, 900))
        other = SqliteLedger.open(path, what="other")
        other.adopt([budget("b", 1_000)], ())
        try:
            waiting = asyncio.create_task(other.reserve(fixed(2, 500, wait_ms=60_000)))
            await asyncio.sleep(0.05)
            assert not waiting.done()
            ledger.settle(settlement(1, 400))
            assert isinstance(await waiting, Reserved)
            assert balance(path) == [(400, 500, 0)]
        finally:
            await other.close()

    running(path, body)


def test_three_processes_on_one_file_spend_the_budget_and_not_one_nano_more(path):
    SqliteLedger.open(path, what="makes the file").close_now()
    children = [
        spend_in_child(path, first, 70, limit=20_000, amount=1_000, cost=990, wait_ms=20_000)
        for first in (1_000, 2_000, 3_000)
    ]
    outcomes = [outcome for child in children for outcome in outcomes_of(child)]
    paid = outcomes.count("paid")
    assert balance(path) == [(paid * 990, 0, 0)]
    assert 19_000 <= paid * 990 <= 20_000
    assert set(outcomes) == {"paid", "budget_exceeded"}
    assert verify(path) == []
    assert audited(path, now_ms=lambda: 0).findings == ()


def test_a_forked_child_is_an_owner_of_its_own_and_leaves_its_parents_holds_alone(path):
    ledger = SqliteLedger.open(path, what="parent")
    ledger.adopt([budget("b", 1_000)], ())
    assert isinstance(ledger.reserve_blocking(fixed(1, 300)), Reserved)
    slot = ledger.slot
    child = os.fork()
    if child == 0:
        status = 1
        try:
            ledger.settle(settlement(1, 1))
            assert isinstance(ledger.reserve_blocking(fixed(2, 300)), Reserved)
            assert not isinstance(ledger.reserve_blocking(fixed(3, 500)), Reserved)
            assert ledger.slot != slot
            ledger.settle(settlement(2, 200))
            ledger.close_now()
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    assert status == 0
    assert balance(path) == [(200, 300, 0)]
    ledger.settle(settlement(1, 50))
    ledger.close_now()
    assert balance(path) == [(250, 0, 0)]
    assert verify(path) == []


def test_a_directory_change_is_noticed_whoever_made_it(path):
    changes = []

    async def body(ledger):
        connection = sqlite3.connect(path)
        connection.execute("UPDATE meta SET value = '7' WHERE name = 'directory_version'")
        connection.execute("INSERT INTO gate (name, attempt, at_ms, detail) VALUES ('openai/m', 1, 1, '')")
        connection.commit()
        connection.close()
        await until(lambda: bool(changes))
        got = await ledger.reserve(fixed(1, 1, gate="openai/m"))
        assert isinstance(got, Declined)
        assert got.code == "provider_overran"

    running(path, body, on_directory_change=lambda: changes.append(1))


def test_a_closed_ledger_says_so(path):
    ledger = SqliteLedger.open(path)
    ledger.close_now()
    ledger.close_now()
    with pytest.raises(LedgerUnavailable):
        ledger.reserve_blocking(fixed(1, 1))


def test_closing_ends_every_wait_and_writes_what_was_queued(path):
    async def main():
        ledger = SqliteLedger.open(path)
        ledger.adopt([budget("b", 1_000)], ())
        await ledger.reserve(fixed(1, 400))
        await ledger.reserve(fixed(3, 500))
        waiting = asyncio.create_task(ledger.reserve(fixed(2, 500, wait_ms=60_000)))
        await asyncio.sleep(0.02)
        ledger.settle(settlement(1, 399))
        ledger.close_call(closing(1))
        await ledger.close()
        with pytest.raises(LedgerUnavailable, match="closed"):
            await waiting

    asyncio.run(main())
    assert balance(path) == [(399, 500, 0)]
