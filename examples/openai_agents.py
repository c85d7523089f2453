"""OpenAI's Agents SDK: its default client wrapped once, and an agent that is part of the run."""

import asyncio

from agents import Agent, RunConfig, Runner, function_tool, set_default_openai_client
from openai import AsyncOpenAI

import farthing
from farthing.sdk.adapters.openai_agents import govern
from farthing.testing import SimulatedProvider, agent


@function_tool
def search(query: str) -> str:
    """Search the web; it costs a cent."""
    return f"nothing about {query}"


async def main() -> None:
    with SimulatedProvider(script=agent).in_thread() as provider:
        client = farthing.wrap(AsyncOpenAI(base_url=f"{provider.url}/v1", api_key="any"))
        set_default_openai_client(client, use_for_tracing=False)
        async with farthing.budget("$0.05") as run:
            researcher = govern(
                run, Agent(name="researcher", model="gpt-4o-mini", tools=[search]), costs={"search": "$0.01"}
            )
            quiet = RunConfig(tracing_disabled=True)  # tracing goes to api.openai.com, and costs nothing
            print((await Runner.run(researcher, "What is a farthing?", run_config=quiet)).final_output)
        print(run.receipt)


asyncio.run(main())
