"""Agents of OpenAI's SDK inside a budget."""

import asyncio

import pytest
from agents import Agent, OpenAIChatCompletionsModel, OpenAIResponsesModel, RunConfig, Runner, function_tool
from openai import AsyncOpenAI

import farthing
from farthing.sdk.adapters.openai_agents import govern
from farthing.testing import Reply, ToolCall
from support.tooled import billed, nanos, provided

QUIET = RunConfig(tracing_disabled=True)


@pytest.fixture(autouse=True)
def _store(monkeypatch):
    monkeypatch.setenv("FARTHING_STORE", "memory:")
    monkeypatch.delenv("FARTHING_CONFIG", raising=False)


def once(prompt):
    return Reply(text="Found.") if prompt.made_calls else Reply(text="", tools=(ToolCall("search", {"q": "x"}),))


def client_of(provider):
    return farthing.wrap(AsyncOpenAI(base_url=f"{provider.url}/v1", api_key="any", max_retries=0))


@function_tool
def search(q: str) -> str:
    """Search for something."""
    return f"nothing about {q}"


@pytest.mark.parametrize("kind", [OpenAIChatCompletionsModel, OpenAIResponsesModel])
def test_an_agent_s_calls_and_tools_are_charged_as_the_provider_bills_them(kind):
    async def main(provider):
        async with client_of(provider) as client, farthing.budget("$1") as run:
            agent = Agent(name="Finder of things", model=kind("gpt-4o-mini", client), tools=[search])
            governed = govern(run, agent, costs={"search": "$0.01"})
            assert (await Runner.run(governed, "Find it.", run_config=QUIET)).final_output == "Found."
            assert run.tools["search"][:3] == (1, 0, 0)
            assert "Finder-of-things" in {part.name for part in run.receipt.document.by_agent}
            assert agent.tools == [search]
            return nanos(run.spent.usd)

    with provided(script=once) as provider:
        assert asyncio.run(main(provider)) == billed(provider) + 10_000_000
        assert len(provider.bill) == 2


def test_a_loop_is_told_to_the_model_and_the_budget_ends_it():
    def always(prompt):
        told.append([turn.text for turn in prompt.turns if turn.role == "tool"])
        return Reply(text="", tools=(ToolCall("search", {"q": "x"}),))

    told: list[list[str]] = []

    async def main(provider):
        async with client_of(provider) as client, farthing.budget(calls=5) as run:
            agent = Agent(name="finder", model=OpenAIChatCompletionsModel("gpt-4o-mini", client), tools=[search])
            with pytest.raises(farthing.BudgetExceeded):
                await Runner.run(govern(run, agent), "Find it.", run_config=QUIET)

    with provided(script=always) as provider:
        asyncio.run(main(provider))
        assert len(provider.bill) == 5
    assert told[-1][:3] == ["nothing about x"] * 3
    assert "was not run" in told[-1][3]


def test_agents_that_are_handed_off_to_are_part_of_the_run():
    async def main():
        async with farthing.budget("$1") as run:
            second = Agent(name="second", tools=[search])
            first = Agent(name="first", handoffs=[second])
            second.handoffs = [first]
            governed = govern(run, first)
            (other,) = governed.handoffs
            assert other is not second
            assert other.handoffs == [governed]
            assert other.model_settings.extra_headers == {"x-farthing-labels": "agent=second"}

    asyncio.run(main())
