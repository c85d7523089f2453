"""What somebody says of a tool when they hand it to a run, and what its calls came to."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from farthing.domain.money import NANOS_PER_USD
from farthing.sdk.amounts import nanos_of
from farthing.sdk.errors import Misused
from farthing.sdk.tool_guard import ToolLimits

Cost = str | Decimal | Callable[[Any], str | Decimal] | None
"""`"$0.01"` each time, or what the result says it cost."""


class Tally(NamedTuple):
    """What one tool came to in a run."""

    calls: int = 0
    """Those that ran."""
    failed: int = 0
    """Those of them that raised, or whose result is an error."""
    refused: int = 0
    """Those that were not made: a loop, a limit, a budget."""
    seconds: float = 0.0
    nanos: int = 0
    """Nano-dollars charged to the run's budgets. What failed without a word counts as unknown there, and not here."""

    @property
    def usd(self) -> Decimal:
        """The same in dollars, exactly."""
        return Decimal(self.nanos) / NANOS_PER_USD


class Tool(NamedTuple):
    """What was said of a tool when it was handed to a run."""

    name: str
    limits: ToolLimits
    cost: Cost = None
    most_nanos: int = 0
    """Held before each call; 0: it is free."""
    tells: bool = False
    """Where it may not run, its result is the reason, in words for the model; else `ToolRefused` is raised."""


def tool(
    name: str,
    *,
    cost: Cost = None,
    most: str | Decimal | None = None,
    same_call: int | None = None,
    limit: int | None = None,
    minutes: int | None = None,
    poll: bool = False,
    tells: bool = False,
) -> Tool:
    """Read the arguments of `run.tool(…)`. Raises Misused naming the one that cannot be."""
    if not name or len(name) > 128:
        raise Misused(f"a tool's name has 1 to 128 characters, not {name!r}")
    if callable(cost) and most is None:
        raise Misused(
            f"{name}: a cost that is known only afterwards cannot be held before; say what it is at most: "
            'run.tool(cost=…, most="$0.05")'
        )
    if most is not None and not callable(cost):
        raise Misused(f"{name}: `most` goes with a `cost` that is a function of the result")
    counts: tuple[tuple[str, object], ...] = (("same_call", same_call), ("limit", limit), ("minutes", minutes))
    for word, value in counts:
        least = 0 if word == "same_call" else 1
        if value is not None and not (isinstance(value, int) and value >= least):
            raise Misused(f"{name}: {word} must be a whole number from {least} on, not {value!r}")
    word, amount = ("most", most) if callable(cost) else ("cost", cost)
    held = 0 if amount is None else nanos_of(f"{name}: {word}", amount)
    return Tool(name, ToolLimits(same_call, limit, minutes, poll), cost, held, tells)
