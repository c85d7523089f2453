"""LangChain's agents inside a budget: their calls, their tools, their end."""

import asyncio
from decimal import Decimal

import pytest
from langchain.agents import create_agent
from langchain_anthropic import ChatAnthropic
from langchain_openai import ChatOpenAI

import farthing
from farthing.sdk.adapters.langchain import Budgeted, Outcome, govern
from farthing.sdk.errors import BudgetExceeded, Misused
from farthing.testing import Reply, ToolCall
from support.tooled import billed, nanos, provided

ASKED = {"messages": [{"role": "user", "content": "Find it."}]}


@pytest.fixture(autouse=True)
def _store(monkeypatch):
    monkeypatch.setenv("FARTHING_STORE", "memory:")
    monkeypatch.delenv("FARTHING_CONFIG", raising=False)


def once(prompt):
    """A model that looks once and answers."""
    return Reply(text="Found.") if prompt.made_calls else Reply(text="", tools=(ToolCall("search", {"q": "x"}),))


def always(_):
    return Reply(text="", tools=(ToolCall("search", {"q": "x"}),))


def search(q: str) -> str:
    """Search for something."""
    return f"nothing about {q}"


MAKERS = {
    "chat": lambda url: ChatOpenAI(model="gpt-4o-mini", base_url=f"{url}/v1", api_key="any"),
    "responses": lambda url: ChatOpenAI(
        model="gpt-4o-mini", base_url=f"{url}/v1", api_key="any", use_responses_api=True
    ),
    "messages": lambda url: ChatAnthropic(model="claude-haiku-4-5", base_url=url, api_key="any"),
}


@pytest.mark.parametrize("dialect", MAKERS)
def test_an_agent_s_calls_and_tools_are_charged_as_the_provider_bills_them(dialect):
    with provided(script=once) as provider, farthing.budget("$1", agent="finder") as run:
        model = govern(MAKERS[dialect](provider.url))
        agent = create_agent(model, tools=[search], middleware=[Budgeted(run, costs={"search": "$0.01"})])
        assert agent.invoke(ASKED)["messages"][-1].text == "Found."
        assert len(provider.bill) == 2
        assert nanos(run.spent.usd) == billed(provider) + 10_000_000
        assert run.tools["search"][:3] == (1, 0, 0)
        assert {part.name for part in run.receipt.document.by_step} == {"model", ""}


def test_an_agent_on_an_event_loop_and_a_stream_are_charged_too():
    async def main(provider):
        async with farthing.budget("$1") as run:
            model = govern(MAKERS["chat"](provider.url))
            agent = create_agent(model, tools=[search], middleware=[Budgeted(run)])
            async for _ in agent.astream(ASKED, stream_mode="messages"):
                pass
            await model.root_async_client.close()
            assert run.tools["search"].calls == 1
            return nanos(run.spent.usd)

    with provided(script=once) as provider:
        assert asyncio.run(main(provider)) == billed(provider) > 0


def test_a_loop_is_told_to_the_model_and_ends_when_the_budget_does():
    with provided(script=always) as provider, farthing.budget(calls=6) as run:
        middleware = Budgeted(run, at_end="The budget is used up.")
        agent = create_agent(govern(MAKERS["chat"](provider.url)), tools=[search], middleware=[middleware])
        messages = agent.invoke(ASKED)["messages"]
        assert messages[-1].text == "The budget is used up."
        told = [message.content for message in messages if message.type == "tool"]
        assert told[:3] == ["nothing about x"] * 3
        assert all("was not run" in each for each in told[3:])
        assert len(provider.bill) == 6


def test_without_a_word_for_the_end_the_refusal_is_raised_and_the_run_has_failed():
    with provided(script=always) as provider, farthing.budget("$0.000001") as run:
        agent = create_agent(govern(MAKERS["chat"](provider.url)), tools=[search], middleware=[Budgeted(run)])
        with pytest.raises(BudgetExceeded):
            agent.invoke(ASKED, config={"callbacks": [Outcome(run)]})
        assert len(provider.bill) == 0
        assert run.receipt.document.outcome.success is False
        assert run.spent.usd == Decimal(0)


def test_a_model_without_a_client_of_its_own_says_what_to_do():
    with pytest.raises(Misused, match="base URL"):
        govern(object())
