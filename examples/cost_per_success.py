"""Outcomes: say what each run came to, and ask what a success costs."""

import os
import tempfile
from pathlib import Path

from openai import OpenAI

import farthing
from farthing.testing import SimulatedProvider

with tempfile.TemporaryDirectory() as folder, SimulatedProvider().in_thread() as provider:
    os.environ["FARTHING_STORE"] = str(Path(folder) / "farthing.db")
    client = farthing.wrap(OpenAI(base_url=f"{provider.url}/v1", api_key="any"))
    costs, successes = [], 0
    for number in range(4):
        with farthing.budget("$0.01", agent="solver") as run:
            client.chat.completions.create(
                model="gpt-4o-mini", messages=[{"role": "user", "content": f"Solve task {number}."}]
            )
            if number % 2:
                run.succeed(score=0.9)
                successes += 1
            else:
                run.fail(note="no solution")
            costs.append(run.spent.usd)
    print(f"{len(costs)} runs cost ${sum(costs):f}, a success ${sum(costs) / successes:f}")
    print("the same from the store: farthing outcomes report --by agent")
