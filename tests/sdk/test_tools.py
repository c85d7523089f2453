"""Tools of a run: what runs, what is refused, what they come to, and that their money is exactly accounted for."""

import asyncio
import threading
from decimal import Decimal

import pytest

import farthing
from farthing.sdk.engine import close_engines
from farthing.sdk.errors import BudgetExceeded, Misused
from farthing.sdk.tool_errors import NotCharged, ToolRefused
from support.tooled import nanos


@pytest.fixture(autouse=True)
def _store(monkeypatch):
    monkeypatch.setenv("FARTHING_STORE", "memory:")
    monkeypatch.delenv("FARTHING_CONFIG", raising=False)
    yield
    close_engines()


def test_a_tool_is_the_same_function_and_is_counted():
    with farthing.budget("$1") as run:

        @run.tool
        def search(q: str, limit: int = 5) -> str:
            """Search the web."""
            return f"{q} {limit}"

        assert search("a", limit=2) == "a 2"
        assert search(q="b") == "b 5"
        assert search.__doc__ == "Search the web."
        assert run.tools["search"][:3] == (2, 0, 0)
        assert run.spent.usd == 0


def test_a_tool_that_raises_is_counted_as_failed_and_raises():
    with farthing.budget("$1") as run:

        @run.tool
        def broken() -> str:
            raise KeyError("gone")

        with pytest.raises(KeyError):
            broken()
        assert run.tools["broken"][:3] == (1, 1, 0)


def test_the_third_same_result_is_the_last_and_the_model_is_told():
    with farthing.budget("$1") as run:
        made = []

        @run.tool
        def search(q: str) -> str:
            made.append(q)
            return "nothing"

        for _ in range(3):
            search("x")
        with pytest.raises(ToolRefused) as refused:
            search("x")
        assert refused.value.code == "tool_loop"
        assert refused.value.tool == "search"
        assert "3 times" in refused.value.for_model
        assert "was not run" in refused.value.for_model
        assert search("something else") == "nothing"
        assert made == ["x", "x", "x", "something else"]
        assert run.tools["search"][:3] == (4, 0, 1)


def test_two_calls_that_alternate_are_a_loop_too():
    with farthing.budget("$1") as run:

        @run.tool
        def read(path: str) -> str:
            return f"content of {path}"

        @run.tool
        def listing(path: str) -> str:
            return "a b"

        made = 0
        with pytest.raises(ToolRefused):  # noqa: PT012 - which of them is the last is not the point
            for _ in range(10):
                read(path="a")
                listing(path="/")
                made += 1
        assert made < 4


def test_an_error_again_and_again_is_a_loop_whatever_was_asked():
    with farthing.budget("$1") as run:

        @run.tool
        def fetch(url: str) -> str:
            raise OSError("no route")

        for each in "abc":
            with pytest.raises(OSError, match="no route"):
                fetch(each)
        with pytest.raises(ToolRefused, match="same error"):
            fetch("d")


def test_an_honest_poller_is_no_loop():
    with farthing.budget("$1") as run:
        answers = iter(["waiting"] * 8 + ["done"])

        @run.tool
        def get_job_status(id: int) -> str:
            return next(answers)

        assert [get_job_status(1) for _ in range(9)][-1] == "done"

        @run.tool(poll=True)
        def check(id: int) -> str:
            return "waiting"

        assert {check(1) for _ in range(30)} == {"waiting"}


def test_a_tool_whose_results_change_goes_on():
    with farthing.budget("$1") as run:
        numbers = iter(range(100))

        @run.tool
        def look() -> str:
            return f"{next(numbers)}"

        assert len({look() for _ in range(30)}) == 30


def test_a_tool_has_at_most_its_limit_of_calls():
    with farthing.budget("$1") as run:

        @run.tool(limit=2, same_call=0)
        def search(q: str) -> str:
            return q

        search("a")
        search("b")
        with pytest.raises(ToolRefused, match="search made 3 tool calls; the limit is 2") as refused:
            search("c")
        assert refused.value.code == "tool_limit"


def test_a_refusal_can_be_the_result():
    with farthing.budget("$1") as run:

        @run.tool(limit=1, tells=True)
        def search(q: str) -> str:
            return q

        search("a")
        assert "was not run" in search("b")


