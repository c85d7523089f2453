"""asyncio: tasks begin in the scope of whoever starts them, so `gather` needs nothing more."""

import asyncio

from openai import AsyncOpenAI

import farthing
from farthing.testing import SimulatedProvider


async def main() -> None:
    with SimulatedProvider().in_thread() as provider:
        async with (
            farthing.wrap(AsyncOpenAI(base_url=f"{provider.url}/v1", api_key="any")) as client,
            farthing.budget(calls=4, wait="0s") as run,
        ):
            asked = (
                client.chat.completions.create(
                    model="gpt-4o-mini", messages=[{"role": "user", "content": f"Question {number}."}], max_tokens=100
                )
                for number in range(20)
            )
            answers = await asyncio.gather(*asked, return_exceptions=True)
            refused = sum(isinstance(answer, farthing.BudgetExceeded) for answer in answers)
            print(f"{len(answers) - refused} answered, {refused} refused, {len(provider.bill)} sent; spent {run.spent}")


asyncio.run(main())
