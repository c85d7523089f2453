"""An agent that knows its budget: told what is left, it lands with an answer when the money ends (see farthing/sdk/agent.py)."""

from openai import OpenAI

import farthing
from farthing.testing import Prompt, Reply, SimulatedProvider, ToolCall


def restless(prompt: Prompt) -> Reply:
    """A model that would go on for ever."""
    if prompt.tool_choice == "none":
        return Reply(text="This is what I have found so far.")
    return Reply(text="", tools=(ToolCall("read", {"page": len(prompt.turns)}),))


def read(page: int) -> str:
    """Read a page of the archive."""
    return f"Page {page}. " + "It was a long winter. " * 200


with SimulatedProvider(script=restless).in_thread() as provider, farthing.budget("$0.01") as run:
    client = OpenAI(base_url=f"{provider.url}/v1", api_key="any")
    answer = run.agent(client, "What does the archive say?", model="gpt-4o-mini", tools=[read], turns=200)
    print(f"{answer.text} ({answer.why}, {answer.calls} calls)")
    print(f"spent {run.spent}; left {run.remaining}")
    print(answer.receipt)
