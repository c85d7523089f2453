"""Tools that cost money where the budget is at a gateway: the same refusals, receipts and totals as in process."""

import asyncio
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

import farthing
from support.gateway import gateway_and_provider
from support.generations import environment
from support.sdk_world import ask, openai_client, sdk

KEYS = """
[[keys]]
name = "agents"
secret = "fk_agents_secret"
labels = { team = "support" }
may_set = ["run", "run.1", "step", "agent"]
rights = ["call", "runs"]
"""
TWENTY = range(20)


@pytest.fixture(scope="module", params=["keyless", "keys"])
def gateway(request, tmp_path_factory):
    more = KEYS if request.param == "keys" else ""
    with gateway_and_provider(tmp_path_factory.mktemp("tools"), more) as (running, provider):
        running.provider = provider
        running.key = {"key": "fk_agents_secret"} if more else {}
        yield running


@pytest.fixture(params=["gateway", "in process"])
def door(request, gateway, tmp_path):
    """The same program at both doors."""
    gateway.provider.reset()
    said = {"store": gateway.url, **gateway.key} if request.param == "gateway" else {"store": str(tmp_path / "f.db")}
    with sdk(**said):
        yield gateway.provider


@pytest.fixture
def remote(gateway):
    gateway.provider.reset()
    with sdk(store=gateway.url, **gateway.key):
        yield gateway


def billed(provider):
    return Decimal(sum(entry.nanos for entry in provider.bill)) / 10**9


def test_a_tool_is_held_before_it_runs_and_settled_after_it(door):
    with farthing.budget("$0.05", calls=2, agent="finder") as run:

        @run.tool(cost="$0.012345678")
        def search(q: str) -> str:
            assert run.remaining.usd == Decimal("0.05") - Decimal("0.012345678") * (1 + len(done))
            done.append(q)
            return q

        done: list[str] = []
        for q in "abcd":
            search(q)
        with pytest.raises(farthing.BudgetExceeded) as refused:
            search("e")
        assert done == list("abcd")
        assert isinstance(refused.value, farthing.ToolRefused)
        assert (refused.value.unit, refused.value.limit) == ("usd", Decimal("0.05"))
        assert refused.value.spent == refused.value.needed * 4 == Decimal("0.049382712")
        assert refused.value.for_model == (
            "The tool search was not run: the budget cannot pay for it. Do not call it again; answer with what you have."
        )
        assert run.spent == (Decimal("0.049382712"), 0, 0)
        assert run.remaining == (Decimal("0.000617288"), None, 2)
        assert run.tools["search"][:3] == (4, 0, 1)
    document = run.receipt.document
    assert document.total_usd == "0.049382712"
    assert [(line.kind, line.tokens) for line in document.lines] == [("request", 4)]


def test_what_the_result_says_is_charged_and_the_most_is_held(door):
    with farthing.budget("$0.10") as run:

        @run.tool(cost=lambda result: result["cost"], most="$0.04")
        def buy(cost: str) -> dict[str, str]:
            seen.append(run.remaining.usd)
            return {"cost": cost}

        seen: list[Decimal | None] = []
        buy("$0.01")
        buy("$0.030000001")
        assert seen == [Decimal("0.06"), Decimal("0.05")]
        assert run.spent.usd == Decimal("0.040000001")


def test_more_than_its_most_is_charged_and_then_refused(door):
    with farthing.budget("$1") as run:
        buy = run.tool(name=f"buy-{run.name}", cost=lambda _: "$0.05", most="$0.01")(lambda n: n)
        buy(1)
        assert run.spent.usd == Decimal("0.05")
        with pytest.raises(farthing.ToolRefused, match="more than the `most`") as refused:
            buy(2)
        assert refused.value.code == "provider_overran"


def test_a_failed_tool_counts_as_spent_unless_it_says_that_nothing_was_bought(door):
    with farthing.budget("$1") as run:

        @run.tool(cost="$0.1")
        def buy(error: Exception) -> None:
            raise error

        with pytest.raises(farthing.NotCharged):
            buy(farthing.NotCharged("out of stock"))
        assert run.remaining.usd == 1
        with pytest.raises(OSError, match="connection lost"):
            buy(OSError("connection lost"))
        assert run.remaining.usd == Decimal("0.9")
        assert run.spent.usd == Decimal("0.1")


def test_nested_budgets_both_pay_for_tools_and_calls(door):
    with farthing.budget("$1") as outer, farthing.budget("$0.25") as inner:
        buy = outer.tool(cost="$0.1")(lambda n: n)
        buy(1)
        ask(openai_client(door))
        buy(2)
        with pytest.raises(farthing.BudgetExceeded):
            buy(3)
        assert outer.spent.usd == inner.spent.usd == Decimal("0.2") + billed(door)
        assert outer.spent.calls == 1


def test_twenty_threads_buy_what_the_budget_pays_for(door):
    with farthing.budget("$0.04", wait="5s") as run:
        bought: list[int] = []

        @run.tool(cost="$0.01", same_call=0)
        def buy(n: int) -> None:
            bought.append(n)

        def one(n: int) -> bool:
            try:
                buy(n)
            except farthing.BudgetExceeded:
                return False
            return True

        with ThreadPoolExecutor(20) as pool:
            found = list(pool.map(one, TWENTY))
        assert sum(found) == 4 == len(bought)
        assert run.spent.usd == Decimal("0.04")


