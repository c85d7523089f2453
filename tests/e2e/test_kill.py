"""A gateway that is killed under load: nothing sent becomes free, nothing acknowledged is lost, and it is back at once.

`FARTHING_KILLS=200` makes as many kills as the promise says; a run of the suite makes thirty.
"""

import asyncio
import os
import random
import threading
import time

import pytest

from farthing.config.engine import wall_ms
from farthing.testing import Reply, SimulatedProvider, list_prices
from farthing.testing.delivery import Pace
from farthing.testing.simulation import Settings
from support.gateway import write_config
from support.gateway_process import GatewayProcess, LedgerFile
from support.hasty import eventually
from support.traffic import until_killed

KILLS = int(os.environ.get("FARTHING_KILLS", "30"))
SEED = int(os.environ.get("FARTHING_SEED", "1"))
MORE = '[gateway]\nunknown_after = "12h"\n[[budgets]]\nname = "all"\nlimit = "100000 USD"\n'
DURABLE_SECONDS = 0.010
"""A settle is durable this long after it was queued, which is before its client was told, where the machine keeps up."""
STARVED_SECONDS = 0.25
"""The same where other work has the processors and the disk; a settle that takes longer was forgotten."""
COUNTED = ("sent", "acknowledged", "unknown", "told, then unknown", "of these told over 10 ms before")


@pytest.fixture
def provider():
    pace = Pace(first_seconds=0.003, event_seconds=0.001)
    simulated = SimulatedProvider(
        Settings(pace=pace), prices=list_prices(wall_ms), script=lambda prompt: Reply(tokens=12, reasoning=0)
    )
    with simulated.in_thread():
        yield simulated


def check_round(ledger, newest, provider, acknowledged, killed):
    """Hold one kill's attempts against what the provider billed and what clients were told.

    Returns what `COUNTED` names, and how long before the kill the oldest answer was told that is only unknown.
    """
    eventually(lambda: all(entry.outcome != "running" for entry in provider.bill), "the bill is made up")
    rows = {row.cap: row for row in ledger.rows(newest)}
    assert {row.state for row in rows.values()} <= {"settled", "unknown"}, (
        "no hold is left over, and nothing was voided"
    )
    for entry in provider.bill:
        row = rows.get(entry.cap)
        assert row is not None, f"the request with cap {entry.cap} reached the provider and has no hold"
        assert row.amount >= entry.nanos
        assert row.state == "unknown" or row.cost_nanos == entry.nanos
    lost = []
    for told in acknowledged:
        row = rows[told.cap]
        if row.state == "settled":
            assert row.cost_nanos == told.cost_nanos
        else:
            lost.append(killed - told.at)
            assert lost[-1] < STARVED_SECONDS, f"{lost[-1]:.4f} s after it was told, it is only unknown"
    unknown = sum(row.state == "unknown" for row in rows.values())
    late = sum(age > DURABLE_SECONDS for age in lost)
    return (len(rows), len(acknowledged), unknown, len(lost), late), max(lost, default=0.0)


@pytest.mark.slow
@pytest.mark.timeout(60 + 8 * KILLS)
def test_a_gateway_killed_at_random_moments_forgets_nothing(tmp_path, provider, capsys):
    config = write_config(tmp_path, provider.url, MORE)
    chance = random.Random(SEED)
    billed, totals, starts, longest, newest = 0, [0] * len(COUNTED), [], 0.0, 0
    gateway = GatewayProcess(config)
    with gateway:
        for kill in range(KILLS):
            acknowledged, killed = asyncio.run(
                until_killed(gateway.url, SEED * 1_000 + kill, chance.uniform(0.02, 0.5), gateway.kill)
            )
            gateway.gone()
            gateway.start()
            starts.append(gateway.ready_seconds)
            with LedgerFile(tmp_path / "farthing.db") as ledger:
                counts, oldest = check_round(ledger, newest, provider, acknowledged, killed)
                longest = max(longest, oldest)
                totals = [total + count for total, count in zip(totals, counts, strict=True)]
                billed += provider.bill.nanos
                posted, held, unknown = ledger.standing()
                assert held == 0
                assert posted + unknown >= billed, "nothing sent became free"
                newest = max((row.attempt for row in ledger.rows()), default=0)
            provider.reset()
        assert gateway.stop() == 0
    said = dict(zip(COUNTED, totals, strict=True))
    said["longest"] = f"{longest * 1_000:.1f} ms"
    said["restart"] = f"median {sorted(starts)[len(starts) // 2]:.2f} s, worst {max(starts):.2f} s"
    with capsys.disabled():
        print(f"\n{KILLS} kills: {said}")


@pytest.mark.slow
def test_recovering_twice_is_recovering_once(tmp_path, provider):
    config = write_config(tmp_path, provider.url, MORE)
    with GatewayProcess(config) as gateway:
        asyncio.run(until_killed(gateway.url, 7, 0.4, gateway.kill))
        gateway.gone()
        seen = []
        for _ in range(3):  # to recover, be killed while idle, and recover again
            gateway.start()
            with LedgerFile(tmp_path / "farthing.db") as ledger:
                seen.append(ledger.everything())
            gateway.kill()
            gateway.gone()
    assert seen[0] == seen[1] == seen[2]
    assert any(state == 1 for _, state, *_ in seen[0][1]), "the kill left outcomes unknown"


@pytest.mark.slow
def test_a_gateway_told_to_stop_lets_its_streams_finish(tmp_path, provider):
    """F32: SIGTERM under load. What is under way ends well, and nothing is left held or unknown."""
    import httpx2

    from support.hasty import body_of, headers_of

    config = write_config(tmp_path, provider.url, MORE)
    provider.faults.push(*["slow:seconds=0.05"] * 20)
    answers = []

    def stream():
        with httpx2.Client(trust_env=False, timeout=60) as client:
            body = body_of("messages", stream=True)
            answers.append(client.post(f"{gateway.url}/v1/messages", json=body, headers=headers_of("messages")).text)

    with GatewayProcess(config) as gateway:
        threads = [threading.Thread(target=stream) for _ in range(20)]
        for thread in threads:
            thread.start()
        eventually(lambda: len(provider.bill) == 20, "all are under way")
        begun = time.monotonic()
        assert gateway.stop() == 0
        assert time.monotonic() > begun, "it waited for them"
        for thread in threads:
            thread.join(30)
    assert [("event: message_stop" in answer) for answer in answers] == [True] * 20
    with LedgerFile(tmp_path / "farthing.db") as ledger:
        assert ledger.standing() == (provider.bill.nanos, 0, 0)
