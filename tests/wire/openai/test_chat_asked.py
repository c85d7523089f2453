"""What a Chat Completions body asks for: caps, tiers, features without a bound."""

import pytest

from farthing.domain.errors import BadRequest
from farthing.wire.dialect import Asked
from farthing.wire.gathered import Gathered
from farthing.wire.openai.chat_asked import read_asked

BASE = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}


def asked(**changes: object) -> Asked:
    return read_asked({**BASE, **changes}, Gathered())


def refused(**changes: object) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        asked(**changes)
    return caught.value


def test_the_smallest_request_has_plain_facts() -> None:
    facts = asked()
    assert (facts.model, facts.stream, facts.cap, facts.choices) == ("gpt-4o-mini", False, None, 1)
    assert facts.text_bytes == len("user" + "hi")
    assert facts.wants_usage
    assert not facts.uncapped
    assert not facts.pointers
    assert (facts.tier, facts.cache_ttl, facts.reasons, facts.audio_output) == ("", "", False, False)


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
def test_either_cap_field_is_the_cap(field: str) -> None:
    assert asked(**{field: 7}).cap == 7
    assert asked(**{field: None}).cap is None


def test_r58_two_conflicting_caps_are_refused_with_both_named() -> None:
    error = refused(max_tokens=1, max_completion_tokens=738)
    assert error.code == "conflicting_caps"
    assert "max_tokens is 1" in error.message
    assert "max_completion_tokens is 738" in error.message
    assert asked(max_tokens=5, max_completion_tokens=5).cap == 5
    assert asked(max_tokens=None, max_completion_tokens=5).cap == 5


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("max_tokens", bad) for bad in (0, -1, True, 1.0, "10", [], 2**31)),
        *(("n", bad) for bad in (0, 129, True, 2.0, "2")),
        *(("stream", bad) for bad in (1, "true")),
        *(("messages", bad) for bad in (None, [], "hi", {})),
        *(("model", bad) for bad in (None, "", 4, ["gpt-4o"])),
        *(("tools", bad) for bad in ({}, "x")),
        *(("stream_options", bad) for bad in ([], "x")),
        *(("metadata", bad) for bad in ([], "x")),
        *(("service_tier", bad) for bad in (1, [])),
        *(("response_format", bad) for bad in ("json", [])),
        *(("reasoning_effort", bad) for bad in (1, {})),
        *(("prediction", bad) for bad in ("x", [])),
        *(("modalities", bad) for bad in ("audio", {})),
    ],
)
def test_a_wrong_type_or_range_names_the_field(field: str, value: object) -> None:
    assert refused(**{field: value}).field == field


def test_inner_fields_are_named_by_path() -> None:
    assert refused(stream_options={"include_usage": 1}).field == "stream_options.include_usage"
    assert refused(prediction={"content": 5}).field == "prediction.content"
    assert refused(prediction={"content": [{"type": "text"}]}).field == "prediction.content"
    assert refused(reasoning={"max_tokens": "many"}).field == "reasoning.max_tokens"


def test_a_streaming_client_sees_usage_only_if_it_asked() -> None:
    assert not asked(stream=True).wants_usage
    assert not asked(stream=True, stream_options={"include_usage": False}).wants_usage
    assert asked(stream=True, stream_options={"include_usage": True}).wants_usage


@pytest.mark.parametrize(
    ("said", "tier"),
    [
        (None, ""),
        ("default", ""),
        ("scale", ""),
        ("flex", "flex"),
        ("priority", "priority"),
        ("fast", "priority"),
        ("auto", "auto"),
        ("whatever-comes-next", "auto"),
    ],
)
def test_a_tier_that_may_be_dearer_counts_as_auto(said: str | None, tier: str) -> None:
    assert asked(service_tier=said).tier == tier


@pytest.mark.parametrize(
    "field",
    ["web_search_options", "plugins", "search_parameters", "models", "fallbacks", "enable_search", "a_field_of_2031"],
)
def test_fields_that_bill_beyond_the_cap_and_unknown_ones_are_named(field: str) -> None:
    facts = asked(**{field: {"x": "y"}})
    assert facts.uncapped == (field,)
    assert facts.text_bytes == len("userhi") + len('{"x":"y"}')
    assert not asked(**{field: None}).uncapped
    assert not asked(**{field: False}).uncapped


def test_an_empty_object_turns_web_search_on() -> None:
    assert asked(web_search_options={}).uncapped == ("web_search_options",)


