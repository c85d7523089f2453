"""Limits that live in the store bind every ledger on it from their commit on, beside those a configuration gives (I20)."""

import asyncio

import pytest

from farthing.domain.budget import Grant
from farthing.domain.hold import Declined, Reserved
from support.ledgers import Clock, until
from support.money import budget, fixed, key, settlement
from support.whole_stores import whole_store


@pytest.fixture(params=["memory", "sqlite"])
def store(request, tmp_path):
    with whole_store(request.param, tmp_path, Clock()) as whole:
        yield whole


def fits(store, number: int, nanos: int, *budgets: str) -> bool:
    got = store.ledger.reserve_blocking(fixed(number, nanos, *budgets, wait_ms=1))
    return isinstance(got, Reserved)


def grant(nanos: int) -> Grant:
    return Grant(account=key(), amount=nanos, by="ops")


def test_i20_a_cut_binds_the_next_reserve(store):
    store.directory.put_budget(budget("b", 1_000), by="ops")
    assert fits(store, 1, 400)
    store.directory.put_budget(budget("b", 450), by="ops")
    assert not fits(store, 2, 51)
    assert fits(store, 3, 50)


def test_i20_a_grant_binds_the_next_reserve_whoever_named_the_budget(store):
    store.ledger.adopt([budget("b", 100)])
    assert not fits(store, 1, 150)
    store.directory.grant(grant(50))
    assert fits(store, 2, 150)


def test_given_grants_and_stored_ones_add_up(store):
    store.ledger.adopt([budget("b", 100)], [grant(20)])
    store.directory.grant(grant(50))
    assert not fits(store, 1, 171)
    assert fits(store, 2, 170)


def test_a_stored_budget_of_a_given_name_does_not_bind(store):
    store.directory.put_budget(budget("b", 10), by="ops")
    store.ledger.adopt([budget("b", 1_000)])
    assert fits(store, 1, 1_000)


def test_a_stored_budget_binds_again_when_its_name_is_no_longer_given(store):
    store.directory.put_budget(budget("b", 10), by="ops")
    store.ledger.adopt([budget("b", 1_000)])
    store.ledger.adopt([])
    assert not fits(store, 1, 11)
    assert fits(store, 2, 10)


def test_a_removed_budget_limits_nothing(store):
    store.directory.put_budget(budget("b", 10), by="ops")
    assert not fits(store, 1, 11)
    store.directory.remove_budget("b", by="ops")
    assert fits(store, 2, 11)


def test_a_cut_below_what_is_held_breaks_no_hold(store):
    store.directory.put_budget(budget("b", 1_000), by="ops")
    assert fits(store, 1, 400)
    store.directory.put_budget(budget("b", 1), by="ops")
    assert not fits(store, 2, 1)
    store.ledger.settle(settlement(1, 300))
    store.durable()
    assert store.ledger.standing(key()).posted == 300


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_i20_a_raise_lets_in_whoever_waits(store):
    """In memory whoever raises says so with `adopt`; on a file the writer looks by itself."""
    store.directory.put_budget(budget("b", 100), by="ops")

    async def body():
        assert isinstance(await store.ledger.reserve(fixed(1, 100)), Reserved)
        waiting = asyncio.ensure_future(store.ledger.reserve(fixed(2, 60, wait_ms=60_000)))
        await store.ledger.flush()
        await asyncio.to_thread(store.directory.grant, grant(60))
        await until(waiting.done)
        got = waiting.result()
        assert isinstance(got, Reserved)
        assert got.tightest.limit == 160

    asyncio.run(body())


def test_an_overrun_gate_is_stored_and_opens_when_it_is_acknowledged(store):
    store.ledger.adopt([budget("b", 1_000)])
    assert fits(store, 1, 10)
    store.ledger.settle(settlement(1, 10, overran="openai/m"))
    asked = fixed(2, 10, gate="openai/m", wait_ms=1)
    assert isinstance(store.ledger.reserve_blocking(asked), Declined)
    assert [gate.name for gate in store.directory.load().gates] == ["openai/m"]
    store.directory.acknowledge("openai/m", by="ops")
    assert isinstance(store.ledger.reserve_blocking(fixed(3, 10, gate="openai/m")), Reserved)
