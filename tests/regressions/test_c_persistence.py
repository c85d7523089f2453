"""C. Spend that other gateways kept in buffers and lost, R23 to R32, as far as it can happen to one node and one file."""

import os
import sqlite3
from functools import partial

import httpx2
import pytest

from farthing.domain.errors import LedgerUnavailable
from farthing.domain.hold import Reserved
from farthing.domain.money import parse_usd
from farthing.stores.sqlite.ledger import SqliteLedger
from farthing.stores.sqlite.verify import verify
from support.callers import (
    ROUTES,
    at_once,
    cost_of,
    gateway_before,
    money,
    provider_of,
    refused_by,
    request_of,
    send,
    settled,
)
from support.faults import Faults, disk_full
from support.gateway import write_config
from support.gateway_process import GatewayProcess, LedgerFile
from support.hasty import PATHS, eventually, headers_of
from support.money import budget, fixed, key, settlement

RACING = 4


@pytest.fixture
def provider():
    with provider_of() as simulated:
        yield simulated


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


def test_r23_what_was_told_while_the_disk_was_full_is_not_dropped_with_the_batch(path):
    """litellm: queues in memory were emptied before the commit, so a failed commit lost the batch."""
    faults = Faults()
    ledger = SqliteLedger.open(path, connect=faults.connect)
    ledger.adopt([budget("b", 100_000)])
    for number in range(1, 41):
        assert isinstance(ledger.reserve_blocking(fixed(number, 100)), Reserved)
    faults.arm(lambda verb, _place: verb == "COMMIT", disk_full)
    for number in range(1, 41):
        ledger.settle(settlement(number, 70))
    with pytest.raises(LedgerUnavailable):
        ledger.reserve_blocking(fixed(50, 1))
    faults.disarm()
    with LedgerFile(path) as file:
        eventually(lambda: file.standing("b") == (40 * 70, 0, 0), "everything that was told is in the file")
    ledger.close_now()
    assert verify(path) == []


def test_r26_processes_that_start_in_the_same_moment_multiply_nothing(path):
    """litellm: every replica that started added the whole spend to the counter once more."""
    first = SqliteLedger.open(path)
    first.reserve_blocking(fixed(1, 100))
    first.settle(settlement(1, 70))
    first.reserve_blocking(fixed(2, 30))
    first.flush_blocking()
    gate_reading, gate_writing = os.pipe()
    children = [open_in_child(path, number, gate_reading, gate_writing) for number in range(10, 10 + RACING)]
    os.close(gate_reading)
    os.close(gate_writing)  # every child waits for the end of this pipe, and sees it now
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * RACING
    with LedgerFile(path) as file:
        eventually(lambda: file.standing("b") == (70 + 5 * RACING, 30, 0), "each child's own five, and nothing else")
    first.close_now()
    assert verify(path) == []


def open_in_child(path, number, reading, writing):
    """A child that opens the file when the pipe ends, spends five and leaves; its exit code is 0 where all went well."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        os.close(writing)
        os.read(reading, 1)
        ledger = SqliteLedger.open(path)
        if isinstance(ledger.reserve_blocking(fixed(number, 10)), Reserved):
            ledger.settle(settlement(number, 5))
            ledger.close_now()
            status = 0
    finally:
        os._exit(status)


@pytest.mark.slow
def test_r29_a_restart_after_a_kill_finds_the_budget_as_full_as_it_was(tmp_path, provider):
    """litellm: a restarted cache came up with an older, lower counter, and the budget was not enforced any more."""
    each = cost_of(provider)
    gateway = GatewayProcess(write_config(tmp_path, provider.url, money("all", 3 * each + each // 2)))
    with gateway:
        assert [send(gateway.url).status_code for _ in range(4)] == [200, 200, 200, 402]
        gateway.kill()
        gateway.gone()
        gateway.start()
        refused = refused_by(send(gateway.url))
    assert parse_usd(refused["spent_usd"]) + parse_usd(refused["reserved_usd"]) >= provider.bill.nanos == 3 * each


@pytest.mark.slow
def test_r30_a_kill_loses_neither_spend_nor_the_memory_of_what_was_already_sent(tmp_path, provider):
    """Bifrost: spend was written every ten seconds, and idempotency keys were kept in memory."""
    each = cost_of(provider)
    gateway = GatewayProcess(write_config(tmp_path, provider.url, money("all", parse_usd("1"))))
    headers = {"idempotency-key": "order-1001"}
    with gateway:
        assert send(gateway.url, headers=headers).status_code == 200
        at_once([partial(send, gateway.url)] * 5)
        gateway.kill()
        gateway.gone()
        gateway.start()
        with LedgerFile(tmp_path / "farthing.db") as ledger:
            eventually(lambda: ledger.standing()[1] == 0, "what the dead one held is recovered")
            posted, _, unknown = ledger.standing()
        assert posted + unknown >= provider.bill.nanos == 6 * each
        assert send(gateway.url, headers=headers).status_code == 409
    assert provider.bill.nanos == 6 * each


@pytest.mark.parametrize("dialect", [*PATHS, "embeddings"])
def test_r31_a_tiny_budget_stops_calls_with_nothing_but_the_ledger_at_work(tmp_path, provider, dialect):
    """langwatch: enforcement hung on a projection that never ran: $0.0001 of budget, 68 requests, $0.00 counted."""
    limit = {"messages": 6_000_000, "embeddings": 10_000}.get(dialect, 700_000)
    each = cost_of(provider, dialect)
    with gateway_before(provider, tmp_path, money("tiny", limit)) as gateway, httpx2.Client(trust_env=False) as client:
        url, body = f"{gateway.url}{ROUTES[dialect]}", request_of(dialect)
        got = [client.post(url, json=body, headers=headers_of(dialect)).status_code for _ in range(68)]
        assert got == sorted(got)
        assert set(got) == {200, 402}
        posted, billed = settled(gateway, provider, "tiny")
        assert posted == billed == got.count(200) * each <= limit


def test_r32_an_outage_of_the_store_lets_nothing_through_and_keeps_nothing_that_grows(path):
    """litellm: while the database was away requests were served, and their rows piled up in memory or were dropped."""
    faults = Faults()
    ledger = SqliteLedger.open(path, connect=faults.connect)
    ledger.adopt([budget("b", 1_000)])
    assert isinstance(ledger.reserve_blocking(fixed(1, 100)), Reserved)
    faults.arm(lambda verb, _place: verb in ("BEGIN", "COMMIT"), lambda: sqlite3.OperationalError("disk I/O error"))
    for number in range(2, 400):
        with pytest.raises(LedgerUnavailable):
            ledger.reserve_blocking(fixed(number, 1))
    ledger.settle(settlement(1, 70))
    faults.disarm()
    with LedgerFile(path) as file:
        eventually(lambda: file.standing("b") == (70, 0, 0), "the one that was sent is posted, the others left nothing")
    assert isinstance(ledger.reserve_blocking(fixed(500, 930)), Reserved)
    assert ledger.standing(key()).held == 930
    ledger.close_now()
    assert verify(path) == []
