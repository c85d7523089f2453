"""How each of Gemini's models is told to think less, and what a search costs one."""

import pytest

from farthing.wire.gemini.models import bare, fitting_budget, less_thinking, searches_billed


@pytest.mark.parametrize(
    ("model", "asked", "made"),
    [
        ("gemini-2.5-flash", None, {"thinkingBudget": 0}),
        ("gemini-2.5-flash", {"thinkingBudget": 0}, None),
        ("gemini-2.5-flash-lite", {"thinkingBudget": 900, "includeThoughts": True}, {"thinkingBudget": 0, "includeThoughts": True}),
        ("models/gemini-2.5-pro", {}, {"thinkingBudget": 128}),
        ("gemini-2.5-pro-preview-06-05", {"thinkingBudget": 128}, None),
        ("gemini-3-pro-preview", None, {"thinkingLevel": "low"}),
        ("gemini-3.8-flash", {"thinkingLevel": "high"}, {"thinkingLevel": "low"}),
        ("gemini-3.8-flash", {"thinkingLevel": "MINIMAL"}, None),
        ("gemini-4-argon", {"thinkingBudget": 9}, {"thinkingLevel": "low"}),
        ("gemini-2.0-flash", None, None),
        ("gemini-flash-latest", None, None),
        ("gemini-2.5-flash-image", None, None),
        ("gemma-3-27b-it", None, None),
    ],
)  # fmt: skip
def test_a_model_thinks_as_little_as_it_can_in_its_own_words(model, asked, made):
    assert less_thinking(model, asked) == made


@pytest.mark.parametrize(
    ("model", "cap", "budget"),
    [("gemini-2.5-flash", 1000, 744), ("gemini-2.5-flash", 100, 50), ("gemini-2.5-pro", 100, 128), ("gemini-2.5-pro", 1000, 744),
     ("gemini-2.5-flash-lite", 700, 0), ("gemini-2.5-flash-lite", 800, 544), ("gemini-3-pro-preview", 100, 50)],
)  # fmt: skip
def test_a_budget_fits_under_the_cap_and_above_the_models_least(model, cap, budget):
    assert fitting_budget(model, cap) == budget


@pytest.mark.parametrize(
    ("model", "queries", "billed"),
    [("gemini-2.5-pro", 3, 1), ("gemini-2.5-pro", 0, 0), ("gemini-3-pro-preview", 3, 3), ("gemini-4-argon", 2, 2)],
)
def test_searches_are_billed_by_the_prompt_before_gemini_3_and_by_the_query_since(model, queries, billed):
    assert searches_billed(model, queries) == billed


def test_a_name_is_what_is_left_without_its_seller():
    assert bare("models/gemini-2.5-pro") == bare("gemini-2.5-pro") == "gemini-2.5-pro"
