"""The support desk: tools that run here."""

import pytest

from farthing.cli.demonstration.tickets import ORDERS, POLICY, RUN, TICKETS, TOOLS, lookup_order, refund, track_parcel
from farthing.testing.tokens import count


def test_every_tool_that_is_offered_can_be_run():
    assert {tool["function"]["name"] for tool in TOOLS} == set(RUN)


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool["function"]["name"])
def test_a_tool_takes_what_its_schema_says(tool):
    schema = tool["function"]["parameters"]
    values = {"string": "A-1001", "number": 1.0}
    arguments = {name: values[part["type"]] for name, part in schema["properties"].items()}
    assert RUN[tool["function"]["name"]](**arguments)["order_id"] == "A-1001"


def test_only_the_runaways_parcel_never_settles():
    pending = [
        ticket.name for ticket in TICKETS for order in ORDERS if order in ticket.text and "retry" in track_parcel(order)
    ]
    assert pending == [ticket.name for ticket in TICKETS if ticket.runaway]


def test_an_order_nobody_placed_is_not_found():
    assert lookup_order("A-9999")["status"] == "not found"
    assert refund("A-1001", 5)["refunded"] == 5


def test_the_policy_is_long_enough_for_a_provider_to_cache_it():
    assert count(POLICY) >= 1_024
