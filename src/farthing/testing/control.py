"""Steering the simulation over HTTP, for tests in other processes: `/_sim/bill`, `/_sim/script`, `/_sim/reset`."""

from typing import Any

import msgspec

from farthing.testing.bill import Entry
from farthing.testing.conversation import Reply, ToolCall
from farthing.testing.faults import Fault, fault_of
from farthing.testing.simulation import Simulation


class Tool(msgspec.Struct, forbid_unknown_fields=True):
    """A tool call in a scripted reply."""

    name: str
    arguments: dict[str, Any] = {}


class ScriptedReply(msgspec.Struct, forbid_unknown_fields=True):
    """A scripted reply as JSON; the fields are those of `Reply`."""

    text: str | None = None
    tools: list[Tool] = []
    tokens: int | None = None
    reasoning: int | None = None

    def reply(self) -> Reply:
        calls = tuple(ToolCall(tool.name, tool.arguments) for tool in self.tools)
        return Reply(text=self.text, tools=calls, tokens=self.tokens, reasoning=self.reasoning)


class Orders(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `POST /_sim/script`: what to add to the queues. Faults are strings (`429:retry_after=1`) or objects."""

    replies: list[str | ScriptedReply] = []
    faults: list[str | Fault | None] = []
    count_faults: list[str | Fault | None] = []
    chances: dict[str, float] | None = None
    """Fault → probability, replacing what was set before; `{}` ends it."""
    seed: int = 0


def obey(simulation: Simulation, body: bytes) -> None:
    """Carry out orders. Raises ValueError (or its child msgspec.ValidationError) that says what is wrong."""
    orders = msgspec.json.decode(body or b"{}", type=Orders)
    faults = [None if fault is None else fault_of(fault) for fault in orders.faults]
    count_faults = [None if fault is None else fault_of(fault) for fault in orders.count_faults]
    if orders.chances is not None:
        simulation.faults.roll(orders.chances, orders.seed)
    simulation.faults.push(*faults)
    simulation.count_faults.push(*count_faults)
    simulation.script.push(*(reply if isinstance(reply, str) else reply.reply() for reply in orders.replies))


def bill_body(simulation: Simulation) -> bytes:
    """All entries and their sums as JSON."""
    bill = simulation.bill
    body = {"entries": [_line(entry) for entry in bill.entries], "picos": bill.picos, "nanos": bill.nanos}
    return msgspec.json.encode(body)


def read_bill(body: bytes) -> tuple[Entry, ...]:
    """The entries from the JSON of `GET /_sim/bill`."""
    lines = msgspec.json.decode(body)["entries"]
    return tuple(
        msgspec.convert({name: value for name, value in line.items() if name != "nanos"}, Entry) for line in lines
    )


def _line(entry: Entry) -> dict[str, Any]:
    return {**msgspec.to_builtins(entry), "nanos": entry.nanos}