def test_twenty_tasks_buy_what_the_budget_pays_for(door):
    async def main() -> tuple[int, object]:
        async with farthing.budget("$0.04", wait="5s") as run:

            @run.tool(cost="$0.01", same_call=0)
            async def buy(n: int) -> int:
                await asyncio.sleep(0)
                return n

            got = await asyncio.gather(*(buy(n) for n in TWENTY), return_exceptions=True)
            assert all(isinstance(each, int | farthing.BudgetExceeded) for each in got)
            return sum(isinstance(each, int) for each in got), await asyncio.to_thread(lambda: run.spent.usd)

    assert asyncio.run(main()) == (4, Decimal("0.04"))


def test_a_cancelled_tool_counts_as_spent_and_one_that_never_began_does_not(door):
    async def main():
        async with farthing.budget("$1", wait="20s") as run:
            forever, begun = asyncio.Event(), asyncio.Event()

            @run.tool(cost="$0.6")
            async def buy(n: int) -> None:
                begun.set()
                await forever.wait()

            first = asyncio.create_task(buy(1))
            await begun.wait()
            second = asyncio.create_task(buy(2))
            await asyncio.sleep(0.05)
            for task in (second, first):
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            return await asyncio.to_thread(lambda: (run.remaining.usd, run.spent.usd))

    assert asyncio.run(main()) == (Decimal("0.4"), Decimal("0.6"))


def test_who_gives_up_waiting_for_money_leaves_the_queue(remote):
    async def main():
        async with farthing.budget("$1", wait="20s") as run:
            go = asyncio.Event()

            @run.tool(cost="$0.6", same_call=0)
            async def buy(n: int) -> None:
                begun.append(n)
                await go.wait()
                raise farthing.NotCharged("out of stock")

            begun: list[int] = []
            first = asyncio.create_task(buy(1))
            while not begun:
                await asyncio.sleep(0.005)
            with pytest.raises(TimeoutError):  # it stands in the gateway's queue, or does not yet: it must not matter
                await asyncio.wait_for(buy(2), 0.05)
            await asyncio.to_thread(until_nobody_waits, remote)
            assert not first.done()
            go.set()
            await asyncio.gather(first, return_exceptions=True)
            await asyncio.to_thread(until, lambda: run.remaining.usd == 1)
            left = await asyncio.to_thread(lambda: run.spent.usd)
            return begun, await asyncio.to_thread(states_of, remote, run.name), left

    begun, states, left = asyncio.run(main())
    assert begun == [1]
    assert set(states) == {"void"}
    assert left == 0


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_program_that_is_stopped_while_it_waits_for_money_leaves_the_queue(remote, how):
    with farthing.budget("$1", wait="60s") as run:

        @run.tool(cost="$0.6")
        def buy() -> None:
            command = [sys.executable, "-m", "support.sdk_child", "waits"]
            env = {**environment(), **run.environ}
            with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
                assert child.stdout.readline()
                until(lambda: remote.engine.tool_deadlines._asking)
                child.send_signal(how)
                until_nobody_waits(remote)
                child.communicate(timeout=60)
            ended.append(child.returncode)
            raise farthing.NotCharged("out of stock")

        ended: list[int] = []
        with pytest.raises(farthing.NotCharged):
            buy()
        assert ended == [-how]
        assert (run.remaining.usd, run.spent.usd) == (1, 0)


def until_nobody_waits(gateway):
    until(lambda: not gateway.engine.tool_deadlines._asking)


def until(there):
    deadline = time.monotonic() + 20
    while not there():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def states_of(gateway, run):
    """Of all uses of a run, none of which may be held."""
    gateway.flush()
    found = [gateway.engine.records.call(each.id) for each in gateway.engine.records.recent(limit=9, run=run)]
    return [each.attempts[0].state for each in found if each is not None and each.attempts]


@pytest.mark.slow
def test_a_program_that_dies_with_a_tools_money_has_spent_it(remote):
    command = [sys.executable, "-m", "support.sdk_child", "dies", "1"]
    dead = subprocess.run(command, env=environment(), stdout=subprocess.PIPE, text=True, timeout=90, check=False)
    assert dead.returncode == 9
    run = dead.stdout.strip()
    deadline = time.monotonic() + 20
    while (state := use_of(remote, run).state) != "unknown":
        assert state == "held"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    (share,) = use_of(remote, run).shares
    assert share.amount == 300_000_000
    assert "within 1 s" in use_of(remote, run).reason


def use_of(gateway, run):
    gateway.flush()
    (call,) = gateway.engine.records.recent(limit=9, run=run)
    return gateway.engine.records.call(call.id).attempts[0]


def test_the_gateways_reports_have_the_same_money_as_the_receipt(remote):
    with farthing.budget("$1") as run:
        run.tool(name="web_search", cost="$0.01")(lambda: "x")()
        ask(openai_client(remote.provider))
    remote.flush()
    rows = remote.engine.history.usage(by=("provider", "tool"), since_ms=0, until_ms=2**53, where=(("run", run.name),))
    assert {row.group: row.cost_nanos for row in rows} == {
        ("tool", "web_search"): 10_000_000,
        ("openai", ""): int(billed(remote.provider) * 10**9),
    }
    total = billed(remote.provider) + Decimal("0.01")
    assert Decimal(run.receipt.document.total_usd) == run.spent.usd == total
