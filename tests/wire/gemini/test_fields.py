"""One spelling for a Gemini body: snake_case, camelCase and single objects, and what is the caller's own."""

import pytest

from farthing.domain.errors import BadRequest
from farthing.wire.gemini.fields import normal
from farthing.wire.strict import read_object
from support.gemini_wire import compact


def spelled(value):
    return normal(read_object(compact(value))).value


def test_a_body_in_googles_own_spelling_is_the_same_object():
    body = read_object(compact({"contents": [{"parts": [{"text": "a_b"}]}], "generationConfig": {"topK": 1}}))
    assert normal(body) is body


def test_every_level_is_brought_into_one_spelling_in_its_own_order():
    given = {"system_instruction": {"parts": []}, "generation_config": {"thinking_config": {"thinking_budget": 1}}}
    made = spelled(given)
    assert made == {"systemInstruction": {"parts": []}, "generationConfig": {"thinkingConfig": {"thinkingBudget": 1}}}
    assert list(made) == ["systemInstruction", "generationConfig"]
    assert spelled({"contents": [{"parts": [{"inline_data": {"mime_type": "a", "data": "_"}}]}]})["contents"] == [
        {"parts": [{"inlineData": {"mimeType": "a", "data": "_"}}]}
    ]


def test_what_the_caller_names_himself_keeps_its_names():
    parameters = {"properties": {"order_id": {"type": "STRING"}}}
    made = spelled({"tools": [{"function_declarations": [{"name": "get_order", "parameters": parameters}]}]})
    assert made == {"tools": [{"functionDeclarations": [{"name": "get_order", "parameters": parameters}]}]}
    call = {"function_call": {"name": "get_order", "args": {"order_id": "A"}}}
    assert spelled({"contents": [{"parts": [call]}]})["contents"][0]["parts"] == [
        {"functionCall": {"name": "get_order", "args": {"order_id": "A"}}}
    ]
    schema = {"properties": {"a_b": {}}}
    assert spelled({"generationConfig": {"_responseJsonSchema": schema}}) == {
        "generationConfig": {"_responseJsonSchema": schema}
    }


def test_one_object_is_a_list_of_one():
    part = {"text": "a"}
    made = spelled(
        {
            "contents": {"parts": part},
            "systemInstruction": {"parts": part},
            "tools": {"functionDeclarations": {"name": "f"}},
        }
    )
    assert made == {
        "contents": [{"parts": [part]}],
        "systemInstruction": {"parts": [part]},
        "tools": [{"functionDeclarations": [{"name": "f"}]}],
    }
    assert spelled({"contents": [{"parts": part}]}) == {"contents": [{"parts": [part]}]}


@pytest.mark.parametrize(
    ("value", "field"),
    [({"generationConfig": {}, "generation_config": {}}, "generationConfig"),
     ({"generationConfig": {"max_output_tokens": 1, "maxOutputTokens": 2}}, "generationConfig.maxOutputTokens"),
     ({"contents": [{"parts": [{"inlineData": {}, "inline_data": {}}]}]}, "contents[0].parts[0].inlineData")],
)  # fmt: skip
def test_one_field_in_two_spellings_is_refused_by_name(value, field):
    with pytest.raises(BadRequest) as refused:
        spelled(value)
    assert refused.value.field == field


def test_an_underscore_written_as_an_escape_is_one():
    body = read_object(rb'{"generation\u005fconfig":{"max\u005Foutput_tokens":7}}')
    assert normal(body).value == {"generationConfig": {"maxOutputTokens": 7}}
