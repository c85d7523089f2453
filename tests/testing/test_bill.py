"""The bill."""

import threading

import pytest

from farthing.domain.price import Rates
from farthing.domain.usage import Usage
from farthing.testing.bill import Bill, Entry, cost_picos, prices_from

RATES = Rates(input=100, output=1_000, cache_read=10, cache_write_5m=125, cache_write_1h=200)


def entry(**more):
    return Entry(number=0, dialect="openai-chat", model="m", **more)


@pytest.mark.parametrize(
    ("usage", "picos"),
    [
        (Usage(), 0),
        (Usage(input_tokens=7, output_tokens=3), 3_700),
        (Usage(input_tokens=10, cache_read_input_tokens=4), 640),
        (Usage(input_tokens=10, cache_write_input_tokens=4), 1_100),
        (Usage(input_tokens=10, cache_write_input_tokens=4, cache_write_1h_input_tokens=3), 1_325),
        (Usage(output_tokens=5, reasoning_output_tokens=5), 5_000),
    ],
)
def test_each_kind_of_token_has_its_own_rate(usage, picos):
    assert cost_picos(usage, RATES) == picos


def test_a_cached_read_without_a_rate_costs_what_plain_input_costs_and_a_write_has_no_price():
    plain = Rates(input=100, output=1_000)
    assert cost_picos(Usage(input_tokens=10, cache_read_input_tokens=5), plain) == 1_000
    assert cost_picos(Usage(input_tokens=10, cache_write_input_tokens=5), plain) is None


def test_a_fee_for_each_request_is_added_once():
    assert cost_picos(Usage(input_tokens=2), Rates(input=100, output=1_000, request=7_000)) == 7_200


def test_an_entry_is_rounded_up_once_to_whole_nano_dollars():
    assert [entry(picos=picos).nanos for picos in (0, 1, 1_000, 1_001)] == [0, 1, 1, 2]


def test_a_model_without_a_price_has_no_cost_rather_than_none_at_all():
    bill = Bill({"other": RATES})
    number = bill.open(entry()).number
    bill.change(number, usage=Usage(input_tokens=1))
    assert bill.entries[0].picos is None
    assert bill.entries[0].nanos is None
    assert bill.picos == 0


def test_the_sum_of_nanos_rounds_each_entry():
    bill = Bill({"m": Rates(input=1, output=1)})
    for _ in range(3):
        bill.change(bill.open(entry()).number, usage=Usage(input_tokens=1))
    assert (bill.picos, bill.nanos) == (3, 3)


def test_entries_without_usage_were_not_charged():
    bill = Bill({"m": RATES})
    first = bill.open(entry()).number
    second = bill.open(entry()).number
    bill.change(first, usage=Usage(input_tokens=1))
    bill.change(second, usage=Usage(), outcome="refused")
    assert [each.number for each in bill.charged()] == [first]
    assert bill.entries[1].picos == 0


def test_prices_may_depend_on_tier_and_length():
    price_of = prices_from(lambda model, tier, tokens: RATES if (model, tier, tokens) == ("m", "flex", 5) else None)
    bill = Bill(price_of)
    bill.change(bill.open(entry(tier="flex")).number, usage=Usage(input_tokens=5))
    bill.change(bill.open(entry()).number, usage=Usage(input_tokens=5))
    assert [each.picos for each in bill] == [500, None]


def test_a_request_that_ends_after_the_bill_was_cleared_changes_nothing():
    bill = Bill({"m": RATES})
    old = bill.open(entry()).number
    bill.clear()
    new = bill.open(entry()).number
    bill.change(old, outcome="answered", usage=Usage(input_tokens=9))
    assert new == old + 1
    assert (len(bill), bill.entries[0].outcome, bill.picos) == (1, "running", 0)


def test_the_bill_can_be_read_while_it_is_written():
    bill = Bill({"m": RATES})

    def write():
        for _ in range(500):
            bill.change(bill.open(entry()).number, usage=Usage(input_tokens=1))

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        seen = bill.entries
        assert [each.number for each in seen] == list(range(1, len(seen) + 1))
    for thread in threads:
        thread.join()
    assert [each.number for each in bill] == list(range(1, 1_501))
    assert bill.picos == 1_500 * 100