def test_calls_beside_each_other_are_no_loop():
    async def main() -> int:
        async with farthing.budget("$1") as run:

            @run.tool
            async def search(q: str) -> str:
                await asyncio.sleep(0)
                return "same"

            return len(await asyncio.gather(*(search("x") for _ in range(10))))

    assert asyncio.run(main()) == 10


def test_guard_section_of_the_configuration_rules(monkeypatch, tmp_path):
    config = tmp_path / "farthing.toml"
    config.write_text('[guard]\nsame_call = 2\npoll = ["peek"]\ntool_calls = 6\n', "utf-8")
    monkeypatch.setenv("FARTHING_CONFIG", str(config))
    with farthing.budget("$1") as run:
        search, peek = run.tool(name="search")(lambda q: "same"), run.tool(name="peek")(lambda: "same")
        search("x")
        search("x")
        with pytest.raises(ToolRefused, match="2 times"):
            search("x")
        for _ in range(4):
            peek()
        with pytest.raises(ToolRefused, match="this run made 7 tool calls"):
            peek()


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


def test_a_failed_tool_counts_as_spent_unless_it_says_that_nothing_was_bought():
    with farthing.budget("$1") as run:

        @run.tool(cost="$0.1")
        def buy(error: Exception) -> None:
            raise error

        with pytest.raises(NotCharged):
            buy(NotCharged("out of stock"))
        assert run.remaining.usd == 1
        with pytest.raises(OSError, match="connection lost"):
            buy(OSError("connection lost"))
        assert run.remaining.usd == Decimal("0.9")
        assert run.spent.usd == Decimal("0.1")


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


def test_a_cancelled_tool_counts_as_spent_and_one_that_never_began_does_not():
    async def main() -> tuple[Decimal | None, Decimal | None]:
        async with farthing.budget("$1", wait="20s") as run:
            forever = asyncio.Event()

            @run.tool(cost="$0.6")
            async def buy(n: int) -> None:
                await forever.wait()

            first = asyncio.create_task(buy(1))
            while run.remaining.usd == 1:
                await asyncio.sleep(0.001)
            second = asyncio.create_task(buy(2))
            await asyncio.sleep(0.02)
            for task in (second, first):
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            return run.remaining.usd, run.spent.usd

    assert asyncio.run(main()) == (Decimal("0.4"), Decimal("0.6"))


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


def test_what_tools_did_stays_with_the_run(monkeypatch, tmp_path):
    monkeypatch.setenv("FARTHING_STORE", str(tmp_path / "farthing.db"))
    with farthing.budget("$1") as run:
        look = run.tool(name="look")(lambda q: q)
        look("a")
        look("b")
    _, (noted,) = run.local.engine.outcomes.of(run.name)
    assert (noted.kind, noted.nanos) == ("tool", 0)
    assert noted.note.startswith("look: 2 run, ")
    assert run.receipt.usd == "0"


def test_who_is_suspended_buys_nothing():
    with farthing.budget("$1", user="bea") as run:
        buy = run.tool(name="buy", cost="$0.1")(lambda n: n)
        engine = run.local.engine
        from farthing.domain.suspension import Suspension

        engine.store.guards.suspend(Suspension(label="user", value="bea", by="admin"))
        run.local.do(engine.take_up())
        with pytest.raises(ToolRefused) as refused:
            buy(1)
        assert refused.value.code == "suspended"
        assert run.remaining.usd == 1


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ({"cost": lambda result: "$1"}, "most"),
        ({"cost": "$0.01", "most": "$0.02"}, "most"),
        ({"cost": "a lot"}, "not an amount"),
        ({"cost": 0.01}, "a float cannot hold it exactly"),
        ({"limit": 0}, "limit"),
        ({"minutes": -1}, "minutes"),
    ],
)
def test_what_cannot_be_said_of_a_tool_says_which_word(said, word):
    with farthing.budget("$1") as run, pytest.raises(Misused, match=word):
        run.tool(name="buy", **said)(lambda: None)


def test_a_tool_of_a_budget_that_is_over_says_so():
    with farthing.budget("$1") as run:
        look = run.tool(name="look")(lambda: "x")
    with pytest.raises(Misused, match="is over"):
        look()


def test_models_that_a_tool_asks_are_charged_to_its_run_in_any_thread():
    with farthing.budget("$1") as run:
        from farthing.sdk.scope import current

        seen = []
        look = run.tool(name="look")(lambda: seen.append(current.get()))
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        assert dict(seen[0].labels)["run"] == run.name
