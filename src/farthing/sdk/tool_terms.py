"""What somebody says of a tool when they hand it to a run, and what its calls came to."""

from collections.abc import Callable
from typing import Any, NamedTuple

from farthing.domain.money import parse_usd
from farthing.sdk.errors import Misused
from farthing.sdk.tool_guard import ToolLimits

Cost = str | Callable[[Any], str] | None
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
    most: str | None = None,
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
    for word, value in (("same_call", same_call), ("limit", limit), ("minutes", minutes)):
        if value is not None and value < (0 if word == "same_call" else 1):
            raise Misused(f"{name}: {word} must be a whole number above 0, not {value!r}")
    held = 0 if cost is None else nanos_of(name, most if callable(cost) else cost)
    return Tool(name, ToolLimits(same_call, limit, minutes, poll), cost, held, tells)


def nanos_of(tool: str, amount: object) -> int:
    """An amount in nano-dollars. Raises Misused where it is none."""
    if not isinstance(amount, str):
        raise Misused(f"{tool}: a cost is a text, like '$0.01', not {amount!r}: a float cannot hold it exactly")
    try:
        return parse_usd(amount)
    except ValueError as error:
        raise Misused(f"{tool}: {error}") from error
