"""What a tool raises where it may not run, and what it may raise itself to say that nothing was bought."""

from typing import Any

from farthing.domain.errors import Theirs
from farthing.domain.refusal import Refusal
from farthing.sdk.errors import BUDGET_CODES, BudgetExceeded, Refused, code_in, describe
from farthing.wire.figures import figures, sentences


class ToolRefused(Refused):
    """A call of a tool that was not made. `code`: `tool_loop`, `tool_limit`, `budget_exceeded`, `suspended`, …"""

    def __init__(
        self, message: str, *, tool: str = "", code: str = "", what_to_do: str = "", for_model: str = ""
    ) -> None:
        super().__init__(message)
        self.tool = tool
        self.code = code
        self.what_to_do = what_to_do
        self.for_model = for_model or message
        """What to give the model as the tool's result: it should go on without this call."""


class ToolBudgetExceeded(ToolRefused, BudgetExceeded):
    """A budget cannot pay for this call of a tool. It carries the numbers of `BudgetExceeded`."""


class NotCharged(Theirs):
    """Raised BY a tool that costs money: it failed, and nothing was bought, so that nothing is charged.

    Any other exception leaves open whether the tool's own provider bills the call; then the money counts as spent.
    """


for _kind in (ToolRefused, NotCharged):  # as tracebacks should name them, and programs import them
    _kind.__module__ = "farthing"


def refused_by(refusal: Refusal, tool: str) -> ToolRefused:
    """A refusal of the engine's as what the tool raises."""
    told = {"code": refusal.code, "message": sentences(refusal), "farthing": figures(refusal)}
    return refused_with({"error": told}, tool, why=refusal.message)


def refused_with(body: Any, tool: str, why: str = "") -> ToolRefused:
    """A refusal in the words of a gateway as what the tool raises. `why` is it without what to do, where that is known."""
    code, message = code_in(body), str(body["error"]["message"])
    paying = code in BUDGET_CODES
    kind = ToolBudgetExceeded if paying else ToolRefused
    why = "the budget cannot pay for it" if paying else why or message
    error = kind(
        message,
        tool=tool,
        code=code,
        for_model=f"The tool {tool} was not run: {why.rstrip('.')}. Do not call it again; answer with what you have.",
    )
    describe(error, body)
    return error
