"""Usage in OpenAI's form becomes canonical once; cost bugs of others are tests by their class (C) or regression (R)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.domain.usage import Usage
from farthing.wire.openai.usage import believed, read_reported, read_usage, tier_served, usual


def read(saw_output: bool = False, **usage: object) -> tuple[Usage | None, str]:
    return read_usage(json.dumps(usage).encode(), saw_output=saw_output)


def test_c1_r53_cached_and_reasoning_tokens_are_parts_of_their_totals_and_never_added() -> None:
    usage, flaw = read(
        prompt_tokens=2006,
        completion_tokens=300,
        total_tokens=2306,
        prompt_tokens_details={"cached_tokens": 1920, "audio_tokens": 6, "cache_write_tokens": 64},
        completion_tokens_details={
            "reasoning_tokens": 256,
            "audio_tokens": 4,
            "accepted_prediction_tokens": 10,
            "rejected_prediction_tokens": 20,
        },
    )
    assert flaw == ""
    assert usage == Usage(
        input_tokens=2006,
        output_tokens=300,
        cache_read_input_tokens=1920,
        cache_write_input_tokens=64,
        reasoning_output_tokens=256,
        audio_input_tokens=6,
        audio_output_tokens=4,
    )


@pytest.mark.parametrize(
    "said",
    [
        {"prompt_tokens_details": {"cached_tokens": 800}},
        {"prompt_cache_hit_tokens": 800, "prompt_cache_miss_tokens": 200},
        {"cached_tokens": 800},
        {"cache_read_input_tokens": 800},
        {"prompt_tokens_details": {"cached_tokens": 800}, "prompt_cache_hit_tokens": 800, "cached_tokens": 800},
    ],
)
def test_c2_c3_cached_tokens_are_found_under_every_name_and_once(said: dict) -> None:
    usage, _ = read(prompt_tokens=1000, completion_tokens=20, total_tokens=1020, **said)
    assert usage == Usage(input_tokens=1000, output_tokens=20, cache_read_input_tokens=800)


def test_r59_cache_writes_that_a_gateway_reports_are_kept() -> None:
    usage, _ = read(prompt_tokens=1000, completion_tokens=1, cache_creation_input_tokens=900)
    assert usage is not None
    assert usage.cache_write_input_tokens == 900


def test_c4_a_total_with_cached_tokens_beyond_the_prompt_makes_no_completion_of_them() -> None:
    usage, _ = read(
        prompt_tokens=100, completion_tokens=20, total_tokens=920, prompt_tokens_details={"cached_tokens": 800}
    )
    assert usage == Usage(input_tokens=900, output_tokens=20, cache_read_input_tokens=800)


def test_reasoning_left_out_of_the_completion_is_output_all_the_same() -> None:
    """xAI names it, Gemini's compatible endpoint shows it in the total only."""
    named, _ = read(
        prompt_tokens=32, completion_tokens=9, total_tokens=135, completion_tokens_details={"reasoning_tokens": 94}
    )
    assert named == Usage(input_tokens=32, output_tokens=103, reasoning_output_tokens=94)
    both, _ = read(
        prompt_tokens=200,
        completion_tokens=9,
        total_tokens=303,
        completion_tokens_details={"reasoning_tokens": 94},
        prompt_tokens_details={"cached_tokens": 94},
    )
    assert both == Usage(input_tokens=200, output_tokens=103, reasoning_output_tokens=94, cache_read_input_tokens=94)
    unnamed, _ = read(prompt_tokens=5, completion_tokens=10, total_tokens=115)
    assert unnamed == Usage(input_tokens=5, output_tokens=110, reasoning_output_tokens=100)


def test_a_total_that_is_too_small_changes_nothing() -> None:
    assert read(prompt_tokens=5, completion_tokens=10, total_tokens=0)[0] == Usage(input_tokens=5, output_tokens=10)


