"""A model that works like a coding agent's, or any agent's: it uses a tool once, and then answers."""

from farthing.testing import Prompt, Reply, ToolCall, agent
from support.clients import PROGRAMS_OF_TOOLS, TOOLS


def working_model(prompt: Prompt) -> Reply | None:
    """One call of a tool that a coding agent brings, if there is one; else each of the tools that are offered, once."""
    offered = [tool.name for tool in prompt.tools if tool.name in TOOLS or tool.name in PROGRAMS_OF_TOOLS]
    if not offered:
        return None if prompt.schema else agent(prompt)
    if any(turn.calls for turn in prompt.turns):
        return Reply(text="Your order A-1001 is on its way.")
    name = offered[0]
    call = ToolCall(name, TOOLS[name]) if name in TOOLS else ToolCall(name, input=PROGRAMS_OF_TOOLS[name])
    return Reply(text="I will look it up.", tools=(call,))
