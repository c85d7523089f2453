"""How much is set aside: each account's worst case, as a line over the output cap."""

from hypothesis import given
from hypothesis import strategies as st

from farthing.budgets.hold import charges, money_charges
from farthing.domain.budget import AccountKey, Unit

COUNT = st.integers(0, 10**9)


def lines(*units):
    fractions = {Unit.USD: (1, 1_000), Unit("eur"): (25, 27_000)}  # one euro is 1.08 dollars
    return tuple((AccountKey("b", "", unit, "lifetime"), 77, *fractions.get(unit, (1, 1))) for unit in units)


def charged(*units, **more):
    asked = {
        "base_picos": 1_500_001,
        "slope_picos": 600_000,
        "input_tokens": 10,
        "extra_output_tokens": 3,
        "choices": 2,
        **more,
    }
    return charges(lines(*units), **asked)


def test_money_is_rounded_up_once_to_whole_nano_dollars():
    (charge,) = charged(Unit.USD)
    assert charge.amount(0) == 1_501
    assert charge.amount(5) == 1_501 + 3_000


def test_another_currency_is_converted_by_its_own_fraction_and_rounded_up_once():
    (charge,) = charged(Unit("eur"), base_picos=1_080_000_000_001, slope_picos=0)
    assert charge.amount(0) == 1_000_000_001


def test_tokens_count_input_predictions_and_every_choice():
    (charge,) = charged(Unit.TOKENS)
    assert charge.amount(100) == 10 + 3 + 2 * 100


def test_input_does_not_grow_with_the_cap_and_output_has_no_input():
    taken_in, given_out = charged(Unit.INPUT_TOKENS, Unit.OUTPUT_TOKENS)
    assert (taken_in.amount(0), taken_in.amount(100)) == (10, 10)
    assert given_out.amount(100) == 3 + 2 * 100


def test_a_call_is_one_call_whatever_it_says():
    (charge,) = charged(Unit.CALLS)
    assert charge.amount(10**6) == 1


def test_every_account_keeps_its_place_and_when_it_closes():
    made = charged(*Unit)
    assert [charge.account.unit for charge in made] == list(Unit)
    assert {charge.closes_ms for charge in made} == {77}


@given(base=COUNT, slope=COUNT, room=st.integers(0, 10**12))
def test_the_largest_cap_that_fits_is_the_largest(base, slope, room):
    (charge,) = charged(Unit.USD, base_picos=base, slope_picos=slope)
    largest = charge.largest_cap(room)
    if largest is None:
        assert charge.amount(10**9) <= room
    elif largest < 0:
        assert charge.amount(0) > room
    else:
        assert charge.amount(largest) <= room < charge.amount(largest + 1)


@given(COUNT, COUNT)
def test_where_all_is_money_the_shorter_way_charges_the_same(base, slope):
    accounts = lines(Unit.USD, Unit("eur"), Unit.USD)
    longer = charges(accounts, base_picos=base, slope_picos=slope, input_tokens=10, extra_output_tokens=3, choices=2)
    assert money_charges(accounts, base, slope) == longer
