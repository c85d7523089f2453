"""The words of FOCUS rows."""

import pytest

from farthing.billing.focus_words import category, described, maker, meter_words, price_unit, service
from support.bill_lines import line, lump


def test_providers_are_called_as_people_write_them():
    assert [maker(name) for name in ("openai", "Anthropic", "our-own", "")] == [
        "OpenAI",
        "Anthropic",
        "our-own",
        "(unknown)",
    ]


def test_tools_are_no_api_of_anybody():
    assert [service(name) for name in ("openai", "tool")] == ["OpenAI API", "Tools"]


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
    assert described(lump("other:search", 1)) == "Cost beside models: search"
    assert described(line(corrects="2026-09")) == "Correction of 2026-09: Input Tokens of gpt-4o"
