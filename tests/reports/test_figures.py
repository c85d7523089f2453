"""One list of figures for every form of a usage report."""

from farthing.domain.usage import Usage
from farthing.ports.records import UsageRow
from farthing.reports.figures import FIGURES, Kind, worth_showing

ROW = UsageRow(
    group=("a",),
    calls=2,
    refused=0,
    attempts=2,
    usage=Usage(input_tokens=10, cache_read_input_tokens=4, output_tokens=3),
    cost_nanos=60,
    remainder_picos=0,
    estimated_nanos=0,
    unpriced=0,
    open=0,
    naive_nanos=100,
)


def test_columns_that_say_nothing_are_not_shown():
    names = [figure.name for figure in worth_showing([ROW])]
    assert names == [
        "calls",
        "input_tokens",
        "cache_hit_rate",
        "output_tokens",
        "cost_usd",
        "saved_usd",
        "saved_share",
    ]


def test_what_matters_is_shown_even_where_it_is_zero():
    assert [figure.name for figure in worth_showing([])] == ["calls", "input_tokens", "output_tokens", "cost_usd"]


def test_names_are_used_once_and_amounts_are_named_for_their_unit():
    assert len({figure.name for figure in FIGURES}) == len(FIGURES)
    assert all(figure.name.endswith("_usd") == (figure.kind is Kind.USD) for figure in FIGURES)


def test_a_cost_minus_what_was_saved_is_the_naive_cost():
    of = {figure.name: figure.of(ROW) for figure in FIGURES}
    assert of["cost_usd"] + of["saved_usd"] == of["naive_usd"]
