"""Test your own agents without a key: a simulated provider that answers, bills, limits and fails like the real ones.

    with SimulatedProvider().in_thread() as provider:
        client = OpenAI(base_url=f"{provider.url}/v1", api_key="any")

Names load on first use, so importing this package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from farthing.testing.bill import Bill, Entry
    from farthing.testing.clock import ManualClock
    from farthing.testing.conversation import Prompt, Reply, ToolCall
    from farthing.testing.delivery import Pace
    from farthing.testing.faults import Fault, parse_fault
    from farthing.testing.listprices import list_prices
    from farthing.testing.script import agent
    from farthing.testing.server import SimulatedProvider, serve_provider
    from farthing.testing.simulation import Settings

__all__ = [
    "Bill",
    "Entry",
    "Fault",
    "ManualClock",
    "Pace",
    "Prompt",
    "Reply",
    "Settings",
    "SimulatedProvider",
    "ToolCall",
    "agent",
    "list_prices",
    "parse_fault",
    "serve_provider",
]

_HOMES = {
    "Bill": "bill",
    "Entry": "bill",
    "Fault": "faults",
    "ManualClock": "clock",
    "Pace": "delivery",
    "Prompt": "conversation",
    "Reply": "conversation",
    "Settings": "simulation",
    "SimulatedProvider": "server",
    "ToolCall": "conversation",
    "agent": "script",
    "list_prices": "listprices",
    "parse_fault": "faults",
    "serve_provider": "server",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
