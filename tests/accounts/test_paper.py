"""Lines on paper: two columns at one edge, units in words, nothing wider than a terminal."""

import pytest

from farthing.accounts.paper import WIDTH, billed, count, dollars, from_naive, from_picos, saved_share, told, two
from farthing.pricing.cost import Line
from farthing.pricing.naive import Saving


def test_a_line_says_how_many_at_what_price_and_the_amount_to_the_pico_dollar():
    token, rounding = billed((Line("input", 3, 333_333, 999_999), Line("rounding", 1, 1, 1)))
    assert token.startswith("  input ")
    assert "3  at $0.333333 a million" in token
    assert token.endswith("$0.000000999999")
    assert rounding.endswith("$0.000000000001")


def test_searches_are_priced_apiece():
    (line,) = billed([Line("web_search", 2, 10_000_000_000, 20_000_000_000)])
    assert "at $0.01 each" in line


def test_what_was_saved_and_what_cost_extra_have_their_signs():
    naive, saved, extra = from_naive(
        1_000_000_000, [Saving("cache_read", 400_000_000), Saving("cache_write", -50_000_000)]
    )
    assert naive.endswith("$1")
    assert (saved.split()[:2], saved.split()[-1]) == (["saved", "by"], "-$0.40")
    assert (extra.split()[:2], extra.split()[-1]) == (["extra", "for"], "+$0.05")
    assert list(from_naive(5, [])) == []


@pytest.mark.parametrize(
    ("naive", "nanos", "said"),
    [(1_000, 600, "40 % less"), (1_000, 1_005, "0.5 % more"), (1_000, 1_000, ""), (0, 5, "")],
)
def test_how_much_less_is_told_in_percent(naive, nanos, said):
    assert saved_share(naive, nanos).startswith(said)
    assert bool(saved_share(naive, nanos)) == bool(said)


def test_picos_keep_all_their_decimals():
    assert (from_picos(1_500_000), from_picos(1)) == ("$0.0000015", "$0.000000000001")


def test_a_long_text_is_folded_below_itself():
    lines = list(told("asked   ", "word " * 40))
    assert len(lines) > 2
    assert max(map(len, lines)) <= WIDTH
    assert all(line.startswith(" " * 8) for line in lines[1:])


def test_columns_and_counts():
    assert len(two("left", "right")) == WIDTH
    assert (count(1, "call"), count(2_000, "call")) == ("1 call", "2,000 calls")


def test_dollars_are_exact_and_as_short_as_they_can_be():
    amounts = (0, 10**9, 1_500_000_000, -400_000_000, 61_350, 1_234_567_000_000_000)
    assert [dollars(nanos) for nanos in amounts] == ["$0", "$1", "$1.50", "-$0.40", "$0.00006135", "$1,234,567"]
