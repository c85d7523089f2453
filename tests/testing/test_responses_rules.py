"""Responses requests."""

import pytest

from farthing.testing.errors import Rejected
from farthing.testing.responses_rules import read
from support.simulated import responses_body, responses_tool

CALL = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"a":1}'}
RESULT = {"type": "function_call_output", "call_id": "c1", "output": "{}"}
STORED = [{"role": "user", "content": "earlier words"}]


def asked(**more):
    return read(responses_body(**more), lambda name: STORED if name == "resp_1" else None)


@pytest.mark.parametrize(
    ("more", "param", "code"),
    [
        ({"input": None}, "input", "missing_required_parameter"),
        ({"input": 5}, "input", "invalid_type"),
        ({"max_output_tokens": 15}, "max_output_tokens", "integer_below_min_value"),
        ({"max_output_tokens": 20_000}, "max_output_tokens", "invalid_value"),
        ({"max_tokens": 50}, "max_tokens", "unknown_parameter"),
        ({"previous_response_id": "resp_2"}, "previous_response_id", "previous_response_not_found"),
        ({"background": True, "store": False}, "background", None),
        ({"input": [CALL]}, "input", None),
        ({"input": [RESULT]}, "input", None),
        ({"model": "o3", "temperature": 0}, "temperature", "unsupported_value"),
    ],
)
def test_broken_rules_get_openais_errors(more, param, code):
    with pytest.raises(Rejected) as caught:
        asked(**more)
    assert (caught.value.status, caught.value.param, caught.value.code) == (400, param, code)


def test_items_are_read_as_turns():
    items = [
        {"role": "developer", "content": "x"},
        {"role": "user", "content": [{"type": "input_text", "text": "hi"}]},
        CALL,
        RESULT,
        {"type": "reasoning", "summary": []},
    ]
    ask = asked(input=items, instructions="be brief", tools=[responses_tool("f", "a")])
    assert [turn.role for turn in ask.prompt.turns] == ["system", "system", "user", "assistant", "tool"]
    assert ask.prompt.turns[3].calls[0].arguments == {"a": 1}


def test_a_continued_chain_is_read_and_billed_again():
    alone, continued = asked(), asked(previous_response_id="resp_1")
    assert continued.input_tokens > alone.input_tokens
    assert [turn.text for turn in continued.prompt.turns] == ["earlier words", "Where is my order A-1001?"]
    assert asked(input=None, previous_response_id="resp_1").prompt.turns[0].text == "earlier words"


def test_cap_background_and_format_are_read():
    form = {"type": "json_schema", "name": "x", "schema": {"type": "object"}}
    ask = asked(max_output_tokens=16, background=True, text={"format": form})
    assert (ask.cap, ask.background, ask.prompt.schema) == (16, True, {"type": "object"})


def test_what_a_client_says_of_itself_is_taken():
    assert asked(client_metadata={"session": "s-1"}).prompt.text_of("user") == responses_body()["input"]
