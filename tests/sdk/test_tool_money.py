"""Tools that cost money: held before, settled after, exactly, and on record."""

import asyncio
import threading
from decimal import Decimal

import pytest

import farthing
from farthing.domain.suspension import Suspension
from farthing.sdk.engine import close_engines
from farthing.sdk.errors import BudgetExceeded
from farthing.sdk.tool_errors import ToolRefused
from support.tooled import nanos


@pytest.fixture(autouse=True)
def _store(monkeypatch):
    monkeypatch.setenv("FARTHING_STORE", "memory:")
    monkeypatch.delenv("FARTHING_CONFIG", raising=False)
    yield
    close_engines()


def test_a_tool_that_costs_money_is_charged_to_the_nano_dollar():
    with farthing.budget("$0.05", agent="finder") as run:

        @run.tool(cost="$0.012345678")
        def search(q: str) -> str:
            assert run.remaining.usd == Decimal("0.05") - Decimal("0.012345678") * (1 + len(done))
            done.append(q)
            return q

        done: list[str] = []
        for q in "abcd":
            search(q)
        with pytest.raises(BudgetExceeded) as refused:
            search("e")
        assert done == list("abcd")
        assert isinstance(refused.value, ToolRefused)
        assert refused.value.unit == "usd"
        assert refused.value.limit == Decimal("0.05")
        assert refused.value.spent == refused.value.needed * 4 == Decimal("0.049382712")
        assert "budget cannot pay" in refused.value.for_model
        assert nanos(run.spent.usd) == 4 * 12_345_678
        assert nanos(run.remaining.usd) == 50_000_000 - 4 * 12_345_678
        assert run.tools["search"] == (4, 0, 1, run.tools["search"].seconds, 4 * 12_345_678)
        receipt = run.receipt
    assert receipt.usd == "0.049382712"
    (line,) = receipt.document.lines
    assert (line.kind, line.tokens) == ("request", 4)


def test_a_tool_counts_neither_as_calls_nor_as_tokens():
    with farthing.budget("$1", calls=1, tokens=10) as run:
        buy = run.tool(cost="$0.1")(lambda: "ok")
        buy()
        assert run.remaining == (Decimal("0.9"), 10, 1)
        assert run.spent == (Decimal("0.1"), 0, 0)


def test_what_the_result_says_is_charged_and_the_most_is_held():
    with farthing.budget("$0.10") as run:

        @run.tool(cost=lambda result: result["cost"], most="$0.04")
        def buy(item: str, cost: str) -> dict[str, str]:
            seen.append(nanos(run.remaining.usd))
            return {"item": item, "cost": cost}

        seen: list[int] = []
        buy("a", "$0.01")
        buy("b", "$0.030000001")
        assert seen == [60_000_000, 50_000_000]
        assert nanos(run.spent.usd) == 40_000_001


def test_a_tool_that_cost_more_than_its_most_is_charged_and_then_refused():
    with farthing.budget("$1") as run:
        buy = run.tool(name="buy", cost=lambda _: "$0.05", most="$0.01")(lambda n: n)
        buy(1)
        assert nanos(run.spent.usd) == 50_000_000
        with pytest.raises(ToolRefused, match="more than the `most`") as refused:
            buy(2)
        assert refused.value.code == "provider_overran"


def test_nested_budgets_both_pay():
    with farthing.budget("$1") as outer, farthing.budget("$0.25") as inner:
        buy = outer.tool(cost="$0.1")(lambda n: n)
        buy(1)
        buy(2)
        with pytest.raises(BudgetExceeded):
            buy(3)
        assert outer.spent.usd == inner.spent.usd == Decimal("0.2")


def test_twenty_threads_buy_what_the_budget_pays_for():
    with farthing.budget("$0.04", wait="0s") as run:
        bought, refused = [], []

        @run.tool(cost="$0.01", same_call=0)
        def buy(n: int) -> None:
            bought.append(n)

        def work(n: int) -> None:
            try:
                buy(n)
            except BudgetExceeded:
                refused.append(n)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(bought), len(refused)) == (4, 16)
        assert run.remaining.usd == 0


def test_twenty_tasks_buy_what_the_budget_pays_for():
    async def main() -> tuple[int, Decimal | None]:
        async with farthing.budget("$0.04", wait="0s") as run:

            @run.tool(cost="$0.01", same_call=0)
            async def buy(n: int) -> int:
                await asyncio.sleep(0)
                return n

            got = await asyncio.gather(*(buy(n) for n in range(20)), return_exceptions=True)
            assert all(isinstance(each, int | BudgetExceeded) for each in got)
            return sum(isinstance(each, int) for each in got), run.spent.usd

    assert asyncio.run(main()) == (4, Decimal("0.04"))


def test_a_paid_tool_is_on_record_with_its_name_and_the_labels_of_its_budget(monkeypatch, tmp_path):
    monkeypatch.setenv("FARTHING_STORE", str(tmp_path / "farthing.db"))
    with farthing.budget("$1", agent="finder") as run:
        with run.step("look"):
            run.tool(name="web_search", cost="$0.01")(lambda q: q)("x")
        history = run.local.engine.history
        run.local.do(run.local.engine.ledger.flush())
        (row,) = history.usage(by=("tool", "provider", "model", "step", "agent"), since_ms=0, until_ms=2**53)
        assert row.group == ("web_search", "tool", "web_search", "look", "finder")
        assert (row.cost_nanos, row.attempts, row.unpriced) == (10_000_000, 1, 0)
        (meter,) = history.meters(by=("tool",), since_ms=0, until_ms=2**53)
        assert (meter.meter, meter.quantity, meter.picos) == ("request", 1, 10_000_000_000)


def test_who_is_suspended_buys_nothing():
    with farthing.budget("$1", user="bea") as run:
        buy = run.tool(name="buy", cost="$0.1")(lambda n: n)
        engine = run.local.engine

        engine.store.guards.suspend(Suspension(label="user", value="bea", by="admin"))
        run.local.do(engine.take_up())
        with pytest.raises(ToolRefused) as refused:
            buy(1)
        assert refused.value.code == "suspended"
        assert run.remaining.usd == 1
