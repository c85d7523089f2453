"""I12 across processes: two gateways on one file, one key, and one of them killed."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx2
import pytest

from farthing.config.engine import wall_ms
from farthing.testing import SimulatedProvider, list_prices
from support.admin import BUDGET, CHAT
from support.gateway import write_config
from support.gateway_process import GatewayProcess, LedgerFile
from support.hasty import eventually

ROUNDS = 5
UNKNOWN_FOR_LONG = BUDGET + '\n[gateway]\nunknown_after = "1h"\n'


@pytest.fixture
def provider():
    with SimulatedProvider(prices=list_prices(wall_ms)).in_thread() as simulated:
        yield simulated


def post(gateway, key, body=CHAT):
    with httpx2.Client(trust_env=False, timeout=60) as client:
        return client.post(f"{gateway.url}/v1/chat/completions", json=body, headers={"idempotency-key": key})


def open_attempts(path):
    with LedgerFile(path) as ledger:
        return [row for row in ledger.rows() if row.state in ("held", "unknown")]


def test_i12_two_processes_on_one_file_dispatch_a_key_once(tmp_path, provider):
    """Whoever loses the key before it has sent says so; nobody but the winner sends."""
    config = write_config(tmp_path, provider.url, BUDGET)
    with GatewayProcess(config) as one, GatewayProcess(config) as other, ThreadPoolExecutor(20) as pool:
        for number in range(ROUNDS):
            sent = len(provider.requests)
            provider.faults.push("latency:seconds=0.1")
            answers = list(pool.map(lambda n, key=f"k{number}": post((one, other)[n % 2], key), range(20)))
            assert len(provider.requests) - sent == 1
            paid = {answer.content for answer in answers if answer.status_code == 200}
            assert len(paid) == 1
            assert {answer.status_code for answer in answers} <= {200, 409}
        assert one.stop() == other.stop() == 0
    with LedgerFile(tmp_path / "farthing.db") as ledger:
        settled = [row for row in ledger.rows() if row.state == "settled"]
    assert len(settled) == ROUNDS
    assert sum(row.cost_nanos for row in settled) == provider.bill.nanos
    assert open_attempts(tmp_path / "farthing.db") == []


def test_i12_after_a_kill_the_other_process_never_sends_the_key_again(tmp_path, provider):
    config = write_config(tmp_path, provider.url, UNKNOWN_FOR_LONG)
    path = tmp_path / "farthing.db"
    provider.faults.push("silence")
    with GatewayProcess(config) as one, GatewayProcess(config) as other, ThreadPoolExecutor(1) as pool:
        first = pool.submit(post, one, "k")
        eventually(lambda: len(provider.requests) == 1, "the call is sent")
        running = post(other, "k")
        assert (running.status_code, running.json()["error"]["code"]) == (409, "idempotency_in_progress")
        one.kill()
        one.gone()
        assert isinstance(first.exception(30), httpx2.TransportError)
        eventually(lambda: [row.state for row in open_attempts(path)] == ["unknown"], "the dead one's hold is unknown")
        gone = post(other, "k")
        assert (gone.status_code, gone.json()["error"]["code"]) == (409, "idempotency_answer_gone")
        assert post(other, "another key").status_code == 200
    assert len(provider.requests) == 2


def test_i12_a_process_killed_between_claim_and_reserve_leaves_the_key_free(tmp_path, provider):
    """The budget is held by another call, so the first waits for money with its claim made; then it is killed."""
    tight = '[[budgets]]\nname = "all"\nlimit = "0.00003 USD"\nwait = "60s"\n'
    small = {**CHAT, "messages": [{"role": "user", "content": "[[sim tokens=1]]"}]}  # worth far less than it must hold
    path = tmp_path / "farthing.db"
    config = write_config(tmp_path, provider.url, tight)
    provider.faults.push("latency:seconds=2")
    with GatewayProcess(config) as one, GatewayProcess(config) as other, ThreadPoolExecutor(2) as pool:
        holding = pool.submit(post, other, "holding", small)
        eventually(lambda: len(provider.requests) == 1, "the money is held")
        waiting = pool.submit(post, one, "k", small)
        eventually(lambda: claimed(path, "k"), "the key is claimed")
        one.kill()
        one.gone()
        assert isinstance(waiting.exception(30), httpx2.TransportError)
        dead = claimed(path, "k")
        assert holding.result(30).status_code == 200
        assert len(provider.requests) == 1, "the dead one has sent nothing"
        assert post(other, "k", small).status_code == 200
        assert len(provider.requests) == 2
        assert claimed(path, "k") != dead


def claimed(path, key):
    """The call that a key stands for, in the file."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file:
        return file.execute("SELECT call FROM claim WHERE key = ?", (key,)).fetchone()
