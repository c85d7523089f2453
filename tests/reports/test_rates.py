"""Shares, savings and sums of usage."""

from farthing.domain.usage import Usage
from farthing.ports.records import UsageRow
from farthing.reports.rates import cache_hit_rate, saved_nanos, saved_share, share, total


def row(*group, cost=0, naive=0, **usage):
    return UsageRow(
        group=group,
        calls=2,
        refused=1,
        attempts=1,
        usage=Usage(**usage),
        cost_nanos=cost,
        remainder_picos=3,
        estimated_nanos=5,
        unpriced=7,
        open=11,
        naive_nanos=naive,
    )


def test_a_share_of_nothing_is_none():
    assert share(0, 0) is None
    assert share(1, 3) == 0.333333


def test_the_cache_hit_rate_is_of_all_input():
    assert cache_hit_rate(Usage(input_tokens=100, cache_read_input_tokens=62)) == 0.62
    assert cache_hit_rate(Usage()) is None


def test_what_was_saved_is_what_naive_costs_more():
    assert (saved_nanos(row(cost=60, naive=100)), saved_share(row(cost=60, naive=100))) == (40, 0.4)
    assert saved_share(row(cost=120, naive=100)) == -0.2


def test_every_field_is_summed_and_no_group_is_left():
    whole = total([row("a", cost=1, naive=2, input_tokens=3), row("b", cost=4, naive=5, audio_output_tokens=6)])
    assert whole == UsageRow(
        group=(),
        calls=4,
        refused=2,
        attempts=2,
        usage=Usage(input_tokens=3, audio_output_tokens=6),
        cost_nanos=5,
        remainder_picos=6,
        estimated_nanos=10,
        unpriced=14,
        open=22,
        naive_nanos=7,
    )
    assert total([]).cost_nanos == 0
