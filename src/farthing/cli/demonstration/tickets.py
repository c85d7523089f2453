"""The support desk of the demonstration: tickets, orders, and the tools that the agent runs on this machine."""

from collections.abc import Callable
from typing import Any

import msgspec

Json = dict[str, Any]


class Ticket(msgspec.Struct, frozen=True):
    """What a customer wrote."""

    name: str
    text: str
    runaway: bool = False
    """Its parcel's status never settles, so an agent that trusts its tool asks for ever."""


TICKETS = (
    Ticket("ticket-1", "Order A-1001 arrived broken. I would like my money back."),
    Ticket("ticket-2", "Where is order A-1002? It should have been here on Monday."),
    Ticket("ticket-3", "Please refund order A-1003, I sent it back last week."),
    Ticket("ticket-4", "Has order A-1004 been sent yet?"),
    Ticket("ticket-5", "I was charged twice for order A-1005. Refund one of them, please."),
    Ticket("ticket-6", "Where is order A-1006? Please check until you know.", runaway=True),
)

ORDERS: dict[str, Json] = {
    "A-1001": {"item": "teapot", "status": "delivered", "paid": 34.5},
    "A-1002": {"item": "desk lamp", "status": "in transit", "paid": 52.0, "parcel": "out for delivery"},
    "A-1003": {"item": "rain jacket", "status": "returned", "paid": 89.0},
    "A-1004": {"item": "notebook", "status": "in transit", "paid": 7.9, "parcel": "handed to the carrier"},
    "A-1005": {"item": "headphones", "status": "delivered", "paid": 129.0},
    "A-1006": {"item": "bicycle bell", "status": "in transit", "paid": 12.0, "parcel": "pending"},
}


def lookup_order(order_id: str) -> Json:
    """An order of the shop's."""
    return {"order_id": order_id, **ORDERS.get(order_id, {"status": "not found"})}


def track_parcel(order_id: str) -> Json:
    """Where a parcel is, as the carrier says."""
    where = ORDERS.get(order_id, {}).get("parcel", "unknown")
    return {"order_id": order_id, "parcel": where, **({"retry": True} if where == "pending" else {})}


def refund(order_id: str, amount: float) -> Json:
    """Pay a customer back."""
    return {"order_id": order_id, "refunded": amount, "reference": f"RF-{order_id[2:]}"}


def _function(name: str, about: str, **properties: str) -> Json:
    schema = {
        "type": "object",
        "properties": {field: {"type": kind} for field, kind in properties.items()},
        "required": list(properties),
    }
    return {"type": "function", "function": {"name": name, "description": about, "parameters": schema}}


TOOLS = [
    _function("lookup_order", "Look an order up by its id.", order_id="string"),
    _function("track_parcel", "Ask the carrier where a parcel is.", order_id="string"),
    _function("refund", "Pay the customer of an order back.", order_id="string", amount="number"),
]

RUN: dict[str, Callable[..., Json]] = {"lookup_order": lookup_order, "track_parcel": track_parcel, "refund": refund}

_RULES = (
    "Look the order up before you say anything about it.",
    "Refund only what was paid, and only where the order was delivered or came back to us.",
    "Where the carrier says that a parcel is pending, ask again until it says where it is.",
    "Never promise a date that the carrier has not given.",
    "Write two sentences at most; name the order, the item and what you did.",
    "Be kind. The customer has waited long enough already and deserves a plain answer.",
)
POLICY = "\n".join(
    ["You are the support agent of a small shop. These are the rules of the house.", ""]
    + [f"{number}. {rule}" for number, rule in enumerate(_RULES, start=1)]
    + ["", "What the shop sells, what it costs and how long it takes:"]
    + [
        f"- {item}: sold in {shades} shades, sent within {days} working days, guaranteed for {years} years, "
        "may be sent back within 30 days in its own box"
        for days in (1, 2, 3)
        for shades, years in ((2, 1), (5, 2))
        for item in ("teapot", "desk lamp", "rain jacket", "notebook", "headphones", "bicycle bell")
    ]
)
"""The system prompt: long enough that a provider caches it, as real ones are."""
