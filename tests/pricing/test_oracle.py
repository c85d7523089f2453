"""Our prices against those of `genai-prices` itself, from which the book is compiled: every model, tier and kind of token."""

from datetime import UTC, datetime
from decimal import ROUND_CEILING
from importlib.metadata import version
from random import Random

import msgspec
import pytest
from genai_prices import Usage as TheirUsage
from genai_prices.data import providers as theirs
from genai_prices.data_snapshot import get_snapshot

from farthing.domain.price import Cost, PriceCard
from farthing.domain.usage import Usage
from farthing.pricing.book import _card
from farthing.pricing.bookfile import Book, packaged
from farthing.pricing.cost import cost, reached
from support.prices import MOMENTS, book, usage_for

CONTEXTS = {
    "": None,
    "batch": {"processing": "batch"},
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
    "fast": {"service_tier": "fast", "speed": "fast"},
}


@pytest.fixture(autouse=True)
def same_version():
    source = msgspec.json.decode(packaged("prices.json"), type=Book).source
    if source != f"genai-prices {version('genai-prices')}":
        pytest.skip(f"the book is compiled from {source}, but genai-prices {version('genai-prices')} is installed")


def their_usage(usage: Usage) -> TheirUsage:
    return TheirUsage(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=usage.cache_read_input_tokens,
        cache_write_tokens=usage.cache_write_input_tokens,
        cache_write_1h_tokens=usage.cache_write_1h_input_tokens,
        input_audio_tokens=usage.audio_input_tokens,
        cache_audio_read_tokens=usage.cached_audio_input_tokens,
        output_audio_tokens=usage.audio_output_tokens,
        web_searches=usage.web_search_requests,
    )


@pytest.mark.parametrize("at_ms", MOMENTS)
def test_every_model_costs_what_genai_prices_says(at_ms):
    random = Random(at_ms)
    moment = datetime.fromtimestamp(at_ms / 1_000, UTC)
    compared = rounded = 0
    for provider, their_provider in zip(book().providers, theirs, strict=True):
        for model, their_model in zip(provider.models, their_provider.models, strict=True):
            card = _card(provider.id, model, at_ms, "book")[2]
            if not isinstance(card, PriceCard):
                continue
            for tier, tiers in card.variants.items():
                for threshold in (*(each.above for each in tiers), 1_000):
                    size = max(1, threshold + random.choice((-1, 0, 1, 5_000)))
                    usage = usage_for(reached(tiers, size).rates, random, most_input=size, most_output=9_000)
                    ours = cost(card, usage, tier)
                    assert isinstance(ours, Cost), (card.model, tier, usage, ours)
                    price = their_model.calc_price(
                        their_usage(usage),
                        their_provider,
                        genai_request_timestamp=moment,
                        price_context=CONTEXTS[tier],
                    )
                    exact = price.total_price * 10**12
                    off = ours.picos - exact
                    # The source has prices finer than a pico-dollar; each is rounded up once, when compiled.
                    assert -1 <= off <= usage.cache_write_input_tokens + 1, (card.model, tier, usage, ours, exact)
                    if abs(off) <= 1:
                        nanos = (price.total_price * 10**9).to_integral_value(ROUND_CEILING)
                        assert abs(ours.nanos - nanos) <= (exact != int(exact))
                    rounded += abs(off) > 1
                    compared += 1
    assert compared > 3_500
    assert rounded < compared // 50


def test_every_name_leads_to_the_entry_that_genai_prices_finds():
    snapshot = get_snapshot()
    names = {(p.id, name) for p in book().providers for m in p.models for name in (m.id, *m.match.equals)}
    for provider, name in sorted(names):
        found = book().describe(name, provider)
        try:
            their_provider, their_model = snapshot.find_provider_model(name, None, provider, None)
        except LookupError:
            if provider not in ("openai", "anthropic", "google"):  # there a name may also mean another's model
                assert found is None
            continue
        assert found is not None, (provider, name)
        if found[0] == their_provider.id:
            assert found[1].id == their_model.id
        else:  # sold by one provider at the prices of another
            assert their_model in next(p for p in theirs if p.id == found[0]).models
