"""Budget bugs that other gateways had, as tests by their numbers, as far as they can happen to the ledger of one node."""

import asyncio
import random
import threading

import pytest

from farthing.domain.hold import Declined, Reserved
from farthing.stores.sqlite.ledger import SqliteLedger
from farthing.stores.sqlite.verify import verify
from support.ledgers import Clock
from support.money import ask, attempt, budget, charge, fixed, key, loss, settlement, void
from support.whole_stores import whole_store


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(params=["memory", "sqlite"])
def store(request, tmp_path, clock):
    with whole_store(request.param, tmp_path, clock) as whole:
        yield whole


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


def balance(store, account=None) -> tuple[int, int, int]:
    standing = store.ledger.standing(account or key())
    return (0, 0, 0) if standing is None else (standing.posted, standing.held, standing.unknown)


def test_i1_no_account_ever_stands_below_nothing_or_above_its_limit(store):
    """Random work on two budgets that every call touches; looked at after each step."""
    limits = {"a": 1_000, "b": 700}
    store.ledger.adopt([budget(name, limit) for name, limit in limits.items()])
    chance, under_way, admitted = random.Random(1), [], 0
    for number in range(1, 400):
        if isinstance(store.ledger.reserve_blocking(fixed(number, chance.randrange(1, 90), "a", "b")), Reserved):
            under_way.append(number)
            admitted += 1
        if under_way and chance.random() < 0.6:
            ended = under_way.pop(chance.randrange(len(under_way)))
            match chance.randrange(3):
                case 0:
                    store.ledger.settle(settlement(ended, chance.randrange(2)))
                case 1:
                    store.ledger.void(void(ended))
                case 2:
                    store.ledger.lose(loss(ended))
        store.durable()
        for name, limit in limits.items():
            amounts = balance(store, key(name))
            assert min(amounts) >= 0
            assert sum(amounts) <= limit
    assert 20 < admitted < 399, "both answers were seen"


def test_r06_nobody_is_trusted_so_far_that_a_call_holds_nothing(store):
    """one-api: callers with a hundred times the need skipped the hold, so that all of them together overspent."""
    store.ledger.adopt([budget("b", 100_000)])
    for number in range(1, 101):
        got = store.ledger.reserve_blocking(fixed(number, 1_000, holder="rich"))
        assert isinstance(got, Reserved)
        assert balance(store) == (0, number * 1_000, 0)
    assert not isinstance(store.ledger.reserve_blocking(fixed(101, 1, holder="rich")), Reserved)


def test_r09_the_first_call_of_a_new_window_is_held_to_its_limit_too(store):
    """bifrost: an expired window skipped the check until somebody had reset it."""
    store.ledger.adopt([budget("b", 100)])

    def fits(number, nanos, window):
        asked = ask(number, charge(key(window=window), nanos, 0), wait_ms=1)
        return isinstance(store.ledger.reserve_blocking(asked), Reserved)

    assert fits(1, 100, "january")
    assert not fits(2, 101, "february")
    assert fits(3, 60, "february")
    assert not fits(4, 60, "february")
    store.ledger.settle(settlement(1, 90))
    store.durable()
    assert balance(store, key(window="january")) == (90, 0, 0)
    assert balance(store, key(window="february")) == (0, 60, 0)


def test_r13_an_end_that_is_told_again_in_any_other_way_is_posted_once(store):
    """litellm: what was posted, what was reserved and what it really cost were all counted when a clean-up failed."""
    store.ledger.adopt([budget("b", 1_000)])
    store.ledger.reserve_blocking(fixed(1, 500))
    for end in (settlement(1, 120), settlement(1, 120)):
        store.ledger.settle(end)
    store.ledger.lose(loss(1))
    store.ledger.void(void(1))
    store.durable()
    assert balance(store) == (120, 0, 0)
    assert store.ledger.adjust_blocking(settlement(1, 130), by="ops", reason="")
    assert balance(store) == (130, 0, 0)


def test_r24_calls_that_touch_the_same_budgets_in_opposite_orders_lose_nothing(path):
    """litellm: deadlocks between writers dropped increments."""
    ledgers = [SqliteLedger.open(path) for _ in range(2)]
    order = [("a", "b", "c"), ("c", "b", "a")]

    def spend(ledger, names, first):
        for number in range(first, first + 60):
            ledger.reserve_blocking(fixed(number, 10, *names))
            ledger.settle(settlement(number, 7))

    threads = [
        threading.Thread(target=spend, args=(ledger, names, 1 + 100 * place))
        for place, (ledger, names) in enumerate(zip(ledgers * 2, order * 2, strict=True))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for ledger in ledgers:
        ledger.close_now()
    last = SqliteLedger.open(path)
    last.reserve_blocking(fixed(999, 0, "a", "b", "c"))
    standings = [last.standing(key(name)) for name in "abc"]
    last.close_now()
    assert [(one.posted, one.held) for one in standings] == [(4 * 60 * 7, 0)] * 3
    assert verify(path) == []


def test_r25_what_was_told_and_not_flushed_is_written_when_the_ledger_is_closed(path):
    """litellm: a buffer that nobody emptied."""
    ledger = SqliteLedger.open(path)
    for number in range(1, 51):
        ledger.reserve_blocking(fixed(number, 10))
        ledger.settle(settlement(number, 7))
    ledger.close_now()
    again = SqliteLedger.open(path)
    again.reserve_blocking(fixed(99, 0))
    assert again.standing(key()).posted == 350
    again.close_now()


def test_r26_opening_a_file_many_times_multiplies_nothing(path):
    """litellm: every replica that started added what was spent once more."""
    first = SqliteLedger.open(path)
    first.reserve_blocking(fixed(1, 100))
    first.settle(settlement(1, 70))
    first.reserve_blocking(fixed(2, 30))
    others = [SqliteLedger.open(path) for _ in range(5)]
    for number, other in enumerate(others, start=10):
        other.reserve_blocking(fixed(number, 0))
        assert (other.standing(key()).posted, other.standing(key()).held) == (70, 30)
    for ledger in (*others, first):
        ledger.close_now()
    assert verify(path) == []


def test_r27_a_ledger_that_was_idle_decides_by_what_others_spent_meanwhile(path):
    """litellm: a counter that had expired was replaced by a stale copy of the replica's own."""
    idle, busy = SqliteLedger.open(path), SqliteLedger.open(path)
    for ledger in (idle, busy):
        ledger.adopt([budget("b", 100)])
    assert isinstance(idle.reserve_blocking(fixed(1, 10)), Reserved)
    idle.void(void(1))
    idle.flush_blocking()
    assert isinstance(busy.reserve_blocking(fixed(2, 95)), Reserved)
    refused = idle.reserve_blocking(fixed(3, 10, wait_ms=1))
    assert isinstance(refused, Declined)
    assert refused.standing.held == 95
    for ledger in (idle, busy):
        ledger.close_now()


def test_r28_reserves_that_were_given_up_while_they_waited_inflate_nothing(store):
    """litellm: requests that timed out were counted, and later ones refused for it."""
    store.ledger.adopt([budget("b", 100)])

    async def body():
        assert isinstance(await store.ledger.reserve(fixed(1, 100)), Reserved)
        waiting = [asyncio.ensure_future(store.ledger.reserve(fixed(n, 50, wait_ms=60_000))) for n in range(2, 40)]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        store.ledger.void(void(1))
        assert isinstance(await store.ledger.reserve(fixed(99, 100)), Reserved)

    asyncio.run(body())
    assert balance(store) == (0, 100, 0)
    assert attempt(99) in {hold.opening.id for hold in store.records.call(99 << 4).attempts}
