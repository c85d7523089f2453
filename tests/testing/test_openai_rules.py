"""Rules that OpenAI's endpoints share."""

import pytest

from farthing.testing import openai_rules as rules
from farthing.testing.errors import Rejected
from farthing.testing.models import model_named


def refusal(function, *arguments):
    with pytest.raises(Rejected) as caught:
        function(*arguments)
    return caught.value


def test_a_model_is_required_and_may_carry_a_fault():
    assert rules.model_of({"model": "gpt-4o@no_usage"})[0] == "gpt-4o"
    assert refusal(rules.model_of, {}).message == "you must provide a model parameter"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (0, "integer_below_min_value"),
        (129, "integer_above_max_value"),
        ("3", "invalid_type"),
        (1.5, "invalid_type"),
        (True, "invalid_type"),
    ],
)
def test_whole_numbers_are_checked_for_type_and_range(value, code):
    error = refusal(rules.integer, {"n": value}, "n", 1, 128)
    assert (error.code, error.param, error.status) == (code, "n", 400)


@pytest.mark.parametrize("value", [None, 1, 128])
def test_whole_numbers_in_range_are_taken(value):
    assert rules.integer({"n": value}, "n", 1, 128) == value


def test_a_cap_above_the_models_maximum_is_refused_with_the_maximum():
    error = refusal(rules.check_cap, 100_000, "max_tokens", model_named("gpt-4o"))
    assert "at most 16384 completion tokens" in error.message
    assert (error.param, error.code) == ("max_tokens", "invalid_value")


@pytest.mark.parametrize(("name", "value"), [("temperature", 0.2), ("top_p", 0.5), ("presence_penalty", 1)])
def test_reasoning_models_take_only_the_default_sampling(name, value):
    error = refusal(rules.check_sampling, {name: value}, model_named("o3"))
    assert (error.param, error.code) == (name, "unsupported_value")
    rules.check_sampling({name: value}, model_named("gpt-4o"))
    rules.check_sampling({"temperature": 1}, model_named("o3"))


def test_a_prompt_longer_than_the_context_is_refused():
    error = refusal(rules.check_context, 8_193, model_named("gpt-4"), "messages")
    assert error.code == "context_length_exceeded"
    rules.check_context(8_192, model_named("gpt-4"), "messages")


@pytest.mark.parametrize(("effort", "tokens"), [(None, 64), ("minimal", 0), ("low", 32), ("high", 128)])
def test_effort_decides_how_long_a_reasoning_model_thinks(effort, tokens):
    assert rules.reasoning_tokens(effort, model_named("gpt-5-mini")) == tokens
    assert rules.reasoning_tokens(effort, model_named("gpt-4o")) == 0


def test_an_unknown_effort_or_tier_is_refused():
    assert refusal(rules.reasoning_tokens, "huge", model_named("o3")).param == "reasoning_effort"
    assert refusal(rules.tier_of, {"service_tier": "gold"}).param == "service_tier"


@pytest.mark.parametrize(
    ("asked", "served"), [(None, ""), ("auto", ""), ("default", ""), ("flex", "flex"), ("priority", "priority")]
)
def test_tiers_are_named_as_prices_name_them(asked, served):
    assert rules.tier_of({"service_tier": asked}) == served


def test_missing_unknown_and_empty_fields_are_named():
    assert refusal(rules.require, {}, "messages").code == "missing_required_parameter"
    assert refusal(rules.refuse_unknown, {"foo": 1}, frozenset({"bar"})).message == "Unknown parameter: 'foo'."
    assert refusal(rules.listing, [], "messages").code == "empty_array"
    assert refusal(rules.listing, "x", "messages").code == "invalid_type"
    assert refusal(rules.boolean, {"stream": "yes"}, "stream").code == "invalid_type"
