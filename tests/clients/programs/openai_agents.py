"""OpenAI Agents: an agent with a tool, whole and streamed. Its tracing goes to OpenAI past every gateway: switched off."""

import asyncio

from agents import Agent, Runner, function_tool, set_tracing_disabled


@function_tool
def get_order(order_id: str) -> str:
    """Say where an order is."""
    return f"{order_id} is on its way"


async def main() -> None:
    agent = Agent(name="orders", instructions="Be brief.", model="gpt-4o-mini", tools=[get_order])
    print((await Runner.run(agent, "Where is my order A-1001?")).final_output)
    streamed = Runner.run_streamed(agent, "Where is my order A-1001?")
    async for _ in streamed.stream_events():
        pass
    print(streamed.final_output)


set_tracing_disabled(disabled=True)
asyncio.run(main())
