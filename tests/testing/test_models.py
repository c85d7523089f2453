"""Limits of models."""

import pytest

from farthing.testing.models import LISTED, UNKNOWN, model_named


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("gpt-4o-mini-2024-07-18", "gpt-4o"),
        ("gpt-4", "gpt-4"),
        ("gpt-4.1-nano", "gpt-4.1"),
        ("gpt-5-mini", "gpt-5"),
        ("gpt-5-chat-latest", "gpt-5-chat"),
        ("claude-sonnet-4-5-20250929", "claude-sonnet-4"),
        ("claude-sonnet-4-6", "claude-sonnet-4-6"),
    ],
)
def test_the_longest_prefix_names_the_family(name, prefix):
    assert model_named(name).prefix == prefix


def test_only_reasoning_families_reason():
    reasoning = [name for name in LISTED if model_named(name).reasons]
    assert reasoning[:4] == ["gpt-5", "gpt-5-mini", "o3", "o4-mini"]
    assert all(name.startswith("gemini-") for name in reasoning[4:])
    assert not model_named("gemini-2.0-flash").reasons


@pytest.mark.parametrize(
    ("name", "minimum"),
    [
        ("claude-3-5-haiku-latest", 2_048),
        ("claude-haiku-4-5", 4_096),
        ("claude-opus-4-1", 1_024),
        ("gpt-4o", 1_024),
        ("gemini-2.5-pro", 2_048),
        ("gemini-3.8-flash", 4_096),
    ],
)
def test_the_shortest_cached_prefix_depends_on_the_model(name, minimum):
    assert model_named(name).cache_minimum == minimum


def test_a_model_nobody_described_is_accepted():
    assert model_named("my-own-model") is UNKNOWN
