"""pydantic-ai inside a budget: a capability for agents. Their money goes through a wrapped client of their provider:

OpenAIChatModel("gpt-4o", provider=OpenAIProvider(openai_client=farthing.wrap(AsyncOpenAI())))
AnthropicModel("claude-haiku-4-5", provider=AnthropicProvider(anthropic_client=farthing.wrap(AsyncAnthropic())))
"""

from collections.abc import Mapping
from typing import Any

from pydantic_ai import RunContext
from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.messages import ToolCallPart
from pydantic_ai.tools import ToolDefinition

from farthing.sdk.calls import merged
from farthing.sdk.errors import Refused
from farthing.sdk.run import Run
from farthing.sdk.scope import within
from farthing.sdk.terms import labels_of
from farthing.sdk.tool_terms import Tool, tool
from farthing.sdk.tool_use import run_async


class Budgeted(AbstractCapability[Any]):
    """For `Agent(…, capabilities=[Budgeted(run)])`: its calls carry the agent's name, its tools are the run's."""

    def __init__(self, run: Run, *, costs: Mapping[str, str] | None = None, **said: Any) -> None:
        """`costs` are dollars by tool; `said` are other arguments of `run.tool`, for all of them."""
        self._run = run
        self._costs = dict(costs or {})
        self._said = said

    async def wrap_run(self, ctx: RunContext[Any], *, handler: Any) -> Any:
        """The run as a whole: one that raises has failed."""
        name = None if ctx.agent is None else ctx.agent.name
        scope = self._run.scope
        labels = labels_of({"agent": name[:128]}) if name else ()
        with within(scope._replace(labels=merged(scope.labels, labels))):
            try:
                return await handler()
            except Exception as error:
                self._run.fail(note=type(error).__name__)
                raise

    async def wrap_model_request(self, ctx: RunContext[Any], *, request_context: Any, handler: Any) -> Any:
        """Raises `BudgetExceeded` where a budget cannot pay, which pydantic-ai makes an error of its own."""
        del ctx
        try:
            return await handler(request_context)
        except ModelHTTPError as error:
            if isinstance(error.__cause__, Refused):
                raise error.__cause__ from None
            raise

    async def wrap_tool_execute(
        self, ctx: RunContext[Any], *, call: ToolCallPart, tool_def: ToolDefinition, args: Any, handler: Any
    ) -> Any:
        """Guarded and paid for; a refusal is what the model reads as the result."""
        del ctx, tool_def
        use = self._run.toolbox.use(self._tool(call.tool_name), args)
        return await run_async(use, lambda: handler(args))

    def _tool(self, name: str) -> Tool:
        return tool(name, cost=self._costs.get(name), **{"tells": True, **self._said})
