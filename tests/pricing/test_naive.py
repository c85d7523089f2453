"""From what a call would have cost as it was asked to what was paid: by fixed causes, exactly, and never by a guess."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.domain.price import Cost, PriceCard, Rates, Tier, Unpriced
from farthing.domain.record import AttemptOpening
from farthing.domain.usage import Usage
from farthing.pricing.cost import cost
from farthing.pricing.naive import CAUSES, asked_card, explains, naive_nanos, way

LARGE = PriceCard(
    "openai",
    "large",
    {
        "": (
            Tier(0, False, Rates(input=3_000_001, output=15_000_003, cache_read=300_007, cache_write_5m=3_750_011)),
            Tier(
                200_000, False, Rates(input=6_000_001, output=22_500_000, cache_read=600_000, cache_write_5m=7_500_000)
            ),
        ),
        "batch": (
            Tier(0, False, Rates(input=1_500_001, output=7_500_001, cache_read=150_000, cache_write_5m=1_875_000)),
        ),
    },
    "book",
)
SMALL = PriceCard(
    "openai",
    "small",
    {"": (Tier(0, False, Rates(input=150_001, output=600_007, cache_read=75_003, cache_write_5m=187_501)),)},
    "book",
)
UNKNOWN = Unpriced("nobody knows it")
OPENING = AttemptOpening(
    id=17, call_id=16, ordinal=1, provider="openai", model="small", book="book", bound="bytes", input_bound=9
)

tokens = st.integers(0, 400_000)


@st.composite
def usages(draw):
    fresh, read, written, output = (draw(tokens) for _ in range(4))
    return Usage(
        input_tokens=fresh + read + written,
        cache_read_input_tokens=read,
        cache_write_input_tokens=written,
        output_tokens=output,
    )


@given(st.sampled_from([LARGE, SMALL]), st.sampled_from([LARGE, SMALL]), usages(), st.sampled_from(["", "batch"]))
def test_naive_less_every_saving_is_what_was_paid_to_the_nano_dollar(asked, sent, usage, tier):
    paid = cost(sent, usage, tier)
    assert isinstance(paid, Cost)
    found = way(asked, sent, usage, tier, paid.nanos, explained=True)
    assert found.naive_nanos - sum(saving.nanos for saving in found.savings) == paid.nanos == found.cost_nanos
    assert found.naive_nanos == naive_nanos(asked, usage, paid.nanos, explained=True)
    causes = [saving.cause for saving in found.savings]
    assert causes == [cause for cause in CAUSES if cause in causes]


def of(asked, sent, usage, tier=""):
    paid = cost(sent, usage, tier)
    return dict(way(asked, sent, usage, tier, paid.nanos, explained=True).savings)


def test_each_cause_is_worth_what_it_changed():
    usage = Usage(input_tokens=3_000, cache_read_input_tokens=1_000, cache_write_input_tokens=500, output_tokens=10)
    found = of(LARGE, LARGE, usage)
    assert set(found) == {"cache_read", "cache_write"}
    assert found["cache_read"] == pytest.approx(1_000 * (3_000_001 - 300_007) / 1_000, abs=1)
    assert found["cache_write"] == pytest.approx(-500 * (3_750_011 - 3_000_001) / 1_000, abs=1)
    assert set(of(LARGE, SMALL, Usage(input_tokens=10))) == {"model"}
    assert set(of(LARGE, LARGE, Usage(input_tokens=10), "batch")) == {"tier"}


def test_a_call_that_went_out_as_it_was_asked_saved_nothing():
    assert of(LARGE, LARGE, Usage(input_tokens=10, output_tokens=5)) == {}


def test_a_dearer_model_than_was_asked_for_is_an_extra():
    assert of(SMALL, LARGE, Usage(input_tokens=10))["model"] < 0


@pytest.mark.parametrize(
    "asked", [UNKNOWN, PriceCard("x", "m", {"": (Tier(0, False, Rates(input=1, output=0)),)}, "b")]
)
def test_nothing_is_claimed_where_what_was_asked_has_no_price(asked):
    usage = Usage(input_tokens=10, output_tokens=1, cache_read_input_tokens=5)
    found = way(asked, LARGE, usage, "", 77, explained=True)
    assert (found.naive_nanos, found.savings, found.cost_nanos) == (77, (), 77)
    assert naive_nanos(asked, usage, 77, explained=True) == 77


def test_nothing_is_claimed_where_the_book_does_not_give_the_recorded_cost():
    assert way(LARGE, SMALL, Usage(input_tokens=10), "", 77, explained=False) == (77, (), 77)


def test_a_station_without_a_price_leaves_its_part_to_the_next():
    """At the standard rates there is no price for searches, at those of the tier there is."""
    batch = Rates(input=1_000, output=1_000, web_search=5_000_000)
    sent = PriceCard(
        "o", "m", {"": (Tier(0, False, Rates(input=2_000, output=2_000)),), "batch": (Tier(0, False, batch),)}, "b"
    )
    asked = PriceCard("o", "n", {"": (Tier(0, False, Rates(input=4_000, output=4_000, web_search=5_000_000)),)}, "b")
    usage = Usage(input_tokens=1_000, web_search_requests=1)
    assert of(asked, sent, usage, "batch") == {"tier": 3_000}


def test_a_recorded_cost_is_explained_by_the_card_that_gives_it_and_by_no_other():
    usage = Usage(input_tokens=1_001, output_tokens=7)
    paid = cost(SMALL, usage)
    told = {"cost_nanos": paid.nanos, "remainder_picos": paid.remainder_picos, "source": "provider"}
    assert explains(SMALL, usage, "", **told)
    assert not explains(LARGE, usage, "", **told)
    assert not explains(UNKNOWN, usage, "", **told)
    assert not explains(SMALL, usage, "", **{**told, "remainder_picos": paid.remainder_picos + 1})
    assert not explains(SMALL, usage, "", **{**told, "source": "estimate"})


def card_of(opening):
    known = {("openai", "small"): SMALL, ("openai", "large"): LARGE, ("other", "large"): SMALL}
    return known.get((opening.provider, opening.model), UNKNOWN)


def test_the_card_of_what_was_asked_is_found_by_the_callers_own_word():
    assert asked_card("small", OPENING, card_of) is SMALL
    assert asked_card("openai/small", OPENING, card_of) is SMALL
    assert asked_card("large", OPENING, card_of) is LARGE
    elsewhere = msgspec.structs.replace(OPENING, provider="third")
    assert asked_card("openai/large", elsewhere, card_of) is LARGE


def test_a_name_of_our_own_means_the_model_that_was_called():
    assert asked_card("frontier", OPENING, card_of) is SMALL
