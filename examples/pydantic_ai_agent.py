"""pydantic-ai: a wrapped client in its provider, and a capability for its tools."""

import asyncio

from openai import AsyncOpenAI
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

import farthing
from farthing.sdk.adapters.pydantic_ai import Budgeted
from farthing.testing import SimulatedProvider, agent


def search(query: str) -> str:
    """Search the web; it costs a cent."""
    return f"nothing about {query}"


async def main() -> None:
    with SimulatedProvider(script=agent).in_thread() as provider:
        client = farthing.wrap(AsyncOpenAI(base_url=f"{provider.url}/v1", api_key="any"))
        model = OpenAIChatModel("gpt-4o-mini", provider=OpenAIProvider(openai_client=client))
        async with farthing.budget("$0.05") as run:
            capabilities = [Budgeted(run, costs={"search": "$0.01"})]
            researcher = Agent(model, name="researcher", tools=[search], capabilities=capabilities)
            print((await researcher.run("What is a farthing?")).output)
        print(run.receipt)


asyncio.run(main())