@pytest.mark.parametrize(
    ("usage", "flaw"),
    [
        ({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}, "zero prompt tokens"),
        ({"prompt_tokens": 0, "completion_tokens": 7}, "zero prompt tokens"),
        ({"prompt_tokens": 7}, "completion_tokens is missing"),
        ({"completion_tokens": 7}, "prompt_tokens is missing"),
        ({}, "missing"),
        ({"prompt_tokens": None, "completion_tokens": None}, "missing"),
        ({"prompt_tokens": "7", "completion_tokens": 7}, "cannot be read"),
        ({"prompt_tokens": 7.5, "completion_tokens": 7}, "cannot be read"),
        ({"prompt_tokens": True, "completion_tokens": 7}, "cannot be read"),
        ({"prompt_tokens": -7, "completion_tokens": 7}, "negative"),
        ({"prompt_tokens": 7, "completion_tokens": -7}, "negative"),
        ({"prompt_tokens": 7, "completion_tokens": 2**50}, "more tokens than any answer"),
        ({"prompt_tokens": 7, "completion_tokens": 7, "cached_tokens": 8}, "exceed input_tokens"),
        (
            {"prompt_tokens": 7, "completion_tokens": 7, "completion_tokens_details": {"reasoning_tokens": 8}},
            "exceed output_tokens",
        ),
    ],
)
def test_r38_impossible_usage_is_no_usage_and_says_why(usage: dict, flaw: str) -> None:
    found, why = read(**usage)
    assert found is None
    assert flaw in why


def test_r38_zero_completion_beside_output_is_a_placeholder_and_without_output_a_measurement() -> None:
    assert read(prompt_tokens=7, completion_tokens=0, saw_output=True) == (
        None,
        "usage says zero completion tokens beside output",
    )
    assert read(prompt_tokens=7, completion_tokens=0)[0] == Usage(input_tokens=7)


def test_usage_that_is_no_object_is_no_usage() -> None:
    assert read_usage(b'"many"')[0] is None
    assert read_usage(b"[1,2]")[0] is None


def test_only_tiers_with_prices_of_their_own_are_named() -> None:
    ours = {"flex": "flex", "priority": "priority", "fast": "priority", "batch": "batch"}
    assert {each: tier_served(each) for each in ours} == ours
    assert not any(map(tier_served, ("default", "auto", "scale", "on_demand", None, 1, ["flex"])))


COUNT = st.one_of(st.none(), st.integers(-2, 9), st.just(1 << 41))
PARTS = ("cached_tokens", "audio_tokens", "cache_write_tokens", "reasoning_tokens")
DETAILS = st.one_of(st.none(), st.dictionaries(st.sampled_from(PARTS), COUNT))
NAMES = ("prompt_cache_hit_tokens", "cached_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


@given(
    COUNT,
    COUNT,
    st.one_of(st.none(), st.integers(-1, 4)),
    DETAILS,
    DETAILS,
    st.dictionaries(st.sampled_from(NAMES), COUNT),
)
def test_the_short_way_says_what_the_long_way_says_or_nothing(
    prompt, completion, beyond, inputs, outputs, others
) -> None:
    said = {"prompt_tokens": prompt, "completion_tokens": completion, **others}
    said |= {"prompt_tokens_details": inputs, "completion_tokens_details": outputs}
    said["total_tokens"] = None if beyond is None else (prompt or 0) + (completion or 0) + beyond
    reported, _ = read_reported(json.dumps(said).encode())
    assert reported is not None
    found = usual(reported)
    assert found is None or (found, "") == believed(reported)


def test_ordinary_usage_takes_the_short_way() -> None:
    details = {"prompt_tokens_details": {"cached_tokens": 8}, "completion_tokens_details": {"reasoning_tokens": 4}}
    reported, _ = read_reported(
        json.dumps({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, **details}).encode()
    )
    assert reported is not None
    expected = Usage(input_tokens=10, output_tokens=5, cache_read_input_tokens=8, reasoning_output_tokens=4)
    assert usual(reported) == expected
