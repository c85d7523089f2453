"""The model's decisions, one step of the conversation at a time."""

import msgspec

from farthing.cli.demonstration.model import support_model
from farthing.testing import Prompt, Reply
from farthing.testing.conversation import Tool, Turn

TOOLS = (Tool("lookup_order", {}), Tool("track_parcel", {}), Tool("refund", {}))


def decide(text: str, *results: dict) -> Reply:
    turns = (Turn(role="user", text=text), *(Turn(role="tool", text=msgspec.json.encode(r).decode()) for r in results))
    found = support_model(Prompt(dialect="openai-chat", model="m", turns=turns, tools=TOOLS))
    assert found is not None
    return found


def used(reply: Reply) -> str:
    return reply.tools[0].name


DELIVERED = {"item": "teapot", "status": "delivered", "paid": 34.5}
MOVING = {"item": "lamp", "status": "in transit", "paid": 1.0, "parcel": "on its way"}


def test_it_looks_the_order_up_first():
    reply = decide("Where is A-1002?")
    assert (used(reply), reply.tools[0].arguments) == ("lookup_order", {"order_id": "A-1002"})


def test_what_came_back_is_refunded_and_then_told():
    reply = decide("Broken: A-1001", DELIVERED)
    assert (used(reply), reply.tools[0].arguments["amount"]) == ("refund", 34.5)
    done = decide("Broken: A-1001", DELIVERED, {"refunded": 34.5, "reference": "RF-1"})
    assert "34.50" in done.text
    assert done.tools == ()


def test_what_is_on_its_way_is_tracked_and_then_told():
    assert used(decide("Where is A-1002?", MOVING)) == "track_parcel"
    assert "on its way" in decide("Where is A-1002?", MOVING, {"parcel": "on its way"}).text


def test_what_stays_pending_is_asked_for_again_and_again():
    pending = {"parcel": "pending", "retry": True}
    assert used(decide("Where is A-1006?", MOVING, *[pending] * 9)) == "track_parcel"


def test_without_tools_the_usual_filler_answers():
    assert support_model(Prompt(dialect="openai-chat", model="m", turns=(Turn(role="user", text="hi"),))) is None
