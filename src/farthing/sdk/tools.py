"""Tools of a run: functions that are counted, timed and guarded, and paid for by its budgets where they cost money."""

import functools
import inspect
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from farthing.config.engine import wall_ms
from farthing.config.guarding import agents_of
from farthing.ports.alerts import Event
from farthing.sdk.engine import LocalEngine
from farthing.sdk.errors import Misused
from farthing.sdk.remote_money import RemoteTill
from farthing.sdk.scope import Scope
from farthing.sdk.tool_guard import ToolGuard, arguments_of
from farthing.sdk.tool_money import LocalTill, Till
from farthing.sdk.tool_terms import Tally, Tool
from farthing.sdk.tool_use import Use, run, run_async

F = TypeVar("F", bound=Callable[..., Any])


class Toolbox:
    """The tools of one run, and what they came to. Any thread."""

    def __init__(self, engine: LocalEngine | None, run: str, here: Callable[[], Scope]) -> None:
        """`engine` is the one that holds the run's money; None where a gateway does. `here` says where a
        call is made: in a scope within the run, or else its own."""
        self.local = engine
        self.till: Till = RemoteTill(here().store) if engine is None else LocalTill(engine)
        self._run = run
        self._here = here
        settings = None if engine is None else engine.engine.settings
        rules = None if settings is None or settings.guard is None else agents_of(settings)
        self.guard = ToolGuard(rules, wall_ms())
        self._lock = threading.Lock()
        self._tallies: dict[str, Tally] = {}
        self._told: set[str] = set()

    def tallies(self) -> Mapping[str, Tally]:
        """By name, as of now."""
        with self._lock:
            return dict(self._tallies)

    def wrap(self, work: F, what: Tool) -> F:
        """The same function, blocking or asynchronous as it was."""
        signature = inspect.signature(work)

        def begin(args: tuple[Any, ...], named: dict[str, Any]) -> Use:
            return self.use(what, signature.bind(*args, **named).arguments)

        if inspect.iscoroutinefunction(work):

            @functools.wraps(work)
            async def guarded_async(*args: Any, **named: Any) -> Any:
                return await run_async(begin(args, named), lambda: work(*args, **named))

            return guarded_async  # type: ignore[return-value]  # the same signature

        @functools.wraps(work)
        def guarded(*args: Any, **named: Any) -> Any:
            return run(begin(args, named), lambda: work(*args, **named))

        return guarded  # type: ignore[return-value]

    def use(self, what: Tool, arguments: Mapping[str, Any]) -> Use:
        """One call of a tool that is about to be made."""
        here = self._here()
        if here.ended:
            raise Misused(f"the budget {here.ended!r} is over: call its tools inside its `with` block")
        return Use(self, what, arguments_of(arguments), here)

    def count(
        self, tool: str, *, calls: int = 0, failed: int = 0, refused: int = 0, seconds: float = 0.0, nanos: int = 0
    ) -> None:
        """Add to what a tool came to."""
        with self._lock:
            old = self._tallies.get(tool, Tally())
            self._tallies[tool] = Tally(
                old.calls + calls,
                old.failed + failed,
                old.refused + refused,
                old.seconds + seconds,
                old.nanos + nanos,
            )

    def tell(self, finding: object) -> None:
        """Whoever is alerted of loops hears of each once."""
        text = str(finding)
        if text in self._told or self.local is None:
            return
        self._told.add(text)
        engine = self.local.engine
        event = Event(kind="loop", subject=f"run {self._run}", detail=text, at_ms=engine.now_ms())
        self.local.soon(lambda: engine.notice(event))

    def notes(self) -> Iterator[tuple[str, str]]:
        """For the run's record: each tool's name, and what it came to in words."""
        for name, tally in sorted(self.tallies().items()):
            more = "".join(
                f", {count:,} {word}" for count, word in ((tally.failed, "failed"), (tally.refused, "refused")) if count
            )
            yield name, f"{name}: {tally.calls:,} run{more}, {tally.seconds:.3f} s"
