"""Tools of an MCP server, in process: guarded, counted and paid for as the run's own."""

import asyncio
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest

import farthing
from farthing.sdk.engine import close_engines
from farthing.sdk.errors import BudgetExceeded, Misused
from farthing.sdk.tool_errors import ToolRefused


@pytest.fixture(autouse=True)
def _store(monkeypatch):
    monkeypatch.setenv("FARTHING_STORE", "memory:")
    monkeypatch.delenv("FARTHING_CONFIG", raising=False)
    yield
    close_engines()


@asynccontextmanager
async def client():
    """A real client of a real server, without a wire between them."""
    from mcp import Client
    from mcp.server import MCPServer

    server = MCPServer("shop")

    @server.tool()
    def price_of(item: str) -> str:
        """The price of an item."""
        return f"{item} is 5"

    @server.tool()
    def broken(item: str) -> str:
        """It never works."""
        raise ValueError("no such thing")

    async with Client(server) as session:
        yield session


def test_its_calls_are_guarded_and_everything_else_is_the_session_s_own():
    async def main():
        async with client() as session, farthing.budget("$1") as run:
            tools = run.mcp(session)
            assert {each.name for each in (await tools.list_tools()).tools} == {"price_of", "broken"}
            for _ in range(3):
                assert (await tools.call_tool("price_of", {"item": "tea"})).content[0].text == "tea is 5"
            with pytest.raises(ToolRefused, match="3 times"):
                await tools.call_tool("price_of", {"item": "tea"})
            return run.tools

    assert asyncio.run(main())["price_of"][:3] == (3, 0, 1)


def test_its_errors_are_counted_and_are_a_loop_when_they_come_again():
    async def main():
        async with client() as session, farthing.budget("$1") as run:
            tools = run.mcp(session)
            for item in "abc":
                assert (await tools.call_tool("broken", {"item": item})).is_error
            return run.tools["broken"]

    assert asyncio.run(main())[:2] == (3, 3)


def test_what_its_tools_cost_is_charged_to_the_run():
    async def main():
        async with client() as session, farthing.budget("$0.03") as run:
            tools = run.mcp(session, {"price_of": "$0.0125"})
            await tools.call_tool("price_of", {"item": "a"})
            await tools.call_tool("price_of", {"item": "b"})
            with pytest.raises(BudgetExceeded):
                await tools.call_tool("price_of", {"item": "c"})
            await tools.call_tool("broken", {"item": "free"})
            return run.spent.usd, run.tools["price_of"]

    spent, tally = asyncio.run(main())
    assert spent == Decimal("0.025")
    assert tally[:3] == (2, 0, 1)


def test_a_refusal_can_be_a_result_of_mcp():
    async def main():
        async with client() as session, farthing.budget("$1") as run:
            tools = run.mcp(session, limit=1, tells=True)
            await tools.call_tool("price_of", {"item": "a"})
            return await tools.call_tool("price_of", {"item": "b"})

    said = asyncio.run(main())
    assert said.is_error
    assert "was not run" in said.content[0].text


def test_anything_with_call_tool_will_do_and_nothing_else():
    class Session:
        async def call_tool(self, name, arguments=None, **named):
            return f"{name} {arguments} {named}"

    async def main():
        async with farthing.budget("$1") as run:
            with pytest.raises(Misused, match="call_tool"):
                run.mcp(object())
            return await run.mcp(Session()).call_tool("look", {"a": 1}, timeout=3)

    assert asyncio.run(main()) == "look {'a': 1} {'timeout': 3}"
