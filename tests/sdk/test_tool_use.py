"""One call of a tool, from its beginning to its end, whichever that is."""

import asyncio
from decimal import Decimal

import pytest

import farthing
from farthing.sdk.engine import close_engines
from farthing.sdk.tool_errors import NotCharged


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
