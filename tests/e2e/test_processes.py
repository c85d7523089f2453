"""Three gateways on one file are as exact as one: the burst, a raise, a revoked key."""

import asyncio
import json
import threading
import time

import aiohttp
import httpx2
import pytest

from farthing.accounts.secrets import digest, issue
from farthing.config.engine import wall_ms
from farthing.domain.budget import AccountKey, Grant, Unit
from farthing.domain.key import Key
from farthing.domain.money import usd
from farthing.stores.sqlite.directory import SqliteDirectory
from farthing.testing import Fault, Reply, SimulatedProvider, list_prices
from support.gateway import write_config
from support.gateway_process import GatewayProcess, LedgerFile
from support.hasty import DEADLINE_SECONDS, body_of, call, eventually

PROMPT = [{"role": "user", "content": "word " * 480 + "and say something"}]
OUTPUT = 100
CALLS = 200
AFFORDABLE = 20


def simulated(**more):
    provider = SimulatedProvider(prices=list_prices(wall_ms), script=lambda prompt: Reply(tokens=OUTPUT), **more)
    return provider.in_thread()


def three(config):
    return [GatewayProcess(config) for _ in range(3)]


def money(name, nanos, wait="20s"):
    return f'[[budgets]]\nname = "{name}"\nlimit = "{usd(nanos)} USD"\nwait = "{wait}"\n'


def cost_of_one(folder):
    with simulated() as provider, GatewayProcess(write_config(folder, provider.url)) as gateway:
        assert call(gateway.url, "chat", stream=False, cap=OUTPUT, messages=PROMPT).status == 200
        return provider.bill.nanos


async def burst(urls, body):
    """All calls at once, spread over the gateways: statuses and codes."""
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(100)) as session:

        async def one(number):
            async with session.post(f"{urls[number % len(urls)]}/v1/chat/completions", json=body) as answer:
                text = await answer.read()
                return answer.status, json.loads(text)["error"]["code"] if answer.status == 402 else ""

        return await asyncio.gather(*[one(number) for number in range(CALLS)])


@pytest.mark.slow
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("cap", [OUTPUT, None], ids=["exact_cap", "no_cap"])
def test_200_calls_over_three_processes_against_a_budget_for_20(tmp_path, cap, stream, capsys):
    (tmp_path / "one").mkdir()
    limit = AFFORDABLE * cost_of_one(tmp_path / "one")
    faults = [Fault(kind="latency", seconds=0.2) for _ in range(CALLS)]
    with simulated(faults=faults) as provider:
        first, second, third = three(write_config(tmp_path, provider.url, money("twenty", limit)))
        with first, second, third, LedgerFile(tmp_path / "farthing.db") as ledger:
            answers = asyncio.run(
                burst([g.url for g in (first, second, third)], body_of("chat", stream=stream, cap=cap, messages=PROMPT))
            )
            eventually(lambda: ledger.standing("twenty")[1:] == (0, 0), "nothing is held")
            posted, _, _ = ledger.standing("twenty")
        billed = provider.bill.nanos
    with capsys.disabled():
        print("\nthree processes, utilisation " + f"{billed / limit:.3f}")
    assert {status for status, _ in answers} <= {200, 402}
    assert {code for status, code in answers if status == 402} <= {"budget_exceeded", "budget_reserved"}
    assert posted == billed
    assert 0.95 * limit <= billed <= limit


@pytest.mark.slow
def test_a_raise_by_another_process_wakes_who_waits_here(tmp_path):
    """The first call holds all there is for five seconds; the second waits, and is let in by the raise, not by the first."""
    (tmp_path / "one").mkdir()
    limit = cost_of_one(tmp_path / "one")
    order = []
    with simulated(faults=[Fault(kind="latency", seconds=5.0)]) as provider:
        first, second, third = three(write_config(tmp_path, provider.url, money("one", limit)))

        def caller(name, gateway):
            status = call(gateway.url, "chat", stream=False, cap=OUTPUT, messages=PROMPT).status
            order.append((name, status))

        with first, second, third:
            slow = threading.Thread(target=caller, args=("slow", first))
            slow.start()
            eventually(lambda: len(provider.bill) == 1, "the slow call is under way")
            waiting = threading.Thread(target=caller, args=("waiting", second))
            waiting.start()
            account = AccountKey("one", "", Unit.USD, "lifetime")
            directory = SqliteDirectory(tmp_path / "farthing.db", now_ms=wall_ms)
            directory.grant(Grant(account=account, amount=limit, by="an operator", at_ms=wall_ms()))
            directory.close()
            waiting.join(DEADLINE_SECONDS)
            slow.join(DEADLINE_SECONDS)
        billed = provider.bill.nanos
    assert order == [("waiting", 200), ("slow", 200)]
    assert billed == 2 * limit


@pytest.mark.slow
def test_a_key_made_and_revoked_by_another_process_is_taken_up_by_all(tmp_path, capsys):
    issued = issue(bytes(range(37)))
    secret = issued.secret
    with simulated() as provider:
        config = write_config(tmp_path, provider.url)
        gateways = three(config)
        with gateways[0], gateways[1], gateways[2]:
            directory = SqliteDirectory(tmp_path / "farthing.db", now_ms=wall_ms)
            directory.add_key(Key(id=issued.id, name="agent", digest=digest(secret)), "an operator")
            for gateway in gateways:
                eventually(
                    lambda g=gateway: status_with(g, secret) == 200 and status_with(g, "") == 401,
                    "the key works, and is needed",
                )
            directory.revoke_key("agent", "an operator")
            revoked = time.monotonic()
            for gateway in gateways:
                eventually(lambda g=gateway: status_with(g, secret) == 401, "the key is refused")
            with capsys.disabled():
                print("\nrevoked in all three after", round(time.monotonic() - revoked, 2), "s")
            directory.close()


def status_with(gateway, secret):
    headers = {"authorization": f"Bearer {secret}"} if secret else {}
    with httpx2.Client(trust_env=False) as client:
        return client.get(f"{gateway.url}/v1/models", headers=headers).status_code
