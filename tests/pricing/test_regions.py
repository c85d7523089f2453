"""Which hosts are OpenAI's regional ones."""

import pytest

from farthing.domain.price import PriceCard, Unpriced
from farthing.pricing.book import PriceBook
from farthing.pricing.regions import REGIONAL, WHY, is_regional

BOOK = PriceBook.load()
NOW = 1_790_000_000_000


@pytest.mark.parametrize("host", ["eu.api.openai.com", "us.api.openai.com", "EU.API.OpenAI.com", "au.api.openai.com."])
def test_a_region_stands_before_openais_own_name(host):
    assert is_regional(host)


@pytest.mark.parametrize(
    "host",
    [
        "api.openai.com",
        "eu.api.openai.com.example.org",
        "eu-api.openai.com",
        ".api.openai.com",
        "x.eu.api.openai.com",
        "",
    ],
)
def test_nothing_else_is_one(host):
    assert not is_regional(host)


def test_the_books_own_prices_do_not_hold_there():
    assert isinstance(BOOK.find("gpt-4o", "openai", at_ms=NOW), PriceCard)
    assert BOOK.find("gpt-4o", REGIONAL, "openai", at_ms=NOW) == Unpriced(WHY)
    apart = BOOK.overlay([], frozenset({"mine"}))
    assert apart.find("gpt-4o", "mine", "openai", at_ms=NOW) == Unpriced(WHY)
    assert isinstance(apart.find("gpt-4o", "openai", "openai", at_ms=NOW), PriceCard)
    assert apart.hash == BOOK.hash


@pytest.mark.parametrize("named", [{}, {"provider": "mine"}, {"provider": "openai"}])
def test_prices_of_ones_own_hold_there(named):
    apart = BOOK.overlay([{"model": "gpt-4*", "input": 2.75, "output": 11, **named}], frozenset({"mine"}))
    card = apart.find("gpt-4o", "mine", "openai", at_ms=NOW)
    assert isinstance(card, PriceCard)
    assert card.variants[""][0].rates.input == 2_750_000
    assert apart.find("gpt-5", "mine", "openai", at_ms=NOW) == Unpriced(WHY)
