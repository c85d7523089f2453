"""What is public beside what was agreed."""

from decimal import Decimal

from farthing.billing.list_price import ListPrices
from support.billing_world import BOOK, FORMATS

AT = 1_793_000_000_000


def prices(*contracts):
    return ListPrices(BOOK, BOOK.overlay(list(contracts)), FORMATS)


def each(found, meter="input", paid=1, model="gpt-4o-mini", tier="", provider="openai"):
    return found.each(provider, model, tier, meter, paid, AT)


def test_without_a_contract_what_was_paid_is_the_list_price():
    assert each(prices(), paid=150_000) == 150_000
    assert each(prices({"model": "gpt-4o", "input": 1, "output": 1}), paid=150_000) == 150_000


def test_a_contract_price_stands_beside_the_public_one():
    found = prices({"model": "gpt-4o-mini", "input": Decimal("0.1"), "output": Decimal("0.4")})
    assert each(found, paid=100_000) == 150_000
    assert each(found, "output", 400_000) == 600_000
    assert each(found, "cache_read", 100_000) == 75_000


def test_a_free_model_still_has_its_public_price():
    assert each(prices({"model": "gpt-4o-mini", "free": True}), paid=0) == 150_000


def test_a_model_of_ones_own_has_no_other_price_than_its_own():
    assert each(prices({"model": "my-model", "input": 3, "output": 3}), model="my-model", paid=3_000_000) == 3_000_000


def test_a_meter_without_a_public_price_costs_what_was_paid():
    found = prices({"model": "gpt-4o-mini", "input": 1, "output": 1, "request": 2})
    assert each(found, "request", 2_000_000_000) == 2_000_000_000


def test_a_long_context_tier_is_compared_with_the_public_tier_of_its_rank():
    card = BOOK.find("claude-sonnet-4-5", "anthropic", at_ms=AT)
    ranks = card.variants[""]
    assert len(ranks) == 2
    contract = {
        "model": "claude-sonnet-4-5",
        "input": 1,
        "output": 2,
        "tiers": [{"above": 200_000, "input": 4, "output": 5}],
    }
    found = prices(contract)
    at = {"model": "claude-sonnet-4-5", "provider": "anthropic"}
    assert each(found, paid=1_000_000, **at) == ranks[0].rates.input
    assert each(found, paid=4_000_000, **at) == ranks[1].rates.input


def test_the_book_in_force_is_named():
    found = prices({"model": "x", "input": 1, "output": 1})
    assert found.book != BOOK.hash
