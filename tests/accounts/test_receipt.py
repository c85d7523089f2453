"""Receipts explain what is recorded to the nano-dollar, or say why they cannot."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.accounts.receipt import receipt
from farthing.domain.budget import AccountKey, Unit
from farthing.domain.money import PICOS_PER_NANO
from farthing.domain.price import Cost, PriceCard, Rates, Tier, Unpriced
from farthing.domain.record import AttemptOpening, CallClosing, CallOpening, MessageShape, Skeleton, Step
from farthing.domain.usage import Usage
from farthing.ports.records import AttemptRecord, CallRecord, Share
from farthing.pricing.cost import cost

RATES = Rates(input=150_001, output=600_000, cache_read=75_000)
CARD = PriceCard(
    "openai",
    "m",
    {"": (Tier(0, False, RATES),), "flex": (Tier(0, False, Rates(input=75_000, output=300_000)),)},
    "book",
)
USAGE = Usage(input_tokens=1_200, cache_read_input_tokens=1_024, output_tokens=77)


def attempt(spent: Usage = USAGE, tier: str = "", **changes) -> AttemptRecord:
    total = cost(CARD, spent, tier)
    assert isinstance(total, Cost)
    opening = AttemptOpening(
        id=17, call_id=16, ordinal=1, provider="openai", model="m", book="book", bound="bytes", input_bound=1_300
    )
    record = AttemptRecord(
        opening=opening,
        state="settled",
        cap=1_000,
        shares=(Share(AccountKey("all", "", Unit.USD, "lifetime"), 9_999, total.nanos),),
        cost_nanos=total.nanos,
        remainder_picos=total.remainder_picos,
        usage=spent,
        source="provider",
        tier=tier,
    )
    return msgspec.structs.replace(record, **changes)


def call(*attempts: AttemptRecord, outcome: str = "paid", skeleton: Skeleton | None = None) -> CallRecord:
    return CallRecord(
        opening=CallOpening(id=16, arrived_ms=1, model="m"),
        closing=CallClosing(id=16, outcome=outcome, status=200, finished_ms=2),
        skeleton=skeleton or Skeleton(),
        attempts=attempts,
    )


def of(*attempts: AttemptRecord, card: PriceCard | Unpriced = CARD, **more):
    return receipt(call(*attempts, **more), lambda _: card)


def test_lines_by_kind_and_the_rounding_sum_to_the_cost():
    found = of(attempt())
    assert [line.kind for line in found.attempts[0].lines] == ["input", "cache_read", "output", "rounding"]
    assert sum(line.picos for line in found.attempts[0].lines) == found.nanos * PICOS_PER_NANO
    assert found.explained
    assert found.complete


counts = st.integers(0, 10**7)


@given(counts, counts, counts, st.sampled_from(["", "flex"]))
def test_a_receipt_of_any_usage_adds_up(fresh: int, cached: int, output: int, tier: str):
    usage = Usage(input_tokens=fresh + cached, cache_read_input_tokens=cached, output_tokens=output)
    found = of(attempt(usage, tier))
    assert found.explained
    assert not found.attempts[0].unexplained


def test_the_lines_are_at_the_prices_of_the_service_tier_that_was_billed():
    found = of(attempt(tier="flex"))
    assert [line.picos_each for line in found.attempts[0].lines if line.kind == "output"] == [300_000]
    assert found.explained


def test_a_tier_whose_prices_do_not_give_the_recorded_cost_explains_nothing():
    found = of(attempt(tier="flex", cost_nanos=of(attempt()).nanos))
    assert found.attempts[0].lines == ()
    assert found.attempts[0].unexplained


def test_an_amount_that_another_book_gave_is_not_explained_with_this_one():
    other = msgspec.structs.replace(attempt().opening, book="older")
    found = of(attempt(opening=other, cost_nanos=1))
    assert found.attempts[0].lines == ()
    assert "older" in found.attempts[0].unexplained
    assert not found.explained
    assert found.nanos == 1


def test_a_policys_charge_has_no_lines_and_says_so():
    found = of(attempt(source="estimate"))
    assert found.attempts[0].lines == ()
    assert "policy" in found.attempts[0].unexplained


def test_without_a_price_the_receipt_is_not_complete():
    found = of(attempt(cost_nanos=None), card=Unpriced("nobody knows m"))
    assert not found.complete
    assert found.attempts[0].unexplained == "nobody knows m"
    assert found.attempts[0].worst_nanos is None


@pytest.mark.parametrize("state", ["held", "unknown"])
def test_what_is_still_open_costs_nothing_yet_and_is_not_complete(state: str):
    found = of(attempt(state=state, cost_nanos=None, usage=None))
    assert found.nanos == 0
    assert not found.complete


def test_a_void_attempt_before_the_one_that_was_paid_costs_nothing():
    void = attempt(state="void", cost_nanos=None, usage=None, shares=())
    found = of(void, attempt())
    assert found.complete
    assert found.explained


def test_the_worst_case_is_the_bound_at_its_dearest_rate_and_the_whole_cap():
    assert of(attempt()).attempts[0].worst_nanos == -(-(1_300 * 150_001 + 1_000 * 600_000) // 1_000)


def test_the_worst_case_is_the_cap_for_each_answer_asked_for():
    three = msgspec.structs.replace(attempt().opening, choices=3)
    assert of(attempt(opening=three)).attempts[0].worst_nanos == -(-(1_300 * 150_001 + 3_000 * 600_000) // 1_000)


def test_the_worst_case_counts_a_cache_write_that_the_messages_ask_for():
    rates = Rates(input=100_000, output=0, cache_write_5m=125_000, cache_write_1h=200_000)
    card = PriceCard("anthropic", "m", {"": (Tier(0, False, rates),)}, "book")
    asked = Skeleton(messages=(MessageShape("user", "d", 1, (), "1h"),))
    found = of(attempt(state="held", cost_nanos=None, usage=None), card=card, skeleton=asked)
    assert found.attempts[0].worst_nanos == 1_300 * 200


def test_what_stages_did_stands_in_the_receipt():
    step = Step("downgrade", "small instead of large", "'all' is used up to 60 %", 1_200)
    opening = msgspec.structs.replace(attempt().opening, steps=(step,))
    assert of(attempt(opening=opening)).attempts[0].steps == (step,)


OTHER = PriceCard("openai", "large", {"": (Tier(0, False, Rates(input=2_500_000, output=10_000_000)),)}, "book")


def asked_for(model: str, *attempts: AttemptRecord):
    """The receipt of a call that asked for this model, in a book that knows two."""
    record = call(*attempts)
    record = msgspec.structs.replace(record, opening=msgspec.structs.replace(record.opening, model=model))
    cards = {"m": CARD, "large": OTHER}
    return receipt(record, lambda opening: cards.get(opening.model, Unpriced("nobody knows it")))


@given(counts, counts, counts, st.sampled_from(["", "flex"]), st.sampled_from(["m", "large", "a tier of ours"]))
def test_naive_less_every_saving_is_the_cost_to_the_nano_dollar(fresh, cached, output, tier, asked):
    usage = Usage(input_tokens=fresh + cached, cache_read_input_tokens=cached, output_tokens=output)
    void = attempt(state="void", cost_nanos=None, usage=None, shares=())
    found = asked_for(asked, void, attempt(usage, tier), attempt(usage, source="estimate"))
    assert found.naive_nanos - sum(saving.nanos for saving in found.savings) == found.nanos


def test_a_downgrade_and_the_cache_are_told_apart():
    found = asked_for("large", attempt())
    assert [saving.cause for saving in found.savings] == ["model", "cache_read"]
    assert found.naive_nanos == cost(OTHER, Usage(input_tokens=1_200, output_tokens=77)).nanos


@pytest.mark.parametrize("changes", [{"source": "estimate"}, {"cost_nanos": 5}])
def test_where_the_cost_is_not_explained_nothing_is_claimed_to_be_saved(changes):
    found = asked_for("large", attempt(**changes))
    assert (found.naive_nanos, found.savings) == (found.nanos, ())


@pytest.mark.parametrize("state", ["held", "unknown", "void"])
def test_what_has_no_cost_yet_has_no_naive_cost_either(state):
    found = of(attempt(state=state, cost_nanos=None, usage=None))
    assert (found.naive_nanos, found.savings, found.nanos) == (0, (), 0)
