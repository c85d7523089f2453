"""Bugs that others had with prices and usage, by number: the cost bugs of observability tools and R53 to R62.

Classes 7, 8, 12 (streams) and R58, R59 are the wire's; 13, 14, R60 and the quotas of R62 the budgets' and the call's.
"""

from random import Random

import pytest

from farthing.domain.errors import BadConfig
from farthing.domain.price import Cost, PriceCard, Unpriced
from farthing.domain.usage import Usage
from farthing.pricing.cost import cost
from farthing.pricing.worst import worst
from support.prices import NOW, bits, book, card, cards, every_tier, one_card, usage_for


def usd(of: PriceCard, usage: Usage, tier: str = "") -> float:
    found = cost(of, usage, tier)
    assert isinstance(found, Cost), found
    return found.nanos / 10**9


def test_bug_class_01_cached_tokens_are_not_added_to_an_input_that_includes_them():
    assert usd(card("gpt-4o"), Usage(input_tokens=1_000, cache_read_input_tokens=800)) == 0.0015  # not 0.0035


def test_bug_class_02_cached_tokens_are_not_billed_at_the_full_rate():
    plain, cached = Usage(input_tokens=10_000), Usage(input_tokens=10_000, cache_read_input_tokens=10_000)
    sonnet = card("claude-sonnet-4-6")
    assert usd(sonnet, cached) * 10 == pytest.approx(usd(sonnet, plain))


def test_bug_class_03_cached_tokens_are_never_free():
    for each, tier, rates in every_tier():
        found = cost(each, Usage(input_tokens=1_000_000, cache_read_input_tokens=1_000_000), tier)
        assert isinstance(found, Cost)
        assert found.picos > 0 or not rates.input


def test_bug_class_04_output_is_what_was_said_and_never_the_rest_of_a_total():
    sonnet = card("claude-sonnet-4-6")
    for read in (0, 5_000, 50_000):
        usage = Usage(input_tokens=50_000, cache_read_input_tokens=read, output_tokens=10)
        silent = Usage(input_tokens=50_000, cache_read_input_tokens=read)
        assert round((usd(sonnet, usage) - usd(sonnet, silent)) * 10**9) == 10 * 15_000


def test_bug_class_05_one_hour_writes_are_not_billed_at_the_five_minute_price():
    usage = Usage(
        input_tokens=1_000,
        output_tokens=100,
        cache_read_input_tokens=700,
        cache_write_input_tokens=100,
        cache_write_1h_input_tokens=100,
    )
    assert usd(card("claude-sonnet-4-5", "anthropic"), usage) == 0.00291
    for each, tier, rates in every_tier():
        if rates.cache_write_5m is not None and rates.cache_write_1h is None:
            assert isinstance(cost(each, usage, tier), Unpriced)


def test_bug_class_05_one_hour_writes_keep_their_price_beyond_a_long_context_threshold():
    haiku = card("claude-haiku-5-5")
    long = haiku.variants[""][-1]
    size = long.above + 1
    usage = Usage(input_tokens=size, cache_write_input_tokens=size, cache_write_1h_input_tokens=size)
    found = cost(haiku, usage)
    assert isinstance(found, Cost)
    assert found.picos == size * long.rates.cache_write_1h > size * long.rates.cache_write_5m


def test_bug_class_06_writes_beyond_the_reported_split_are_billed_too():
    sonnet = card("claude-sonnet-4-6")
    split_only = Usage(input_tokens=100, cache_write_input_tokens=100, cache_write_1h_input_tokens=100)
    final_total = Usage(input_tokens=900, cache_write_input_tokens=900, cache_write_1h_input_tokens=100)
    extra = cost(sonnet, final_total).picos - cost(sonnet, split_only).picos
    assert extra == 800 * bits(sonnet).cache_write_5m


def test_bug_class_09_a_dated_snapshot_has_the_service_tiers_of_its_model():
    assert card("gpt-5.2-2025-12-11", "openai").variants == card("gpt-5.2", "openai").variants
    assert {"flex", "priority", "batch"} <= card("gpt-5.2-2025-12-11", "openai").variants.keys()


def test_bug_class_09_the_long_context_price_holds_in_every_service_tier():
    sol = card("gpt-5.6-sol")
    for tier, tiers in sol.variants.items():
        usage = Usage(input_tokens=300_000, output_tokens=1_000)
        assert usd(sol, usage, tier) == (300_000 * tiers[1].rates.input + 1_000 * tiers[1].rates.output) / 10**12
    assert usd(sol, Usage(input_tokens=300_000), "priority") == 2 * usd(sol, Usage(input_tokens=300_000))


def test_bug_class_10_a_batch_has_long_context_prices_and_discounts_what_is_cached():
    sol = card("gpt-5.6-sol")
    for size in (1_000, 300_000):
        usage = Usage(input_tokens=size, cache_read_input_tokens=size, output_tokens=500)
        assert usd(sol, usage, "batch") * 2 == pytest.approx(usd(sol, usage))


