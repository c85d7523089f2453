"""`[[prices]]`: read as they are written, exact, and refused with the field's path where they cannot be meant."""

from decimal import Decimal

import pytest

from farthing.domain.errors import BadConfig
from farthing.domain.price import Rates, Tier
from farthing.pricing.contract import Contract, read_contracts


def one(**entry: object) -> Contract:
    (contract,) = read_contracts([{"model": "m", **entry}])
    return contract


@pytest.mark.parametrize("written", [0.1, "0.1", "0.10", Decimal("0.1")])
def test_a_price_is_read_as_it_is_written_and_is_exact(written):
    assert one(input=written, output=3).tiers[0].rates == Rates(input=100_000, output=3_000_000)


def test_every_field_of_an_entry_becomes_a_rate():
    rates = (
        one(
            input=1,
            output=2,
            cache_read="0.000001",
            cache_write_5m=4,
            cache_write_1h=5,
            audio_input=6,
            cached_audio_input=7,
            audio_output=8,
            web_search=10,
            request="0.5",
        )
        .tiers[0]
        .rates
    )
    assert rates == Rates(
        input=1_000_000,
        output=2_000_000,
        cache_read=1,
        cache_write_5m=4_000_000,
        cache_write_1h=5_000_000,
        audio_input=6_000_000,
        cached_audio_input=7_000_000,
        audio_output=8_000_000,
        web_search=10_000_000_000,
        request=500_000_000,
    )


def test_a_tier_keeps_the_prices_that_it_does_not_name():
    tiers = one(
        input=1, output=2, tiers=[{"above": 200_000, "input": 3}, {"above": 400_000, "output": 5, "inclusive": True}]
    ).tiers
    assert tiers == (
        Tier(0, inclusive=False, rates=Rates(input=1_000_000, output=2_000_000)),
        Tier(200_000, inclusive=False, rates=Rates(input=3_000_000, output=2_000_000)),
        Tier(400_000, inclusive=True, rates=Rates(input=3_000_000, output=5_000_000)),
    )


def test_a_model_without_output_leaves_it_out():
    assert one(input=1).tiers[0].rates == Rates(input=1_000_000, output=0)


def test_free_has_to_be_said():
    assert one(free=True).tiers[0].rates == Rates(input=0, output=0)
    assert one(free=True, input=0, output=0, cache_read=0).tiers[0].rates == Rates(input=0, output=0, cache_read=0)
    assert one(free=True, input=1, output=2, cache_read=0).tiers[0].rates.cache_read == 0


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        ({"model": "m"}, "prices[0].input"),
        ({"model": "m", "output": 1}, "prices[0].input"),
        ({"input": 1}, "prices[0].model"),
        ({"model": "", "input": 1}, "prices[0].model"),
        ({"model": "a*b", "input": 1}, "prices[0].model"),
        ({"model": 5, "input": 1}, "prices[0].model"),
        ({"model": "m", "input": 0}, "prices[0].input"),
        ({"model": "m", "input": -1}, "prices[0].input"),
        ({"model": "m", "input": "-0.1", "free": True}, "prices[0].input"),
        ({"model": "m", "input": True}, "prices[0].input"),
        ({"model": "m", "input": None}, "prices[0].input"),
        ({"model": "m", "input": "cheap"}, "prices[0].input"),
        ({"model": "m", "input": float("nan")}, "prices[0].input"),
        ({"model": "m", "input": float("inf")}, "prices[0].input"),
        ({"model": "m", "input": 10**9}, "prices[0].input"),
        ({"model": "m", "input": "0.0000001"}, "prices[0].input"),
        ({"model": "m", "input": 1, "output": 0}, "prices[0].output"),
        ({"model": "m", "input": 1, "output": 0, "free": True}, "prices[0].output"),
        ({"model": "m", "input": 1, "cache_reed": 1}, "prices[0].cache_reed"),
        ({"model": "m", "input": 1, "free": "yes"}, "prices[0].free"),
        ({"model": "m", "input": 1, "provider": 3}, "prices[0].provider"),
        ({"model": "m", "input": 1, "tiers": {"above": 5}}, "prices[0].tiers"),
        ({"model": "m", "input": 1, "tiers": [{"input": 5}]}, "prices[0].tiers[0].above"),
        ({"model": "m", "input": 1, "tiers": [{"above": 0, "input": 5}]}, "prices[0].tiers[0].above"),
        ({"model": "m", "input": 1, "tiers": [{"above": 9}, {"above": 9}]}, "prices[0].tiers[1].above"),
        ({"model": "m", "input": 1, "tiers": [{"above": 9, "inclusive": 1}]}, "prices[0].tiers[0].inclusive"),
        ({"model": "m", "input": 1, "tiers": [{"above": 9, "imput": 1}]}, "prices[0].tiers[0].imput"),
        ({"model": "m", "input": 1, "tiers": [{"above": 9, "input": 0}]}, "prices[0].tiers[0].input"),
    ],
)
def test_an_entry_that_cannot_be_meant_is_refused_with_its_path(entry, field):
    with pytest.raises(BadConfig) as error:
        read_contracts([entry])
    assert error.value.field == field
    assert str(error.value).startswith(field)


def test_one_model_of_one_provider_is_priced_once():
    with pytest.raises(BadConfig, match=r"prices\[1\]\.model"):
        read_contracts([{"model": "M", "input": 1}, {"model": "m", "input": 2}])
    assert len(read_contracts([{"model": "m", "input": 1}, {"model": "m", "provider": "p", "input": 2}])) == 2


@pytest.mark.parametrize(
    ("contract", "name", "providers", "covered"),
    [
        (one(input=1), "m", ("p",), True),
        (one(input=1), "mm", ("p",), False),
        (one(model="m*", input=1), "mm", (), True),
        (one(model="*", input=1), "anything", (), True),
        (one(provider="P", input=1), "m", ("p",), True),
        (one(provider="p", input=1), "m", ("q",), False),
        (one(provider="p", input=1), "m", (), False),
    ],
)
def test_a_contract_covers_the_names_it_says(contract, name, providers, covered):
    assert contract.covers(name, providers) is covered
