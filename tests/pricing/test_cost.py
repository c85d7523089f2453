"""The sum: each token in one meter, pico-dollars rounded up once, and no cost where a price is missing."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.domain.price import Cost, PriceCard, Rates, Tier, Unpriced
from farthing.domain.usage import Usage
from farthing.pricing.cost import cost, lines, reached
from support.prices import cards, every_tier, one_card, usage_for

FULL = {
    "input": 1_000,
    "output": 5_000,
    "cache_read": 100,
    "cache_write_5m": 1_250,
    "cache_write_1h": 2_000,
    "audio_input": 9_000,
    "cached_audio_input": 900,
    "audio_output": 30_000,
    "web_search": 10_000_000_000,
    "request": 7_000,
}
ALL_KINDS = Usage(
    input_tokens=1_000,
    output_tokens=100,
    cache_read_input_tokens=400,
    cache_write_input_tokens=200,
    cache_write_1h_input_tokens=50,
    audio_input_tokens=130,
    cached_audio_input_tokens=30,
    audio_output_tokens=40,
    reasoning_output_tokens=60,
    web_search_requests=2,
)


def picos(card: PriceCard, usage: Usage, tier: str = "") -> int:
    found = cost(card, usage, tier)
    assert isinstance(found, Cost), found
    return found.picos


def test_every_kind_of_token_is_billed_once_at_its_own_price():
    by_hand = (
        300 * 1_000  # 1000 - 400 read - 200 written - 100 heard afresh
        + 370 * 100
        + 150 * 1_250
        + 50 * 2_000
        + 100 * 9_000
        + 30 * 900
        + 60 * 5_000
        + 40 * 30_000
        + 2 * 10_000_000_000
        + 7_000
    )
    assert picos(one_card(**FULL), ALL_KINDS) == by_hand


def test_the_sum_is_rounded_up_to_nano_dollars_once():
    card = one_card(input=1, output=1)
    assert cost(card, Usage(input_tokens=1, output_tokens=1)) == Cost(1, 2)
    assert cost(card, Usage(input_tokens=999, output_tokens=1)) == Cost(1, 1_000)
    assert cost(card, Usage(input_tokens=1_000, output_tokens=1)) == Cost(2, 1_001)
    assert cost(card, Usage()) == Cost(0, 0)


def test_reasoning_is_part_of_the_output_and_costs_nothing_more():
    card = one_card(input=1, output=7)
    assert picos(card, Usage(output_tokens=50)) == picos(card, Usage(output_tokens=50, reasoning_output_tokens=50))


def test_cached_tokens_without_a_price_are_billed_as_input():
    assert picos(one_card(input=10, output=1), Usage(input_tokens=5, cache_read_input_tokens=5)) == 50


def test_a_free_cache_read_costs_nothing_where_the_price_says_so():
    assert picos(one_card(input=10, output=1, cache_read=0), Usage(input_tokens=5, cache_read_input_tokens=5)) == 0


def test_audio_without_a_price_is_billed_as_the_kind_it_is_part_of():
    card = one_card(input=10, output=20, cache_read=3)
    usage = Usage(
        input_tokens=10,
        output_tokens=4,
        cache_read_input_tokens=5,
        audio_input_tokens=8,
        cached_audio_input_tokens=5,
        audio_output_tokens=4,
    )
    assert picos(card, usage) == 5 * 10 + 5 * 3 + 4 * 20


def test_cached_audio_without_its_own_price_is_billed_as_fresh_audio():
    usage = Usage(input_tokens=5, cache_read_input_tokens=5, audio_input_tokens=5, cached_audio_input_tokens=5)
    assert picos(one_card(input=10, output=1, cache_read=3, audio_input=70), usage) == 350


@pytest.mark.parametrize(
    ("missing", "usage", "named"),
    [
        (
            "cache_write_1h",
            Usage(input_tokens=9, cache_write_input_tokens=9, cache_write_1h_input_tokens=1),
            "one-hour",
        ),
        ("cache_write_5m", Usage(input_tokens=9, cache_write_input_tokens=9), "cache writes"),
        ("web_search", Usage(web_search_requests=1), "web searches"),
        ("output", Usage(output_tokens=1), "output"),
        ("output", Usage(output_tokens=1, web_search_requests=1), "output"),
    ],
)
def test_a_meter_with_tokens_and_no_price_is_unpriced_with_the_reason(missing, usage, named):
    rates = {"output": 0} | {name: rate for name, rate in FULL.items() if name not in (missing, "request")}
    found = cost(one_card(**rates), usage)
    assert isinstance(found, Unpriced)
    assert named in found.reason


def test_a_free_model_costs_nothing_and_is_not_unpriced():
    assert cost(one_card(input=0, output=0), Usage(input_tokens=10, output_tokens=10)) == Cost(0, 0)


def test_audio_that_was_also_written_to_a_cache_has_no_price():
    usage = Usage(input_tokens=10, cache_write_input_tokens=10, audio_input_tokens=5)
    assert isinstance(cost(one_card(**FULL), usage), Unpriced)


@pytest.mark.parametrize("field", Usage.__struct_fields__)
def test_a_negative_count_is_unpriced_whatever_it_is(field):
    for card in (one_card(**FULL), one_card(input=1, output=1), one_card(input=1, output=1, cache_write_5m=1)):
        for others in (
            Usage(),
            Usage(input_tokens=50, output_tokens=50),
            Usage(input_tokens=9, cache_write_input_tokens=9),
        ):
            values = {name: getattr(others, name) for name in Usage.__struct_fields__} | {field: -1}
            found = cost(card, Usage(**values))
            # A part without a price of its own, below a total of nothing, is not looked at and changes nothing.
            assert isinstance(found, Unpriced) or found == cost(card, others)


@pytest.mark.parametrize(
    "usage",
    [
        Usage(input_tokens=5, cache_read_input_tokens=6),
        Usage(input_tokens=5, cache_read_input_tokens=3, cache_write_input_tokens=3),
        Usage(input_tokens=5, cache_write_input_tokens=3, cache_write_1h_input_tokens=4),
        Usage(input_tokens=5, audio_input_tokens=6),
        Usage(output_tokens=5, audio_output_tokens=6),
    ],
)
def test_parts_larger_than_their_total_are_unpriced(usage):
    assert isinstance(cost(one_card(**FULL), usage), Unpriced)
    plain = {name: rate for name, rate in FULL.items() if name != "request"}
    assert isinstance(cost(one_card(**plain), usage), Unpriced)


def test_a_service_tier_that_is_never_dearer_falls_back_to_the_standard_price():
    card = one_card(input=10, output=20)
    for tier in ("batch", "flex", "default", "standard"):
        assert picos(card, Usage(input_tokens=1), tier) == 10
    for tier in ("priority", "fast", "scale", "auto", "nonsense"):
        found = cost(card, Usage(input_tokens=1), tier)
        assert isinstance(found, Unpriced)
        assert repr(tier) in found.reason


def test_a_long_context_tier_holds_for_the_whole_request():
    tiers = (
        Tier(0, inclusive=False, rates=Rates(input=1, output=1)),
        Tier(100, inclusive=False, rates=Rates(input=2, output=3)),
    )
    card = PriceCard("p", "m", {"": tiers}, "book")
    assert picos(card, Usage(input_tokens=100, output_tokens=1)) == 101
    assert picos(card, Usage(input_tokens=101, output_tokens=1)) == 205
    inclusive = PriceCard("p", "m", {"": (tiers[0], Tier(100, inclusive=True, rates=tiers[1].rates))}, "book")
    assert picos(inclusive, Usage(input_tokens=99, output_tokens=1)) == 100
    assert picos(inclusive, Usage(input_tokens=100, output_tokens=1)) == 203


def test_the_highest_of_several_tiers_that_is_reached_holds():
    tiers = tuple(
        Tier(above, inclusive=False, rates=Rates(input=each, output=0)) for above, each in ((0, 1), (10, 2), (20, 3))
    )
    assert [reached(tiers, size).rates.input for size in (0, 10, 11, 20, 21, 10**9)] == [1, 1, 2, 2, 3, 3]


def test_the_lines_of_a_receipt_sum_to_the_cost_exactly():
    random = Random(5)
    for card, tier, rates in every_tier():
        usage = usage_for(rates, random, most_input=150_000, most_output=9_000)
        total, shown = cost(card, usage, tier), lines(card, usage, tier)
        if isinstance(total, Unpriced):
            assert shown == total
            continue
        assert isinstance(shown, tuple)
        assert sum(line.picos for line in shown) == total.nanos * 1_000
        assert all(line.picos == line.tokens * line.picos_each for line in shown)
        assert sum(line.picos for line in shown if line.kind == "rounding") == total.remainder_picos
        counted = sum(line.tokens for line in shown if line.kind not in ("web_search", "request", "rounding"))
        assert counted == usage.input_tokens + usage.output_tokens


def test_a_receipt_names_each_kind_once():
    shown = lines(one_card(**FULL), ALL_KINDS)
    assert isinstance(shown, tuple)
    assert [line.kind for line in shown] == [
        "input",
        "cache_read",
        "cache_write_5m",
        "cache_write_1h",
        "audio_input",
        "cached_audio_input",
        "output",
        "audio_output",
        "web_search",
        "request",
        "rounding",
    ]


LEAVES = {
    "fresh": ("input_tokens",),
    "read": ("input_tokens", "cache_read_input_tokens"),
    "written for 5 m": ("input_tokens", "cache_write_input_tokens"),
    "written for 1 h": ("input_tokens", "cache_write_input_tokens", "cache_write_1h_input_tokens"),
    "heard": ("input_tokens", "audio_input_tokens"),
    "heard before": ("input_tokens", "audio_input_tokens", "cache_read_input_tokens", "cached_audio_input_tokens"),
    "said": ("output_tokens",),
    "thought": ("output_tokens", "reasoning_output_tokens"),
    "spoken": ("output_tokens", "audio_output_tokens"),
    "searched": ("web_search_requests",),
}
"""Every kind of token and the counts that one more of it raises."""


@given(st.randoms(use_true_random=False), st.sampled_from(sorted(LEAVES)), st.integers(0, 300_000))
def test_i21_one_more_token_of_any_kind_never_lowers_the_cost(random, leaf, more):
    card = random.choice(cards())
    tier, tiers = random.choice(sorted(card.variants.items()))
    usage = usage_for(tiers[0].rates, random, most_input=random.choice((500, 199_990, 272_000)), most_output=5_000)
    raised = Usage(
        **{name: getattr(usage, name) + (more if name in LEAVES[leaf] else 0) for name in Usage.__struct_fields__}
    )
    before, after = cost(card, usage, tier), cost(card, raised, tier)
    assert isinstance(after, Unpriced) or (isinstance(before, Cost) and 0 <= before.picos <= after.picos)


@given(st.randoms(use_true_random=False), st.sampled_from(sorted(FULL)), st.integers(1, 10**6))
def test_i21_a_higher_price_never_lowers_the_cost(random, meter, more):
    rates = {name: random.randint(1, 10**8) for name in FULL}
    usage = usage_for(Rates(**rates), random, most_input=10**6, most_output=10**5)
    dearer = rates | {meter: rates[meter] + more}
    assert picos(one_card(**dearer), usage) >= picos(one_card(**rates), usage) >= 0


def test_the_quick_path_and_the_receipt_are_one_sum():
    """`cost` adds up ordinary usage by hand for speed; `lines` goes through every meter."""
    random = Random(11)
    for card, tier, rates in every_tier():
        usage = usage_for(rates, random, most_input=300_000, most_output=9_000, audio=False)
        quick, shown = cost(card, usage, tier), lines(card, usage, tier)
        assert isinstance(quick, Unpriced) or quick.nanos * 1_000 == sum(line.picos for line in shown)
