"""Tools of an MCP server, guarded and paid for as the run's own: a session whose `call_tool` goes through the run.

Whatever has an asynchronous `call_tool(name, arguments)` will do: `mcp.ClientSession`, `fastmcp.Client`, your own.
"""

from collections.abc import Mapping
from typing import Any

from farthing.sdk.errors import Misused
from farthing.sdk.tool_errors import ToolRefused
from farthing.sdk.tool_terms import tool
from farthing.sdk.tool_use import run_async
from farthing.sdk.tools import Toolbox


class McpTools:
    """The session itself but for `call_tool`."""

    def __init__(self, session: Any, box: Toolbox, costs: Mapping[str, str], said: Mapping[str, Any]) -> None:
        """Raises Misused where this is no session, or a cost is none."""
        if not callable(getattr(session, "call_tool", None)):
            raise Misused(f"run.mcp() takes an MCP session, which has `call_tool`, not {type(session).__name__}")
        self._session = session
        self._box = box
        self._said = said
        self._known = {name: tool(name, cost=cost, **said) for name, cost in costs.items()}

    async def call_tool(self, name: str, arguments: Mapping[str, Any] | None = None, *rest: Any, **named: Any) -> Any:
        """As the session's own. Raises ToolRefused where the call may not be made; with `tells` the answer is the reason, as
        a result of MCP that is an error, where the `mcp` package is there to make one."""
        what = self._known.get(name)
        if what is None:
            what = self._known[name] = tool(name, **self._said)
        use = self._box.use(what._replace(tells=False), arguments or {})
        try:
            return await run_async(use, lambda: self._session.call_tool(name, arguments, *rest, **named))
        except ToolRefused as refused:
            if not what.tells:
                raise
            return _result(refused.for_model)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)


def _result(text: str) -> Any:
    from mcp.types import CallToolResult, TextContent  # noqa: PLC0415 - the package of whoever has such a session

    return CallToolResult.model_validate({"content": [TextContent(type="text", text=text)], "isError": True})
