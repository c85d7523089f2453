"""What a run does with tools: `run.tool`, `run.tools`, `run.mcp` and `run.agent`."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeVar, overload

from farthing.domain.errors import FarthingError
from farthing.sdk.agent import agent
from farthing.sdk.amounts import Amounts
from farthing.sdk.backing import Backing, Opened
from farthing.sdk.engine import LocalEngine
from farthing.sdk.mcp import McpTools
from farthing.sdk.receipt import RunReceipt
from farthing.sdk.remote_ask import is_address
from farthing.sdk.scope import Scope
from farthing.sdk.tool_terms import Cost, Tally, tool
from farthing.sdk.tools import Toolbox

F = TypeVar("F", bound=Callable[..., Any])
_lock = threading.Lock()


class Tooled(ABC):
    """The part of `Run` that is about tools; what is abstract here is the rest of it."""

    name: str
    _toolbox: Toolbox | None = None

    @property
    @abstractmethod
    def scope(self) -> Scope: ...

    @property
    @abstractmethod
    def local(self) -> LocalEngine: ...

    @property
    @abstractmethod
    def remaining(self) -> Amounts: ...

    @property
    @abstractmethod
    def receipt(self) -> RunReceipt: ...

    @abstractmethod
    def _here(self) -> Scope: ...

    @overload
    def tool(self, work: F, /) -> F: ...

    @overload
    def tool(
        self,
        /,
        *,
        name: str = ...,
        cost: Cost = ...,
        most: str | Decimal | None = ...,
        same_call: int | None = ...,
        limit: int | None = ...,
        minutes: int | None = ...,
        poll: bool = ...,
        tells: bool = ...,
    ) -> Callable[[F], F]: ...

    def tool(self, work: Any = None, /, *, name: str = "", **said: Any) -> Any:
        """A function as a tool of this run: `@run.tool` or `@run.tool(cost="$0.01", limit=20)`; blocking or asynchronous.

        Its calls are counted and timed (`run.tools`). The same call with the same result again and again is refused from
        the `same_call`-th on (3, or as `[guard]` says; `poll=True` for tools that may repeat), and so is what is beyond
        `limit` calls or `minutes`. What it costs (`cost`: dollars, or a function of the result with `most` beside it) is
        held on the run's budgets before it runs and settled after it.

        A call that may not be made raises `ToolRefused`, whose `for_model` is the result to give the model; with `tells`
        it returns that text. A tool that raises `NotCharged` bought nothing; after any other exception its money counts
        as spent. Raises Misused naming what cannot be.
        """
        if work is None:
            return lambda later: self._wrapped(later, name, said)
        return self._wrapped(work, name, said)

    def _wrapped(self, work: Any, name: str, said: Mapping[str, Any]) -> Any:
        if hasattr(work, TOOL_OF):
            return work
        made: Any = self.toolbox.wrap(work, tool(name or getattr(work, "__name__", type(work).__name__), **said))
        setattr(made, TOOL_OF, self.name)
        return made

    @property
    def tools(self) -> Mapping[str, Tally]:
        """What each tool came to so far, by name."""
        return self.toolbox.tallies()

    def mcp(self, session: Any, costs: Mapping[str, str] | None = None, **said: Any) -> McpTools:
        """An MCP session whose `call_tool` is guarded as `run.tool` does; `costs` are dollars by tool, the rest is free.
        The other arguments are those of `run.tool`, for each of its tools."""
        return McpTools(session, self.toolbox, costs or {}, said)

    def agent(
        self, client: Any, question: str, *, model: str, tools: Iterable[Callable[..., Any]] = (), **said: Any
    ) -> Any:
        """Work through a question with tools, within this budget: see `farthing.sdk.agent`. An `Answer`; with an
        asynchronous client something to await."""
        return agent(self, client, question, model=model, tools=tools, **said)

    @property
    def toolbox(self) -> Toolbox:
        """Its tools: one guard for all of them."""
        with _lock:
            if self._toolbox is None:
                engine = None if is_address(self.scope.store) else self.local
                self._toolbox = Toolbox(engine, self.name, self._here)
            return self._toolbox

    def note_tools(self, backing: Backing, opened: Opened) -> None:
        """Put what the tools came to beside the run's record. What was charged is in the ledger; this is words."""
        for name, words in () if self._toolbox is None else self._toolbox.notes():
            try:
                backing.book(opened.run, 0, kind="tool", note=words, once=f"{self.name} {name}")
            except FarthingError:  # counts are not money: the block's own outcome is worth more
                return


TOOL_OF = "__farthing_tool__"
"""What marks a function as a tool of a run, with the run's name."""
