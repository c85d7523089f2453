"""Figures are written the same way everywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.dashboard import figures
from farthing.domain.budget import Unit
from farthing.domain.money import usd


@pytest.mark.parametrize(
    ("nanos", "text"),
    [
        (0, "$0"),
        (1, "$0.000000001"),
        (9_999, "$0.000009999"),
        (249_000, "$0.000249"),
        (12_080_000, "$0.0121"),
        (176_049_000, "$0.1760"),
        (1_000_000_000, "$1.00"),
        (1_234_567_890_000, "$1,234.57"),
        (-183_700_000, "−$0.1837"),
    ],
)
def test_dollars_have_as_many_digits_as_help_to_compare(nanos, text):
    assert figures.short_usd(nanos) == text


@given(st.integers(-(2**62), 2**62))
def test_every_digit_of_an_amount_is_in_its_title(nanos):
    assert f'value="{usd(nanos)}" title="${usd(nanos)}"' in figures.money(nanos)


@given(st.integers(0, 2**62))
def test_what_is_shown_is_within_half_a_digit_of_what_is(nanos):
    text = figures.short_usd(nanos).lstrip("$").replace(",", "")
    whole, _, part = text.partition(".")
    shown = int(whole) * 10**9 + int((part or "0").ljust(9, "0"))
    assert abs(shown - nanos) * 2 <= 10 ** (9 - len(part)) if nanos else shown == 0


def test_nobody_knows_is_not_nothing():
    assert "–" in figures.money(None)
    assert "not known" in figures.count(None)
    assert "no limit" in figures.amount(Unit.USD, None)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (9_999, "9,999"),
        (10_000, "10,000"),
        (98_765, "98,765"),
        (100_000, "100k"),
        (1_230_000, "1.23M"),
        (4_560_000_000, "4.56G"),
        (-12, "−12"),
    ],
)
def test_counts_are_short_from_ten_thousand_on(count, text):
    assert figures.short_count(count) == text


def test_amounts_say_their_unit():
    assert 'title="5 USD"' in figures.amount(Unit.USD, 5_000_000_000)
    assert 'title="5 EUR"' in figures.amount(Unit("eur"), 5_000_000_000)
    assert "5.00 EUR" in figures.amount(Unit("eur"), 5_000_000_000)
    assert 'title="12345 input tokens"' in figures.amount(Unit.INPUT_TOKENS, 12_345)


@pytest.mark.parametrize(
    ("part", "whole", "text"), [(1, 0, "–"), (0, 5, "0 %"), (1, 3, "33 %"), (1, 30, "3.3 %"), (1, 10**6, "< 0.1 %")]
)
def test_shares_never_show_something_as_nothing(part, whole, text):
    assert figures.share(part, whole) == text


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (None, "–"),
        (830, "830 ms"),
        (2_400, "2.4 s"),
        (59_000, "59 s"),
        (184_000, "3 min 4 s"),
        (7_500_000, "2 h 5 min"),
        (266_400_000, "3 d 2 h"),
        (3_600_000, "1 h"),
        (-5, "−5 ms"),
    ],
)
def test_lengths_of_time(ms, text):
    assert figures.span(ms) == text


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "now"), (12_000, "12 s ago"), (180_000, "3 min ago"), (-7_200_000, "in 2 h"), (4 * 86_400_000, "4 d ago")],
)
def test_how_long_ago(ms, text):
    assert figures.ago(ms) == text


def test_a_moment_has_itself_in_its_title():
    made = figures.moment(1_795_000_000_000, 1_795_000_003_000)
    assert "3 s ago" in made
    assert 'title="2026-11-18 ' in made
    assert "–" in figures.moment(0, 1)


@given(st.text(max_size=140))
def test_a_name_of_others_never_leaves_its_place(text):
    made = str(figures.name(text))
    inner = made[made.index(">") + 1 : made.rindex("<")]
    assert "<" not in inner
    assert '"' not in inner
    assert not set(inner) & {"\u202e", "\u202d", "\u2066", "\u200b", "\ufeff", "\0", "\n"}


def test_what_turns_the_direction_of_text_is_written_out():
    assert figures.plain("abc\u202egnp.exe") == "abc\\u202egnp.exe"


def test_backticks_are_code_and_markup_in_them_is_not():
    assert figures.said("Farthing: run `a<b`") == "run <code>a&lt;b</code>"
    assert figures.said("an `odd one") == "an `odd one"


@pytest.mark.parametrize(
    ("picos", "text"),
    [(5_000_000, "$5"), (75_000, "$0.075"), (150_000, "$0.15"), (2_500_000, "$2.50"), (1, "$0.000001")],
)
def test_prices_are_exact(picos, text):
    assert figures.per_million(picos) == text


def test_pico_dollars_are_whole_in_the_title():
    assert 'title="$0.000000000001"' in figures.picos(1)
    assert ">$0.000213<" in figures.picos(212_700_000)
    assert 'value="-0.0002127"' in figures.picos(-212_700_000)


def test_meters_and_causes_have_names():
    assert figures.meter("cache_read") == "Input read from the cache"
    assert figures.meter("new_meter") == "new meter"
    assert figures.cause("cache_read") == "Read from the provider’s cache"
