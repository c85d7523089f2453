"""Values that satisfy a schema."""

import pytest

from farthing.testing.conversation import Prompt, Tool, Turn
from farthing.testing.sample import known_from, sample


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, "example"),
        ({"type": "string", "enum": ["a", "b"]}, "a"),
        ({"type": "integer", "minimum": 5}, 5),
        ({"type": ["number", "null"]}, 1),
        ({"type": "boolean"}, True),
        ({"type": "null"}, None),
        ({"const": 7}, 7),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, 1),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [1, 1]),
        ({"type": "object", "properties": {"a": {"type": "integer"}, "b": {}}, "required": ["a"]}, {"a": 1}),
        ({}, "example"),
    ],
)
def test_the_plainest_value_of_each_schema(schema, value):
    assert sample(schema, {}) == value


def test_a_schema_without_end_has_an_end():
    endless = {"type": "object", "properties": {}}
    endless["properties"]["again"] = endless
    assert sample(endless, {})["again"]


def test_what_the_conversation_knows_fills_arguments():
    refund = Tool(
        "refund", {"type": "object", "properties": {"order_id": {"type": "string"}, "amount": {"type": "number"}}}
    )
    turns = (
        Turn(role="user", text="Please refund order A-1001 today"),
        Turn(role="tool", text='{"amount": 12.5, "status": "late"}'),
        Turn(role="tool", text="not json"),
    )
    prompt = Prompt(dialect="openai-chat", model="m", turns=turns, tools=(refund,))
    assert sample(refund.schema, known_from(prompt)) == {"order_id": "A-1001", "amount": 12.5}
