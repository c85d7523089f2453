"""A budget around a block of code: what is asked inside is charged to it, and refused before it is sent when it is used up."""

from openai import OpenAI

import farthing
from farthing.testing import SimulatedProvider

with SimulatedProvider().in_thread() as provider:  # a provider that needs no key; leave it out to ask the real one
    with farthing.budget("$0.001", agent="triage") as run:
        client = farthing.wrap(OpenAI(base_url=f"{provider.url}/v1", api_key="any"))
        try:
            for number in range(1, 100):
                client.chat.completions.create(
                    model="gpt-4o-mini", messages=[{"role": "user", "content": f"Sort ticket {number}."}]
                )
                print(f"ticket {number}: spent {run.spent}, left {run.remaining}")
        except farthing.BudgetExceeded as refused:
            print(f"refused: {refused.budget} has spent {refused.spent} of {refused.limit} {refused.unit}")
    print(run.receipt)
