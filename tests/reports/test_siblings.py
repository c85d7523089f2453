"""Siblings: what its owner uses or names, at the same provider."""

from farthing.reports.siblings import siblings_among
from support.priced_past import call, card_of, prompt

GPT4O = call(1, prompt(), None, nanos=5).attempts[0].opening
USED = [
    ("openai", "gpt-4o"),
    ("openai", "gpt-4o-mini"),
    ("openai", "text-embedding-3-small"),
    ("openai", "gpt-unknown-99"),
    ("anthropic", "claude-haiku-4-5"),
]


def test_only_other_models_of_the_provider_that_answer_at_a_known_price():
    assert [card.model for card in siblings_among(USED, card_of)(GPT4O)] == ["gpt-4o-mini"]


def test_where_nothing_else_is_used_there_is_none():
    assert list(siblings_among(USED[:1], card_of)(GPT4O)) == []
