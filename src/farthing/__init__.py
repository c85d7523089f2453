"""Farthing: budgets for AI agents that cannot be overspent."""

__version__ = "0.1.0"

TYPE_CHECKING = False  # what `typing` calls so: type checkers know the name, and `typing` need not be loaded
if TYPE_CHECKING:
    from farthing.sdk.errors import BudgetExceeded, Misused, NoBudget, Refused
    from farthing.sdk.install import install, uninstall
    from farthing.sdk.run import Run, budget
    from farthing.sdk.tool_errors import NotCharged, ToolRefused
    from farthing.sdk.wrap import wrap

__all__ = [
    "BudgetExceeded",
    "Misused",
    "NoBudget",
    "NotCharged",
    "Refused",
    "Run",
    "ToolRefused",
    "__version__",
    "budget",
    "install",
    "uninstall",
    "wrap",
]

_HOMES = {
    "BudgetExceeded": "errors",
    "Misused": "errors",
    "NoBudget": "errors",
    "NotCharged": "tool_errors",
    "Refused": "errors",
    "Run": "run",
    "ToolRefused": "tool_errors",
    "budget": "run",
    "install": "install",
    "uninstall": "install",
    "wrap": "wrap",
}
"""Where each name lives; loaded when it is first used, so that `import farthing` costs next to nothing."""


def __getattr__(name: str) -> object:
    from importlib import import_module  # noqa: PLC0415 - loads what was asked for

    if name == "testing":
        return import_module("farthing.testing")
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'farthing' has no attribute {name!r}")
    found: object = getattr(import_module(f"farthing.sdk.{home}"), name)
    globals()[name] = found
    return found
