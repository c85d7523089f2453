"""What a Gemini request says to the simulated model: turns, tools, the choice of a tool, and its tokens."""

import pytest

from farthing.testing.gemini_prompt import functions_of, prompt_of, tokens_of
from farthing.testing.tokens import count
from support.gemini_wire import GET_ORDER, call, model, result, user


def body(**more):
    return {"contents": [user("Where is my order?"), model(call()), result()], **more}


def test_turns_are_neutral():
    prompt = prompt_of(body(systemInstruction={"parts": [{"text": "be brief"}]}), "gemini-2.5-flash")
    assert [turn.role for turn in prompt.turns] == ["system", "user", "assistant", "tool"]
    assert prompt.turns[2].calls[0].arguments == {"order_id": "A-1001"}
    assert (prompt.turns[3].answers, prompt.turns[3].text) == ("get_order", '{"result":"sent"}')
    assert (prompt.dialect, prompt.model) == ("gemini", "gemini-2.5-flash")


def test_tools_and_schemas_are_in_json_schemas_spelling():
    prompt = prompt_of(body(tools=[GET_ORDER], generationConfig={"responseSchema": {"type": "OBJECT"}}), "m")
    assert prompt.tools[0].schema["properties"]["order_id"] == {"type": "string"}
    assert prompt.schema == {"type": "object"}
    assert functions_of(body()) == []


@pytest.mark.parametrize(
    ("mode", "names", "choice"),
    [
        (None, [], "auto"),
        ("AUTO", [], "auto"),
        ("NONE", [], "none"),
        ("ANY", [], "required"),
        ("ANY", ["get_order"], "get_order"),
    ],
)
def test_the_choice_of_a_tool(mode, names, choice):
    calling = {"mode": mode, "allowedFunctionNames": names}
    assert prompt_of(body(toolConfig={"functionCallingConfig": calling}), "m").tool_choice == choice


def test_tokens_are_those_of_the_texts_and_a_little_around_them():
    alone = len(tokens_of({"contents": [user("Where is my order?")]}))
    assert count("Where is my order?") < alone < count("Where is my order?") + 12
    assert len(tokens_of(body(tools=[GET_ORDER]))) > len(tokens_of(body())) > alone


def test_a_picture_costs_tiles_and_never_its_base64():
    part = {"inlineData": {"mimeType": "image/png", "data": "A" * 40_000}}
    tokens = len(tokens_of({"contents": [{"role": "user", "parts": [part]}]}))
    assert 258 <= tokens < 1_100
