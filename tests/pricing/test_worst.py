"""I22: whatever usage comes back within the bounds, it costs at most what was held."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.domain.price import Cost, PriceCard, Rates, Tier, Unpriced
from farthing.domain.usage import Usage
from farthing.pricing.cost import cost, reached
from farthing.pricing.worst import AUTO, REMEMBERED, Bound, Highest, highest_for, worst
from support.prices import MOMENTS, NOW, card_of, cards, one_card, usage_for

CARDS_BY_MOMENT = [cards(at_ms) for at_ms in MOMENTS]


def holds_for(card: PriceCard, random: Random) -> bool:
    """One random question and one random answer within its caps; True where both had a price."""
    thresholds = sorted({tier.above for tiers in card.variants.values() for tier in tiers})
    input_bound = max(1, random.choice(thresholds) + random.choice((-1, 0, 1, 3_000)))
    cap, choices, predicted = random.randint(1, 4_000), random.choice((1, 1, 3)), random.choice((0, 0, 500))
    served = random.choice(list(card.variants))
    asked = random.choice((("",), (served,), (AUTO,)))
    if served not in asked and not (asked == (AUTO,) and served != "batch"):
        served = ""
    tiers = card.variants[served]
    size = random.randint(0, input_bound)
    usage = usage_for(
        reached(tiers, size).rates,
        random,
        most_input=size,
        most_output=cap * choices + predicted,
    )
    unasked = random.random() < 0.5
    ttl = "1h" if usage.cache_write_1h_input_tokens else "" if unasked or not usage.cache_write_input_tokens else "5m"
    bound = worst(
        card,
        input_tokens=input_bound,
        cache_ttl=ttl,
        writes_unasked=unasked,
        tiers=asked,
        searches=usage.web_search_requests,
        choices=choices,
        audio_input=usage.audio_input_tokens > 0,
        audio_output=usage.audio_output_tokens > 0,
        predicted_tokens=predicted,
    )
    true = cost(card, usage, served)
    if isinstance(bound, Unpriced) or isinstance(true, Unpriced):
        return False
    assert true.picos <= bound.base_picos + bound.slope_picos * cap, (card.model, served, usage, bound)
    return True


@given(st.randoms(use_true_random=False))
def test_i22_no_usage_within_the_caps_costs_more_than_its_hold(random):
    holds_for(random.choice(random.choice(CARDS_BY_MOMENT)), random)


def test_i22_holds_for_every_model_of_the_catalogue():
    random = Random(22)
    held = sum(holds_for(card, random) for card in cards(NOW))
    assert held > 0.9 * len(cards(NOW))


@pytest.mark.slow
def test_i22_holds_for_a_hundred_thousand_usages_over_the_whole_catalogue():
    random = Random(2_222)
    held = 0
    for card in (card for of_one in CARDS_BY_MOMENT for card in of_one):
        held += sum(holds_for(card, random) for _ in range(14))
    assert held > 100_000


def test_the_bound_is_met_exactly_by_the_worst_usage():
    card = one_card(input=10, output=50, cache_read=1)
    bound = worst(card, input_tokens=100, choices=2, predicted_tokens=7)
    assert bound == Bound(100 * 10 + 7 * 50, 2 * 50)
    usage = Usage(input_tokens=100, output_tokens=2 * 30 + 7)
    assert cost(card, usage) == Cost(5, bound.at(30))


def test_a_cached_price_is_assumed_only_where_it_is_the_higher_one():
    assert worst(one_card(input=10, output=1, cache_read=1), input_tokens=5) == Bound(50, 1)
    assert worst(one_card(input=10, output=1, cache_read=30), input_tokens=5) == Bound(150, 1)


def test_a_write_price_enters_only_where_a_write_is_asked_for_or_the_model_writes_by_itself():
    card = one_card(input=10, output=1, cache_write_5m=12, cache_write_1h=20)
    assert worst(card, input_tokens=5) == Bound(50, 1)
    assert worst(card, input_tokens=5, cache_ttl="5m") == Bound(60, 1)
    assert worst(card, input_tokens=5, cache_ttl="1h") == Bound(100, 1)
    assert worst(card, input_tokens=5, writes_unasked=True) == Bound(60, 1)


def test_a_write_where_nothing_has_a_write_price_costs_no_more_than_input():
    assert worst(one_card(input=10, output=1), input_tokens=5, cache_ttl="1h") == Bound(50, 1)


@pytest.mark.parametrize(("known", "asked"), [("cache_write_5m", "1h"), ("cache_write_1h", "5m")])
def test_a_write_for_a_time_without_a_price_is_unpriced_where_the_other_has_one(known, asked):
    assert isinstance(worst(one_card(input=10, output=1, **{known: 12}), input_tokens=5, cache_ttl=asked), Unpriced)


def test_the_dearest_long_context_tier_within_reach_counts():
    tiers = (
        Tier(0, inclusive=False, rates=Rates(input=1, output=1)),
        Tier(100, inclusive=False, rates=Rates(input=2, output=3)),
        Tier(200, inclusive=True, rates=Rates(input=4, output=2)),
    )
    card = PriceCard("p", "m", {"": tiers}, "book")
    assert worst(card, input_tokens=100) == Bound(100, 1)
    assert worst(card, input_tokens=101) == Bound(202, 3)
    assert worst(card, input_tokens=199) == Bound(398, 3)
    assert worst(card, input_tokens=200) == Bound(800, 3)


def test_the_dearest_service_tier_that_may_be_billed_counts():
    card = card_of(
        Rates(input=10, output=10),
        flex=Rates(input=5, output=5),
        priority=Rates(input=20, output=20),
        batch=Rates(input=99, output=99),
    )
    assert worst(card, input_tokens=1) == Bound(10, 10)
    assert worst(card, input_tokens=1, tiers=("flex",)) == Bound(10, 10)  # a provider may serve standard instead
    assert worst(card, input_tokens=1, tiers=("", "priority")) == Bound(20, 20)
    assert worst(card, input_tokens=1, tiers=("auto",)) == Bound(20, 20)
    assert worst(card, input_tokens=1, tiers=("batch",)) == Bound(99, 99)


def test_a_dear_tier_without_a_price_is_unpriced_and_a_cheap_one_is_bounded_by_standard():
    card = one_card(input=10, output=10)
    assert isinstance(worst(card, input_tokens=1, tiers=("priority",)), Unpriced)
    assert worst(card, input_tokens=1, tiers=("flex",)) == Bound(10, 10)


def test_searches_audio_and_requests_are_in_the_bound():
    card = one_card(
        input=10, output=20, web_search=1_000, request=7, audio_input=90, cached_audio_input=95, audio_output=300
    )
    assert worst(card, input_tokens=2) == Bound(27, 20)
    assert worst(card, input_tokens=2, searches=3) == Bound(3_027, 20)
    assert worst(card, input_tokens=2, audio_input=True) == Bound(197, 20)
    assert worst(card, input_tokens=2, audio_output=True, predicted_tokens=1) == Bound(327, 300)


def test_searches_without_a_price_are_unpriced():
    assert isinstance(worst(one_card(input=1, output=1), input_tokens=1, searches=1), Unpriced)


def test_embeddings_have_no_slope():
    assert worst(one_card(input=10, output=0), input_tokens=100) == Bound(1_000, 0)


def test_a_remembered_maximum_is_that_of_its_own_card_question_and_length():
    """Cards that are equal in all but one rate, asked in turns: what one question taught answers no other."""
    tiers = (
        Tier(0, inclusive=False, rates=Rates(input=1, output=1)),
        Tier(100, inclusive=True, rates=Rates(input=2, output=3)),
    )
    cheap, dear = one_card(input=10, output=1, cache_write_5m=12), one_card(input=20, output=1, cache_write_5m=24)
    long = PriceCard("p", "m", {"": tiers}, "book")
    for _ in range(3):
        assert worst(cheap, input_tokens=5) == Bound(50, 1)
        assert worst(dear, input_tokens=5) == Bound(100, 1)
        assert worst(cheap, input_tokens=5, cache_ttl="5m") == Bound(60, 1)
        assert worst(cheap, input_tokens=7, choices=2, predicted_tokens=3) == Bound(73, 2)
        assert worst(long, input_tokens=99) == Bound(99, 1)
        assert worst(long, input_tokens=100) == Bound(200, 3)
        assert worst(long, input_tokens=99, predicted_tokens=1) == Bound(100, 1)


def test_no_more_is_remembered_than_has_room():
    for price in range(REMEMBERED + 10):
        assert worst(one_card(input=price, output=1), input_tokens=2) == Bound(2 * price, 1)


def test_the_highest_rates_of_a_question_bound_every_input_that_is_short_as_worst_does():
    for card in CARDS_BY_MOMENT[-1]:
        for unasked in (False, True):
            found = highest_for(card, ("", unasked, ("",), 0, False, False))
            assert isinstance(found, Highest)
            for tokens in {0, 1, 5_000, found.short - 1} - {(1 << 62) - 1}:
                said = worst(card, input_tokens=tokens, writes_unasked=unasked, choices=3, predicted_tokens=7)
                assert found.bound(tokens, 3, 7) == said