@pytest.mark.parametrize(("model", "threshold"), [("gpt-5.6-sol", 272_000), ("gemini-2.5-pro", 200_000)])
def test_bug_class_11_beyond_the_threshold_the_whole_request_costs_more(model, threshold):
    of = card(model)
    low, high = (tier.rates for tier in of.variants[""])
    at, beyond = (cost(of, Usage(input_tokens=size, output_tokens=10)) for size in (threshold, threshold + 1))
    assert at.picos == threshold * low.input + 10 * low.output
    assert beyond.picos == (threshold + 1) * high.input + 10 * high.output


def test_bug_class_11_some_vendors_bill_the_higher_price_from_the_threshold_on():
    inclusive = [each for each in cards() if each.variants[""][-1].inclusive]
    assert any(each.provider == "x-ai" for each in inclusive)
    for each in inclusive:
        last = each.variants[""][-1]
        assert cost(each, Usage(input_tokens=last.above)).picos == last.above * last.rates.input


def test_r53_cached_tokens_are_counted_once_in_every_model():
    random = Random(53)
    for each, tier, rates in every_tier():
        usage = usage_for(rates, random, most_input=30_000, most_output=0, audio=False)
        bare = Usage(input_tokens=usage.input_tokens)
        dearest = max(
            rate for rate in (rates.input, rates.cache_read, rates.cache_write_5m, rates.cache_write_1h) if rate
        )
        found = cost(
            each, Usage(**{**{f: getattr(usage, f) for f in Usage.__struct_fields__}, "web_search_requests": 0}), tier
        )
        assert isinstance(found, Cost)
        if len(each.variants[tier]) == 1:
            assert found.picos <= bare.input_tokens * dearest + (rates.request or 0)


def test_r54_an_impossible_usage_is_unpriced_and_never_a_negative_or_zero_cost():
    sonnet = card("claude-sonnet-4-6")
    for usage in (
        Usage(input_tokens=100, cache_read_input_tokens=300),
        Usage(input_tokens=-5),
        Usage(output_tokens=-5),
        Usage(input_tokens=100, cache_write_input_tokens=-300),
        Usage(input_tokens=100, cache_read_input_tokens=-300),
    ):
        found = cost(sonnet, usage)
        assert isinstance(found, Unpriced)
        assert found.reason


def test_r55_a_long_context_tier_is_not_ignored_by_the_cost_or_by_the_hold():
    for each in cards():
        for tier, tiers in each.variants.items():
            if len(tiers) > 1 and tiers[-1].rates.input > tiers[0].rates.input:
                size = tiers[-1].above + 1
                assert cost(each, Usage(input_tokens=size), tier).picos >= size * tiers[-1].rates.input
                assert worst(each, input_tokens=size, tiers=(tier,)).base_picos >= size * tiers[-1].rates.input


def test_r56_reasoning_is_billed_in_the_service_tier_that_was_served():
    of = card("gpt-5.2")
    thought = Usage(input_tokens=10, output_tokens=5_000, reasoning_output_tokens=4_900)
    assert usd(of, thought, "flex") * 2 == pytest.approx(usd(of, thought))
    assert usd(of, thought, "priority") == pytest.approx(2 * usd(of, thought))


def test_r56_a_service_tier_nobody_knows_is_not_billed_as_standard():
    assert isinstance(cost(card("gpt-4-turbo"), Usage(input_tokens=1), "priority"), Unpriced)


@pytest.mark.parametrize("model", ["whisper-1", "gpt-realtime-whisper", "tts-1", "gpt-4o-audio-preview", "gpt-image-1"])
def test_r57_a_model_billed_by_what_usage_does_not_tell_is_unpriced_and_never_zero(model):
    found = book().find(model, "openai", at_ms=NOW)
    assert isinstance(found, Unpriced)
    assert found.reason


def test_r57_no_model_of_the_catalogue_costs_nothing():
    for each, tier, rates in every_tier():
        assert rates.input > 0, (each.model, tier)
        assert cost(each, Usage(input_tokens=1_000), tier).nanos > 0


def test_r61_a_call_is_charged_its_cost_and_not_one_unit():
    small, large = (Usage(input_tokens=size, output_tokens=size) for size in (100, 15_000))
    of = card("gpt-4o-mini")
    assert usd(of, large) == pytest.approx(150 * usd(of, small))
    fee = one_card(input=10, output=10, request=1_000_000)
    assert cost(fee, large).picos - cost(fee, small).picos == 2 * 14_900 * 10  # the fee once, whatever the size


@pytest.mark.parametrize("price", [0, -1, "0", "-0.5", 0.0])
def test_r62_a_price_of_zero_or_less_is_refused_and_never_means_free(price):
    with pytest.raises(BadConfig):
        book().overlay([{"model": "m", "input": price, "output": 1}])
