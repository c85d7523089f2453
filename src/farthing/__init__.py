"""Farthing: budgets for AI agents that cannot be overspent."""

__version__ = "0.1.0"

TYPE_CHECKING = False  # what `typing` calls so: type checkers know the name, and `typing` need not be loaded
if TYPE_CHECKING:
    from farthing.domain.errors import FarthingError, LedgerUnavailable
    from farthing.sdk.errors import BudgetExceeded, Misused, NoBudget, Refused
    from farthing.sdk.install import install, uninstall
    from farthing.sdk.run import Run, budget
    from farthing.sdk.tool_errors import NotCharged, ToolRefused
    from farthing.sdk.wrap import wrap

__all__ = [
    "BudgetExceeded",
    "FarthingError",
    "LedgerUnavailable",
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
    "BudgetExceeded": "sdk.errors",
    "FarthingError": "domain.errors",
    "LedgerUnavailable": "domain.errors",
    "Misused": "sdk.errors",
    "NoBudget": "sdk.errors",
    "NotCharged": "sdk.tool_errors",
    "Refused": "sdk.errors",
    "Run": "sdk.run",
    "ToolRefused": "sdk.tool_errors",
    "budget": "sdk.run",
    "install": "sdk.install",
    "uninstall": "sdk.install",
    "wrap": "sdk.wrap",
}
"""Where each name lives; loaded when it is first used, so that `import farthing` costs next to nothing."""


def __getattr__(name: str) -> object:
    from importlib import import_module  # noqa: PLC0415 - loads what was asked for

    if name == "testing":
        return import_module("farthing.testing")
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'farthing' has no attribute {name!r}")
    found: object = getattr(import_module(f"farthing.{home}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """What is here to be used: editors and notebooks offer it before any of it is loaded."""
    return [*__all__, "testing"]
