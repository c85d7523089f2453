"""LangChain and LangGraph inside a budget: chat models whose clients are governed, middleware for agents, a callback for runs."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, TypeVar
from uuid import UUID

from langchain.agents.middleware import AgentMiddleware
from langchain.agents.middleware.types import ModelRequest, ModelResponse
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage, ToolMessage
from langgraph.config import get_config

from farthing.sdk import tool_use
from farthing.sdk.errors import BudgetExceeded, Misused
from farthing.sdk.run import Run
from farthing.sdk.tool_terms import tool
from farthing.sdk.wrap import wrap

M = TypeVar("M")


def govern(model: M) -> M:
    """The same `ChatOpenAI` or `ChatAnthropic`, its own clients wrapped: every call of it is held and settled.

    Raises Misused for models that have neither client; for those set their base URL to a gateway.
    """
    copied: Any = model.model_copy() if hasattr(model, "model_copy") else model
    if getattr(copied, "root_async_client", None) is not None:  # of langchain-openai
        copied.root_async_client = wrap(copied.root_async_client)
        copied.async_client = copied.root_async_client.chat.completions
        if copied.root_client is not None:
            copied.root_client = wrap(copied.root_client)
            copied.client = copied.root_client.chat.completions
        return copied  # type: ignore[no-any-return]
    if hasattr(type(copied), "_async_client"):  # of langchain-anthropic, made when they are first used
        for name in ("_client", "_async_client"):
            copied.__dict__[name] = wrap(getattr(copied, name))
        return copied  # type: ignore[no-any-return]
    raise Misused(
        f"farthing.sdk.adapters.langchain.govern() knows ChatOpenAI and ChatAnthropic, not {type(model).__name__}; "
        "for others set the base URL to a gateway (`farthing serve`)"
    )


class Budgeted(AgentMiddleware[Any, Any, Any]):
    """For `create_agent(…, middleware=[Budgeted(run)])`: its calls carry the node as `step`, its tools are the run's."""

    def __init__(
        self, run: Run, *, costs: Mapping[str, str] | None = None, at_end: str | None = None, **said: Any
    ) -> None:
        """`costs` are dollars by tool; `said` are other arguments of `run.tool`, for all of them. With `at_end` the agent
        ends with this answer where a budget cannot pay for its next call; without it `BudgetExceeded` is raised."""
        super().__init__()
        self.tools = []
        self._run = run
        self._at_end = at_end
        self._costs = dict(costs or {})
        self._said = said

    def wrap_model_call(self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Any]) -> Any:
        """Inside the budget, whichever thread this is."""
        try:
            with self._step():
                return handler(request)
        except BudgetExceeded as refused:
            return self._end(refused)

    async def awrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Awaitable[Any]]
    ) -> Any:
        """The same on an event loop."""
        try:
            with self._step():
                return await handler(request)
        except BudgetExceeded as refused:
            return self._end(refused)

    def wrap_tool_call(self, request: Any, handler: Callable[[Any], Any]) -> Any:
        """Guarded and paid for."""
        return self._said_of(request, tool_use.run(self._use(request), lambda: handler(request)))

    async def awrap_tool_call(self, request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
        """The same on an event loop."""
        return self._said_of(request, await tool_use.run_async(self._use(request), lambda: handler(request)))

    def _end(self, refused: BudgetExceeded) -> ModelResponse[Any]:
        if self._at_end is None:
            raise refused
        return ModelResponse(result=[AIMessage(content=self._at_end)])

    def _use(self, request: Any) -> tool_use.Use:
        name = request.tool_call["name"]
        made = tool(name, cost=self._costs.get(name), **{"tells": True, **self._said})
        return self._run.toolbox.use(made, request.tool_call["args"])

    @staticmethod
    def _said_of(request: Any, result: Any) -> Any:
        """A refusal is a text; what the tool itself gave is a message or a command."""
        if not isinstance(result, str):
            return result
        call = request.tool_call
        return ToolMessage(content=result, tool_call_id=call["id"], name=call["name"], status="error")

    def _step(self) -> AbstractContextManager[Any]:
        return self._run.step(str(get_config().get("metadata", {}).get("langgraph_node", "model"))[:128])


class Outcome(BaseCallbackHandler):
    """For `config={"callbacks": [Outcome(run)]}`: a graph or chain that raises has failed."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def on_chain_error(self, error: BaseException, *, parent_run_id: UUID | None = None, **_: Any) -> None:
        """Of the whole only: what a node recovers from is no failure."""
        if parent_run_id is None:
            self._run.fail(note=type(error).__name__)
