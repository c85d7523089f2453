"""The price book in force: prices of one's own, and providers where only these hold."""

import pytest

from farthing.config.booked import apart_in, book_of
from farthing.config.engine import wall_ms
from farthing.domain.price import PriceCard, Unpriced
from support.configs import load_text, warnings

EU = '[providers.eu]\nformat = "openai"\nbase_url = "https://eu.api.openai.com/v1"\napi_key = "env:OPENAI_API_KEY"\n'
PRICE = '[[prices]]\nmodel = "gpt-4o"\nprovider = "eu"\ninput = 2.75\noutput = 11.0\n'
NAMES = {"OPENAI_API_KEY": "x"}


def test_a_regional_provider_is_warned_of_with_what_to_do(tmp_path):
    (found,) = warnings(load_text(tmp_path, EU, NAMES))
    assert found.startswith("farthing.toml:3: providers.eu.base_url: eu.api.openai.com is regional")
    assert "[[prices]]" in found


@pytest.mark.parametrize(("text", "kind"), [(EU, Unpriced), (EU + PRICE, PriceCard)])
def test_what_it_serves_is_unpriced_until_it_is_named(tmp_path, text, kind):
    settings = load_text(tmp_path, text, NAMES)
    assert apart_in(settings.providers) == {"eu"}
    assert isinstance(book_of(settings).find("gpt-4o", "eu", "openai", at_ms=wall_ms()), kind)


def test_elsewhere_the_books_own_prices_hold(tmp_path):
    settings = load_text(tmp_path, EU.replace("eu.api", "api"), NAMES)
    assert apart_in(settings.providers) == frozenset()
    assert isinstance(book_of(settings).find("gpt-4o", "eu", "openai", at_ms=wall_ms()), PriceCard)
