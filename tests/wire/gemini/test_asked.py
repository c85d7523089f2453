"""What a Gemini request asks for: caps, candidates, thinking, tiers, and what bills without a bound."""

import pytest

from farthing.domain.errors import BadRequest
from farthing.wire.gemini.generate import GenerateDialect
from support.gemini_wire import asked, compact, user

GEMINI = GenerateDialect("gemini-2.5-flash")


def read(**fields):
    return GEMINI.read(asked(**fields)).asked


def config(**fields):
    return read(generationConfig=fields)


def field_of(**fields):
    with pytest.raises(BadRequest) as refused:
        read(**fields)
    assert refused.value.status == 400
    return refused.value.field


def test_the_cap_and_the_candidates_stand_in_the_configuration():
    made = config(maxOutputTokens=77, candidateCount=3)
    assert (made.cap, made.choices, made.thinking, made.reasons) == (77, 3, None, False)
    assert (read(generationConfig=None).cap, read(generationConfig=None).choices) == (None, 1)


@pytest.mark.parametrize("cap", [0, -1, 1.0, "100", True, 2**31])
def test_a_cap_that_is_no_whole_number_is_refused(cap):
    assert field_of(generationConfig={"maxOutputTokens": cap}) == "generationConfig.maxOutputTokens"


@pytest.mark.parametrize("other", ["max_tokens", "maxTokens", "max_completion_tokens", "maxOutputTokens"])
def test_a_cap_where_this_api_has_none_is_refused(other):
    assert field_of(**{other: 5}) in {"maxTokens", "maxCompletionTokens", "maxOutputTokens"}


def test_two_caps_in_two_spellings_are_refused():
    twice = {"maxOutputTokens": 5, "max_output_tokens": 50_000}
    assert field_of(generationConfig=twice) == "generationConfig.maxOutputTokens"
    assert field_of(generation_config={"maxOutputTokens": 50_000}) == "generationConfig"


@pytest.mark.parametrize(
    ("thinking", "budget", "reasons"),
    [({"thinkingBudget": 512}, 512, True), ({"thinkingBudget": 0}, None, True), ({"thinkingBudget": -1}, None, True),
     ({"thinkingLevel": "low"}, None, True), ({}, None, False)],
)  # fmt: skip
def test_a_thinking_budget_is_a_part_of_the_cap(thinking, budget, reasons):
    made = config(thinkingConfig=thinking)
    assert (made.thinking, made.reasons) == (budget, reasons)


@pytest.mark.parametrize("thinking", [{"thinkingBudget": -2}, {"thinkingBudget": "8"}, {"thinkingLevel": 3}, []])
def test_thinking_that_cannot_be_understood_is_refused(thinking):
    assert field_of(generationConfig={"thinkingConfig": thinking}).startswith("generationConfig.thinkingConfig")


@pytest.mark.parametrize(("tier", "known"), [(None, ""), ("standard", ""), ("FLEX", "flex"), ("unspecified", "")])
def test_a_tier_that_never_costs_more_is_passed_on(tier, known):
    assert read(serviceTier=tier).tier == known


def test_a_tier_whose_price_nobody_tells_is_refused():
    assert field_of(serviceTier="priority") == "serviceTier"


def test_fields_that_nobody_here_has_heard_of_bill_without_a_bound():
    assert read(somethingNew={"a": 1}).uncapped == ("somethingNew",)
    assert config(imageConfig={"aspectRatio": "1:1"}).uncapped == ("generationConfig.imageConfig",)
    assert read(safetySettings=[], store=False, labels={"team": "a"}).uncapped == ()


def test_pictures_out_bill_at_a_price_that_usage_does_not_tell():
    assert config(responseModalities=["TEXT", "IMAGE"]).uncapped == ("generationConfig.responseModalities",)
    assert config(responseModalities=["text"]).uncapped == ()


def test_spoken_output_has_its_own_price():
    assert config(responseModalities=["AUDIO"]).audio_output
    assert not config(responseModalities=["TEXT"]).audio_output


def test_cached_content_is_elsewhere_and_may_be_sound():
    made = read(cachedContent="cachedContents/abc")
    assert (made.pointers, made.audio_input) == (("cachedContent",), True)
    assert not read().audio_input


def test_a_schema_is_a_part_of_the_prompt():
    schema = {"type": "OBJECT", "properties": {"a_b": {"type": "STRING"}}}
    assert config(responseSchema=schema).text_bytes == config().text_bytes + len(compact(schema))


def test_labels_of_the_body_are_tags():
    assert read(labels={"team": "support", "bad": 5}).attribution == (("tag.team", "support"),)


@pytest.mark.parametrize("contents", [None, [], "hello", [5]])
def test_a_body_without_contents_is_refused(contents):
    assert field_of(contents=contents).startswith("contents")


def test_a_model_elsewhere_than_in_the_address_is_refused():
    with pytest.raises(BadRequest):
        GEMINI.read(compact({"contents": [user("x")], "model": "models/gemini-2.5-pro"}))
