"""OpenAI's Agents SDK inside a budget. Its money goes through a wrapped client, said once:

agents.set_default_openai_client(farthing.wrap(AsyncOpenAI()), use_for_tracing=False)
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import msgspec
from agents import Agent, FunctionTool, ModelSettings

from farthing.sdk.run import Run
from farthing.sdk.tool_terms import tool
from farthing.sdk.tool_use import run_async

_LABELS = "x-farthing-labels"


def govern(run: Run, agent: Agent[Any], *, costs: Mapping[str, str] | None = None, **said: Any) -> Agent[Any]:
    """The same agent, and those it hands off to, as part of this run: their calls carry their names, and their function
    tools are the run's.

    `costs` are dollars by tool; `said` are other arguments of `run.tool`, for all of them.
    """
    return _governed(run, agent, costs or {}, {"tells": True, **said}, {})


def _governed(
    run: Run, agent: Agent[Any], costs: Mapping[str, str], said: dict[str, Any], known: dict[int, Agent[Any]]
) -> Agent[Any]:
    made = known.get(id(agent))
    if made is None:
        headers = {**(agent.model_settings.extra_headers or {}), _LABELS: f"agent={_label(agent.name)}"}
        settings = agent.model_settings.resolve(ModelSettings(extra_headers=headers))
        tools = [_tool(run, each, costs, said) if isinstance(each, FunctionTool) else each for each in agent.tools]
        made = known[id(agent)] = agent.clone(tools=tools, model_settings=settings)
        made.handoffs = [
            _governed(run, each, costs, said, known) if isinstance(each, Agent) else each for each in agent.handoffs
        ]
    return made


def _tool(run: Run, made: FunctionTool, costs: Mapping[str, str], said: dict[str, Any]) -> FunctionTool:
    what = tool(made.name, cost=costs.get(made.name), **said)
    invoke = made.on_invoke_tool

    async def guarded(context: Any, arguments: str) -> Any:
        use = run.toolbox.use(what, _read(arguments))
        return await run_async(use, lambda: invoke(context, arguments))

    return dataclasses.replace(made, on_invoke_tool=guarded)


def _read(arguments: str) -> dict[str, Any]:
    """What the tool is called with, for telling calls apart; the tool itself reads it again."""
    try:
        return msgspec.json.decode(arguments or "{}", type=dict[str, Any])
    except msgspec.MsgspecError:
        return {"arguments": arguments}


def _label(name: str) -> str:
    """A name as it may stand in a header of labels."""
    return "".join(each if each.isalnum() or each in "-_." else "-" for each in name)[:128] or "agent"
