"""Facts: from the book, the compiled sizes and names; nothing is assumed of a model nobody knows."""

import pytest

from farthing.domain.model import ModelFacts
from farthing.pricing.facts import FactBook
from support.prices import book

FACTS = FactBook.load(book())


def test_nothing_is_assumed_of_an_unknown_model():
    assert FACTS.find("gpt-99", "openai") == ModelFacts(name="gpt-99")
    assert FACTS.find("my-model", "local") == ModelFacts(name="my-model")


def test_a_known_model_has_its_window_and_its_largest_output():
    facts = FACTS.find("gpt-4o-mini", "openai")
    assert (facts.context_tokens, facts.max_output_tokens) == (128_000, 16_384)
    claude = FACTS.find("claude-opus-4-6", "anthropic")
    assert (claude.context_tokens, claude.max_output_tokens) == (1_000_000, 128_000)


def test_a_snapshot_or_edition_with_sizes_of_its_own_has_those():
    assert FACTS.find("gpt-5", "openai").max_output_tokens == 128_000
    assert FACTS.find("gpt-5-chat-latest", "openai").max_output_tokens == 16_384
    assert FACTS.find("gpt-4o-2024-05-13", "openai").max_output_tokens == 4_096


@pytest.mark.parametrize(
    ("model", "tokenizer"),
    [
        ("gpt-4o", "o200k"),
        ("gpt-4o-mini-2024-07-18", "o200k"),
        ("chatgpt-4o-latest", "o200k"),
        ("gpt-4.1-nano", "o200k"),
        ("o1", "o200k"),
        ("o3-mini", "o200k"),
        ("o4-mini", "o200k"),
        ("gpt-5.2", "o200k"),
        ("ft:gpt-4o-2024-08-06:org::id", "o200k"),
        ("gpt-4", "cl100k"),
        ("gpt-4-turbo", "cl100k"),
        ("gpt-3.5-turbo", "cl100k"),
        ("text-embedding-3-small", "cl100k"),
        ("text-embedding-ada-002", "cl100k"),
        ("gpt-6-sol", None),
        ("gpt-4o-audio-preview", None),
        ("gpt-oss-120b", None),
        ("davinci", None),
        ("whisper-1", None),
    ],
)
def test_a_tokenizer_is_named_only_where_it_is_public(model, tokenizer):
    assert FACTS.find(model, "openai").tokenizer == tokenizer


def test_models_of_others_have_no_public_tokenizer():
    for model, seller in (
        ("claude-opus-4-6", "anthropic"),
        ("gemini-2.5-pro", "google"),
        ("deepseek-chat", "deepseek"),
    ):
        assert FACTS.find(model, seller).tokenizer is None


def test_a_family_is_whose_formulas_hold_whoever_sells_the_model():
    assert FACTS.find("gpt-4o", "azure").family == "openai"
    assert FACTS.find("openai/gpt-4o", "openrouter").family == "openai"
    assert FACTS.find("openai/gpt-4o", "openrouter").tokenizer == "o200k"
    assert FACTS.find("anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock").family == "anthropic"
    assert FACTS.find("gemini-2.5-pro", "google").family == "gemini"
    assert FACTS.find("deepseek-chat", "deepseek").family == ""


def test_a_model_that_bills_writes_by_itself_is_known():
    assert FACTS.find("gpt-5.6-sol", "openai").writes_cache_unasked
    assert not FACTS.find("gpt-5.2", "openai").writes_cache_unasked
    assert not FACTS.find("claude-opus-4-6", "anthropic").writes_cache_unasked


def test_claude_thinks_only_where_the_body_says_so():
    assert not FACTS.find("claude-opus-4-6", "anthropic").reasons
    assert FACTS.find("o3", "openai").reasons
    assert FACTS.find("gpt-5", "openai").reasons
    assert not FACTS.find("gpt-4o", "openai").reasons
    assert FACTS.find("gemini-2.5-pro", "google").reasons


def test_no_window_bounds_a_list_of_embeddings():
    assert FACTS.find("text-embedding-3-small", "openai").context_tokens is None


def test_a_window_below_a_long_context_price_is_not_believed():
    assert FACTS.find("claude-sonnet-4-5", "anthropic").context_tokens is None


def test_no_window_lies_below_the_dearest_tier_of_its_model():
    for provider in book().providers:
        for model in provider.models:
            facts, known = FACTS.find(model.id, provider.id), book().describe(model.id, provider.id)
            if known is None:  # a few entries are not known by their own id
                assert facts == ModelFacts(name=model.id)
                continue
            assert facts.context_tokens is None or facts.context_tokens > known[1].highest_threshold
            assert facts.max_output_tokens is None or facts.max_output_tokens > 0
