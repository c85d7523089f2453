"""The same budgets at a gateway's address: calls and paid tools of this program are counted there, beside everybody's."""

import os

from openai import OpenAI

import farthing

GATEWAY = os.environ.get("OPENAI_BASE_URL", "http://127.0.0.1:4141/v1").removesuffix("/v1")
QUESTION = "What does a farthing weigh? Answer in one word."

with farthing.budget("$0.03", store=GATEWAY, agent="weigher") as run:
    client = farthing.wrap(OpenAI())

    @run.tool(cost="$0.01")
    def search(query: str) -> str:
        """A search that is paid for by the call."""
        return f"nothing about {query}"

    try:
        for attempt in range(1, 5):
            found = search(f"the weight of a farthing, page {attempt}")
            answer = client.chat.completions.create(
                model="gpt-4o-mini", messages=[{"role": "user", "content": f"{QUESTION} {found}"}], max_tokens=20
            )
            print(f"{attempt}: {answer.choices[0].message.content[:40]} (left: ${run.remaining.usd})")
    except farthing.BudgetExceeded as refused:  # a tool or a call, before anything was bought or sent
        print(f"refused: {refused}")
print(run.receipt)
