"""The model behind the simulated provider: it reads the conversation and decides, the same way every time."""

import re

import msgspec

from farthing.testing import Prompt, Reply, ToolCall

_ORDER = re.compile(r"A-\d{4}")


def support_model(prompt: Prompt) -> Reply | None:
    """The next step of a support agent; None for a prompt that offers no tools (the usual filler answers it)."""
    if not prompt.tools:
        return None
    found = _ORDER.search(prompt.text_of("user"))
    order = found.group() if found else ""
    results = [msgspec.json.decode(turn.text) for turn in prompt.turns if turn.role == "tool"]
    if not results:
        return _use("lookup_order", order_id=order)
    told, last = results[0], results[-1]
    if "refunded" in last:
        return _say(
            f"I have paid back {last['refunded']:.2f} for order {order}, the {told['item']}; "
            f"the reference is {last['reference']}."
        )
    if told.get("status") in ("delivered", "returned"):
        return _use("refund", order_id=order, amount=told["paid"])
    if "parcel" not in last or last["parcel"] == "pending" or last is told:
        return _use("track_parcel", order_id=order)
    return _say(f"Order {order}, the {told['item']}, is {last['parcel']}.")


def _use(name: str, **arguments: object) -> Reply:
    return Reply(text=f"I will use {name}.", tools=(ToolCall(name, arguments),))


def _say(text: str) -> Reply:
    return Reply(text=text)
