"""pydantic-ai: an agent with a tool and a typed answer, whole and streamed, by each dialect it speaks."""

import asyncio

from pydantic import BaseModel
from pydantic_ai import Agent


class Order(BaseModel):
    place: str


def get_order(order_id: str) -> str:
    """Say where an order is."""
    return f"{order_id} is on its way"


async def main() -> None:
    for model in ("openai:gpt-4o-mini", "openai-chat:gpt-4o-mini", "anthropic:claude-haiku-4-5"):
        agent = Agent(model, output_type=Order, tools=[get_order])
        print((await agent.run("Where is my order A-1001?")).output)
        async with agent.run_stream("Where is my order A-1001?") as result:
            print(await result.get_output())


asyncio.run(main())
