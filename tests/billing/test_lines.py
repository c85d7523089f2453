"""What history measured, as lines of a bill."""

from farthing.billing.lines import groups_of, lines_of
from farthing.billing.list_price import ListPrices
from farthing.domain.usage import Usage
from farthing.ports.history import MeterRow
from farthing.ports.records import UsageRow
from support.billing_world import BOOK, FORMATS

PRICES = ListPrices(BOOK, BOOK, FORMATS)
GROUP = ("2026-10-03", "support", "openai", "gpt-4o-mini", "standard")


def meter(name, quantity=0, each=0, picos=None, group=GROUP):
    return MeterRow(
        group=group, meter=name, quantity=quantity, picos_each=each, picos=quantity * each if picos is None else picos
    )


def sums(group=GROUP, **more):
    given = {"calls": 1, "refused": 0, "attempts": 1, "usage": Usage(), "cost_nanos": 0, "remainder_picos": 0}
    return UsageRow(group=group, **{**given, "estimated_nanos": 0, "unpriced": 0, "open": 0, **more})


def told(meters, *rows):
    return [(line.meter, line.quantity, line.each, line.picos) for line in lines_of(meters, rows, PRICES)]


def test_what_is_asked_of_history_is_what_is_read_from_it():
    assert groups_of(("team",)) == ("day", "team", "provider", "model", "tier")
    assert groups_of(("team",), hourly=True)[0] == "hour"


def test_the_standard_tier_has_no_name():
    (line,) = lines_of([meter("input", 3, 7)], [sums()], PRICES)
    assert (line.tier, line.labels, line.model) == ("", ("support",), "gpt-4o-mini")


def test_all_rounding_of_a_group_is_one_line():
    assert told([meter("rounding", 1, 300, 300), meter("rounding", 1, 700, 1_400)], sums()) == [
        ("rounding", 0, 0, 1_700)
    ]


def test_estimates_are_told_apart_from_what_else_has_no_lines():
    assert told([meter("unexplained", picos=9_000)], sums(estimated_nanos=4)) == [
        ("estimated", 0, 0, 4_000),
        ("unexplained", 0, 0, 5_000),
    ]
    assert told([meter("unexplained", picos=4_000)], sums(estimated_nanos=4)) == [("estimated", 0, 0, 4_000)]


def test_estimates_that_the_book_explains_stay_with_their_meters():
    assert told([meter("input", 4, 1_000)], sums(estimated_nanos=4)) == [("input", 4, 1_000, 4_000)]


def test_tokens_without_a_price_are_what_no_meter_accounts_for():
    row = sums(unpriced=2, usage=Usage(input_tokens=100, output_tokens=9))
    *_, line = lines_of([meter("input", 60, 5), meter("cache_read", 10, 1)], [row], PRICES)
    assert (line.meter, line.quantity, line.picos, line.input_tokens, line.output_tokens) == ("unpriced", 2, 0, 30, 9)


def test_requests_stand_on_the_first_line_of_their_group():
    found = lines_of([meter("input", 1, 1), meter("output", 1, 1)], [sums(attempts=5)], PRICES)
    assert [line.requests for line in found] == [5, 0]


def test_groups_without_cost_have_no_lines():
    assert told([], sums(refused=3)) == []
