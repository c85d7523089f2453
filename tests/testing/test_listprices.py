"""Rates from the price book."""

import pytest

from farthing.domain.price import PriceCard, Rates, Tier
from farthing.domain.usage import Usage
from farthing.testing import ManualClock
from farthing.testing.bill import Bill, Entry
from farthing.testing.listprices import _rates, list_prices


@pytest.fixture(scope="module")
def price_of():
    return list_prices(ManualClock())


def test_the_book_prices_common_models(price_of):
    rates = price_of("gpt-4o-mini", "", 10)
    assert (rates.input, rates.output, rates.cache_read) == (150_000, 600_000, 75_000)
    haiku = price_of("claude-haiku-4-5", "", 10)
    assert (haiku.input, haiku.cache_write_5m, haiku.cache_write_1h) == (1_000_000, 1_250_000, 2_000_000)


def test_a_name_that_several_makers_use_has_its_own_makers_price(price_of):
    assert price_of("text-embedding-3-small", "", 10).input == 20_000
    assert price_of("text-embedding-3-large", "", 10).input == 130_000


def test_a_long_prompt_moves_the_whole_request_to_dearer_rates(price_of):
    assert price_of("gpt-5.4", "", 400_000).input > price_of("gpt-5.4", "", 1_000).input


def test_tiers_have_rates_of_their_own_or_none():
    tiers = {
        "": (Tier(0, True, Rates(input=10, output=10)), Tier(100, False, Rates(input=20, output=20))),
        "priority": (Tier(0, True, Rates(input=30, output=30)),),
    }
    card = PriceCard("openai", "m", tiers, "book")
    found = [
        _rates(card, tier, tokens) for tier, tokens in [("", 100), ("", 101), ("flex", 1), ("priority", 1), ("fast", 1)]
    ]
    assert [rates and rates.input for rates in found] == [10, 20, 10, 30, None]


def test_what_the_book_does_not_know_has_no_price(price_of):
    assert price_of("my-own-model", "", 10) is None
    bill = Bill(price_of)
    bill.change(
        bill.open(Entry(number=0, dialect="openai-chat", model="my-own-model")).number, usage=Usage(input_tokens=1)
    )
    assert bill.entries[0].nanos is None
