"""The words of FOCUS rows."""

import pytest

from farthing.billing.focus_words import (
    category,
    described,
    maker,
    meter_words,
    price_unit,
    service,
    service_category,
)
from support.bill_lines import line, lump, other


def test_providers_are_called_as_people_write_them():
    assert [maker(name) for name in ("openai", "Anthropic", "our-own", "")] == [
        "OpenAI",
        "Anthropic",
        "our-own",
        "(unknown)",
    ]


def test_tools_are_no_api_of_anybody():
    assert [service(line(provider=name)) for name in ("openai", "tool")] == ["OpenAI API", "Tools"]


def test_a_cost_beside_models_is_the_service_it_was_booked_as():
    assert [service(other(kind)) for kind in ("search", "Exa search", "")] == ["search", "Exa search", "(unnamed)"]


def test_kinds_that_say_what_they_are_have_a_category_of_focus_and_others_are_not_guessed_at():
    assert service_category(line()) == ("AI and Machine Learning", "Generative AI")
    assert service_category(other("search")) == ("Analytics", "Search")
    assert service_category(other("Compute")) == ("Compute", "Other (Compute)")
    assert service_category(other("storage")) == ("Storage", "Other (Storage)")
    assert service_category(other("tool")) == ("Other", "Other (Other)")


def test_meters_have_names_units_and_sizes():
    assert meter_words("cache_write_1h") == ("Cache Write Tokens (1 hour)", "Tokens")
    assert meter_words("web_search") == ("Web Searches", "Searches")
    assert meter_words("thought_tokens") == ("Thought Tokens", "Tokens")
    assert price_unit("input") == ("1000000 Tokens", 6)
    assert price_unit("request") == ("1000 Requests", 3)


@pytest.mark.parametrize("meter", ["rounding", "estimated", "unexplained", "unpriced", "other:search"])
def test_what_is_not_metered_is_an_adjustment(meter):
    assert category(lump(meter, 1)) == "Adjustment"
    assert category(line()) == "Usage"


def test_descriptions_say_why():
    assert described(line(tier="batch")) == "Input Tokens of gpt-4o, service tier batch"
    assert described(lump("estimated", 1)).startswith("Charged by the budgets' policy")
    assert described(other("search")) == "Cost beside models: search, booked once"
    assert described(other("search", bookings=1_200)) == "Cost beside models: search, booked 1,200 times"
    assert described(other("search", corrects="2026-09")) == "Correction of 2026-09: Cost beside models: search"
    assert described(line(corrects="2026-09")) == "Correction of 2026-09: Input Tokens of gpt-4o"
