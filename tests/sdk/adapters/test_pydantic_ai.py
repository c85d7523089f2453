"""pydantic-ai's agents inside a budget."""

import asyncio

import pytest
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI
from pydantic_ai import Agent
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider

import farthing
from farthing.sdk.adapters.pydantic_ai import Budgeted
from farthing.testing import Reply, ToolCall
from support.tooled import billed, nanos, provided


@pytest.fixture(autouse=True)
def _store(monkeypatch):
    monkeypatch.setenv("FARTHING_STORE", "memory:")
    monkeypatch.delenv("FARTHING_CONFIG", raising=False)


def once(prompt):
    return Reply(text="Found.") if prompt.made_calls else Reply(text="", tools=(ToolCall("search", {"q": "x"}),))


def search(q: str) -> str:
    """Search for something."""
    return f"nothing about {q}"


def openai_of(url):
    return farthing.wrap(AsyncOpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0))


def anthropic_of(url):
    return farthing.wrap(AsyncAnthropic(base_url=url, api_key="any", max_retries=0))


def of_anthropic(client):
    return AnthropicModel("claude-haiku-4-5", provider=AnthropicProvider(anthropic_client=client))


MAKERS = {
    "chat": (openai_of, lambda client: OpenAIChatModel("gpt-4o-mini", provider=OpenAIProvider(openai_client=client))),
    "responses": (
        openai_of,
        lambda client: OpenAIResponsesModel("gpt-4o-mini", provider=OpenAIProvider(openai_client=client)),
    ),
    "messages": (anthropic_of, of_anthropic),
}


@pytest.mark.parametrize("dialect", MAKERS)
def test_an_agent_s_calls_and_tools_are_charged_as_the_provider_bills_them(dialect):
    async def main(provider):
        client_of, model_of = MAKERS[dialect]
        async with client_of(provider.url) as client, farthing.budget("$1") as run:
            agent = Agent(
                model_of(client),
                tools=[search],
                name="finder",
                capabilities=[Budgeted(run, costs={"search": "$0.01"})],
            )
            assert (await agent.run("Find it.")).output == "Found."
            assert run.tools["search"][:3] == (1, 0, 0)
            assert {part.name for part in run.receipt.document.by_agent} == {"finder"}
            return nanos(run.spent.usd)

    with provided(script=once) as provider:
        assert asyncio.run(main(provider)) == billed(provider) + 10_000_000
        assert len(provider.bill) == 2


def test_a_loop_is_told_to_the_model_and_a_used_up_budget_is_a_failure():
    def always(prompt):
        told.append([turn.text for turn in prompt.turns if turn.role == "tool"])
        return Reply(text="", tools=(ToolCall("search", {"q": "x"}),))

    told: list[list[str]] = []

    async def main(provider):
        client_of, model_of = MAKERS["chat"]
        async with client_of(provider.url) as client, farthing.budget(calls=5) as run:
            agent = Agent(model_of(client), tools=[search], capabilities=[Budgeted(run)])
            with pytest.raises(farthing.BudgetExceeded):
                await agent.run("Find it.")
            return run.receipt.document.outcome

    with provided(script=always) as provider:
        assert asyncio.run(main(provider)).success is False
        assert len(provider.bill) == 5
    assert told[-1][:3] == ["nothing about x"] * 3
    assert "was not run" in told[-1][3]
