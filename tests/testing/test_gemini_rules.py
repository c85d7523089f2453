"""The rules of Gemini requests, in Google's own words, and how much its models think."""

import pytest

from farthing.testing.errors import Rejected
from farthing.testing.gemini import Generate
from farthing.testing.gemini_rules import camel, levelled
from support.gemini_wire import call, model, result, user


def read(name="gemini-2.5-flash", **fields):
    return Generate(name, "generateContent").read({"contents": [user("hello")], **fields})


def config(**fields):
    return {"generationConfig": fields}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"contents": []}, "contents is not specified"),
        ({"contents": [{"role": "user", "parts": []}]}, "contents.parts must not be empty"),
        ({"contents": [{"role": "assistant", "parts": [{"text": "a"}]}]}, "Please use a valid role: user, model."),
        ({"contents": [{"parts": [{"thought": True}]}]}, "required oneof field 'data'"),
        (
            {"contents": [{"parts": [{"txt": "a"}]}]},
            "Unknown name \"txt\" at 'contents[0].parts[0]': Cannot find field.",
        ),
        ({"messages": []}, 'Unknown name "messages": Cannot find field.'),
        (config(max_tokens=5), "Unknown name \"maxTokens\" at 'generation_config'"),
        (config(maxOutputTokens=0), "supported range is from 1 (inclusive) to 65537 (exclusive)"),
        (config(maxOutputTokens="5"), "Invalid value at 'generation_config.max_output_tokens'"),
        ({"contents": [model(call())]}, "function call turn comes immediately after"),
        ({"contents": [user("a"), model(call(), call()), result()]}, "equal to the number of function call parts"),
        ({"contents": [user("a"), result()]}, "function response turn comes immediately after"),
        ({"toolConfig": {"functionCallingConfig": {"mode": "AUTO", "allowedFunctionNames": ["f"]}}}, "mode is ANY"),
        ({"contents": [user("word " * 1_100_000)]}, "exceeds the maximum number of tokens allowed (1048576)"),
        (config(thinkingConfig={"thinkingLevel": "low"}), "Thinking level is not supported for this model."),
        (config(thinkingConfig={"thinkingBudget": 99_999}), "choose a value between 1 and 24576"),
    ],
)
def test_what_google_refuses_is_refused_in_its_words(fields, words):
    with pytest.raises(Rejected) as refused:
        read(**fields)
    assert words in refused.value.message
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("name", "thinking", "words"),
    [("gemini-2.5-pro", {"thinkingBudget": 0}, "only works in thinking mode"), ("gemini-2.0-flash", {"thinkingBudget": 5}, "not supported"),
     ("gemini-3-pro-preview", {"thinkingLevel": "low", "thinkingBudget": 5}, "only set only one"),
     ("gemini-3-pro-preview", {"thinkingLevel": "huge"}, "Invalid value")],
)  # fmt: skip
def test_each_model_takes_its_own_way_of_thinking(name, thinking, words):
    with pytest.raises(Rejected) as refused:
        read(name, **config(thinkingConfig=thinking))
    assert words in refused.value.message


@pytest.mark.parametrize(
    ("name", "thinking", "tokens"),
    [("gemini-2.5-flash", {}, 64), ("gemini-2.5-flash", {"thinkingBudget": 0}, 0), ("gemini-2.5-flash", {"thinkingBudget": 800}, 100),
     ("gemini-3-pro-preview", {"thinkingLevel": "HIGH"}, 128), ("gemini-2.0-flash", {}, 0), ("gemini-2.5-pro", {"thinkingBudget": -1}, 64)],
)  # fmt: skip
def test_a_model_thinks_a_part_of_its_budget(name, thinking, tokens):
    assert read(name, **config(thinkingConfig=thinking)).reasoning == tokens


def test_snake_case_is_taken_and_what_the_caller_names_stays():
    given = {"generation_config": {"top_k": 1}, "tools": [{"function_declarations": [{"parameters": {"a_b": 1}}]}]}
    assert camel(given) == {
        "generationConfig": {"topK": 1},
        "tools": [{"functionDeclarations": [{"parameters": {"a_b": 1}}]}],
    }


def test_levels_came_with_the_third_generation():
    assert levelled("gemini-3.8-flash")
    assert not levelled("gemini-2.5-pro")
