"""Rates from the price book."""

import pytest

from farthing.domain.usage import Usage
from farthing.testing import ManualClock
from farthing.testing.bill import Bill, Entry
from farthing.testing.listprices import list_prices


@pytest.fixture(scope="module")
def price_of():
    return list_prices(ManualClock())


def test_the_book_prices_common_models(price_of):
    rates = price_of("gpt-4o-mini", "", 10)
    assert (rates.input, rates.output, rates.cache_read) == (150_000, 600_000, 75_000)
    haiku = price_of("claude-haiku-4-5", "", 10)
    assert (haiku.input, haiku.cache_write_5m, haiku.cache_write_1h) == (1_000_000, 1_250_000, 2_000_000)


def test_a_long_prompt_moves_the_whole_request_to_dearer_rates(price_of):
    assert price_of("gpt-5.4", "", 400_000).input > price_of("gpt-5.4", "", 1_000).input


def test_tiers_have_rates_of_their_own(price_of):
    assert (
        price_of("gpt-5", "flex", 10).input < price_of("gpt-5", "", 10).input < price_of("gpt-5", "priority", 10).input
    )


def test_what_the_book_does_not_know_has_no_price(price_of):
    assert price_of("my-own-model", "", 10) is None
    bill = Bill(price_of)
    bill.change(
        bill.open(Entry(number=0, dialect="openai-chat", model="my-own-model")).number, usage=Usage(input_tokens=1)
    )
    assert bill.entries[0].nanos is None
