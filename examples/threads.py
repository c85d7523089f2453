"""Threads: `run.bind` carries the budget into a pool, and twenty calls at once never spend more than there is."""

from concurrent.futures import ThreadPoolExecutor

from openai import OpenAI

import farthing
from farthing.testing import SimulatedProvider


def ask(client: OpenAI, number: int) -> str:
    try:
        client.chat.completions.create(
            model="gpt-4o-mini", messages=[{"role": "user", "content": f"Question {number}."}], max_tokens=100
        )
    except farthing.BudgetExceeded:
        return "refused"
    return "answered"


with SimulatedProvider().in_thread() as provider, farthing.budget(calls=4, wait="0s") as run:
    client = farthing.wrap(OpenAI(base_url=f"{provider.url}/v1", api_key="any"))
    with ThreadPoolExecutor(20) as pool:
        ends = list(pool.map(run.bind(lambda number: ask(client, number)), range(20)))
    print(f"{ends.count('answered')} answered, {ends.count('refused')} refused, {len(provider.bill)} sent")
