"""Budgets in budgets: a call inside is charged to all of them, or not made at all."""

from openai import OpenAI

import farthing
from farthing.testing import SimulatedProvider

with SimulatedProvider().in_thread() as provider:
    client = farthing.wrap(OpenAI(base_url=f"{provider.url}/v1", api_key="any"))
    with farthing.budget("$0.01", workflow="report") as whole:
        for chapter in ("past", "present", "future"):
            with farthing.budget("$0.01", calls=2, agent=chapter) as part:
                try:
                    while True:
                        client.chat.completions.create(
                            model="gpt-4o-mini", messages=[{"role": "user", "content": f"More about the {chapter}."}]
                        )
                except farthing.BudgetExceeded as refused:
                    print(f"{chapter}: {part.spent}; stopped by its {refused.unit}")
        print(f"together: {whole.spent}; left {whole.remaining}")