def test_tools_that_the_provider_runs_are_uncapped() -> None:
    mine = [{"type": "function", "function": {"name": "f"}}, {"type": "custom", "custom": {"name": "g"}}]
    assert not asked(tools=mine).uncapped
    assert asked(tools=[*mine, {"type": "web_search"}]).uncapped == ("tools[2]",)
    assert not asked(functions=[{"name": "f"}]).uncapped


def test_models_that_always_search_are_uncapped_by_their_name() -> None:
    assert asked(model="gpt-4o-search-preview").uncapped == ("model",)


def test_every_documented_parameter_is_understood() -> None:
    everything = {
        "audio": {"voice": "ash", "format": "wav"}, "frequency_penalty": 0, "function_call": "auto", "logit_bias": {"1": 1},
        "logprobs": True, "metadata": {"a": "b"}, "modalities": ["text", "audio"], "moderation": {"model": "m"}, "n": 3,
        "parallel_tool_calls": True, "prediction": {"type": "content", "content": "abc"}, "presence_penalty": 0,
        "prompt_cache_key": "k", "prompt_cache_retention": "24h", "reasoning_effort": "low",
        "response_format": {"type": "json_object"}, "safety_identifier": "s", "seed": 1, "service_tier": "flex",
        "stop": ["x"], "store": True, "stream": True, "stream_options": {"include_usage": True}, "temperature": 0,
        "tool_choice": "auto", "top_logprobs": 2, "top_p": 1, "user": "u", "verbosity": "low", "max_completion_tokens": 9,
    }  # fmt: skip
    facts = asked(**everything)
    assert not facts.uncapped
    assert (facts.choices, facts.cap, facts.tier) == (3, 9, "flex")
    assert (facts.audio_output, facts.reasons, facts.predicted_bytes) == (True, True, 3)
    assert facts.attribution == (("user", "u"), ("tag.a", "b"))


@pytest.mark.parametrize(
    ("body", "reasons"),
    [
        ({"reasoning_effort": "minimal"}, True),
        ({"reasoning_effort": "none"}, False),
        ({"reasoning": {"effort": "high"}}, True),
        ({"reasoning": {"enabled": False}}, False),
        ({"reasoning": {"effort": "none"}}, False),
        ({"thinking": {"type": "enabled"}}, True),
        ({"thinking": {"type": "disabled"}}, False),
        ({"enable_thinking": True}, True),
        ({"enable_thinking": False}, False),
    ],
)
def test_reasoning_is_seen_under_every_name(body: dict, reasons: bool) -> None:
    assert asked(**body).reasons is reasons


def test_a_prediction_is_counted_in_utf8_bytes() -> None:
    parts = {"type": "content", "content": [{"type": "text", "text": "é"}, {"type": "text", "text": "ab"}]}
    assert asked(prediction=parts).predicted_bytes == 4


def test_cache_options_and_breakpoints_ask_for_writes() -> None:
    def marked(**mark: object) -> list[dict]:
        return [{"role": "user", "content": [{"type": "text", "text": "hi", **mark}]}]

    assert asked(prompt_cache_options={"mode": "explicit"}).cache_ttl == "5m"
    assert asked(messages=marked(prompt_cache_breakpoint={"mode": "explicit"})).cache_ttl == "5m"
    assert asked(messages=marked(cache_control={"type": "ephemeral"})).cache_ttl == "5m"
    assert asked(messages=marked(cache_control={"type": "ephemeral", "ttl": "1h"})).cache_ttl == "1h"
    assert refused(messages=marked(cache_control={"ttl": "2h"})).field == "messages[0].content[0].cache_control.ttl"


def test_fields_that_say_nothing_leave_every_fact_as_it_is() -> None:
    quiet = {"temperature": 0, "top_p": 1, "seed": 3, "stop": ["x"], "logit_bias": {}, "user": None, "stream": False}
    assert asked(**quiet) == asked(**dict.fromkeys(quiet)) == asked()


def test_a_fact_with_several_fields_is_the_same_in_any_order() -> None:
    several = {
        "stream_options": {"include_usage": False},
        "stream": True,
        "max_completion_tokens": 5,
        "max_tokens": None,
    }
    turned = dict(reversed({**BASE, **several}.items()))
    assert read_asked(turned, Gathered()) == asked(**several)
    assert (asked(**several).wants_usage, asked(**several).cap) == (False, 5)
    both = {"reasoning": {"max_tokens": 9, "enabled": True}, "enable_thinking": False}
    assert (asked(**both).reasons, asked(**both).thinking) == (True, 9)
