"""Prices over HTTP: exact decimals, and the book they are from."""

from support.admin import admin, refused


def test_a_price_is_exact_and_names_its_book(one_gateway):
    price = admin(one_gateway, "GET", "/prices/gpt-4o-mini")
    standard = next(tier for tier in price["tiers"] if tier["tier"] == "standard")
    assert standard["usd_per_million_tokens"]["input"] == "0.15"
    assert standard["usd_per_million_tokens"]["output"] == "0.6"
    assert price["book"] == one_gateway.engine.rules.book.hash
    assert admin(one_gateway, "GET", "/prices/openai/gpt-4o-mini")["tiers"] == price["tiers"]


def test_a_model_nobody_knows_has_no_price(one_gateway):
    error = refused(one_gateway, "GET", "/prices/gpt-unpriced-99", status=404)
    assert error["code"] == "unpriced_model"
