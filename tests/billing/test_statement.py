"""Statements add up, team by team and all together, in any currency."""

from datetime import date
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farthing.billing.statement import CORRECTION, DIRECT, SHARED, statements, total_of
from farthing.domain.budget import Unit
from farthing.domain.currency import Currency, DatedRate, Rates
from farthing.domain.errors import BadRequest
from support.bill_lines import bill, line, lump, other

EUR = Unit("eur")
RATES = Rates(
    [Currency(EUR, (DatedRate(date(2026, 10, 1), Decimal("1.25")), DatedRate(date(2026, 10, 3), Decimal("1.6"))))]
)
NONE = Rates()


def test_own_costs_shared_costs_and_corrections_stand_apart():
    late = line(quantity=1, each=3_000, corrects="2026-09", workflow="refund")
    found = bill(
        line(quantity=2, each=10_000),
        line("search", quantity=2, each=10_000),
        line("", quantity=1, each=8_000),
        late,
        by="equal",
    )
    search, support = statements(found, NONE)
    assert (search.team, support.team) == ("search", "support")
    assert [support.sum_of(kind) for kind in (DIRECT, SHARED, CORRECTION)] == [20, 4, 3]
    assert (support.total_nanos, support.usd_nanos, total_of((search, support))) == (27, 27, 51)
    (correction,) = [item for item in support.items if item.kind == CORRECTION]
    assert (correction.month, correction.labels, correction.model) == ("2026-09", ("bot", "refund"), "gpt-4o")


def test_costs_beside_models_are_items_of_their_own_also_where_they_are_shared_or_corrected():
    found = bill(
        line("search", quantity=2, each=10_000),
        line(quantity=2, each=10_000),
        other("search", 5, bookings=2),
        other("search", 6, day=2),
        other("compute", 7),
        other("search", 8, team=""),
        other("search", -3, corrects="2026-09"),
        by="equal",
    )
    _, support = statements(found, NONE)
    items = [(item.kind, item.other, item.model, item.nanos, item.requests, item.tokens) for item in support.items]
    assert items == [
        (DIRECT, "compute", "", 7, 0, 0),
        (DIRECT, "search", "", 11, 0, 0),
        (DIRECT, "", "gpt-4o", 20, 1, 2),
        (SHARED, "search", "", 4, 0, 0),
        (CORRECTION, "search", "", -3, 0, 0),
    ]
    assert (support.other_nanos, support.total_nanos) == (7 + 11 + 4 - 3, 39)


def test_what_is_shared_by_own_cost_counts_costs_beside_models():
    found = bill(
        line("a", quantity=1, each=1_000), other("search", 3, team="b"), other("compute", 8, team=""), by="direct"
    )
    assert [(each.team, each.sum_of(SHARED)) for each in statements(found, NONE)] == [("a", 2), ("b", 6)]


def test_meters_and_days_of_one_model_are_one_item():
    found = bill(line(), line(meter="output", each=10_000_000), lump("rounding", 500_000), line(day=5))
    (item,) = statements(found, NONE)[0].items
    assert (item.requests, item.tokens, item.nanos) == (3, 3_000, 2_500_000 + 10_000_000 + 500 + 2_500_000)


def test_shared_costs_that_nobody_bears_have_a_statement_of_their_own_at_the_end():
    teams = [each.team for each in statements(bill(line("zoo"), line(""), line("ants")), NONE)]
    assert teams == ["ants", "zoo", ""]


def test_another_currency_uses_the_rate_of_each_day():
    found = bill(line(quantity=1, each=1_250_000), line(day=3, quantity=1, each=1_600_000))
    (statement,) = statements(found, RATES, EUR)
    assert (statement.total_nanos, statement.usd_nanos, statement.unit) == (2_000, 2_850, EUR)


def test_a_day_without_a_rate_is_refused_with_what_to_add():
    with pytest.raises(BadRequest, match=r"\[currencies.EUR\]"):
        statements(bill(line()), NONE, EUR)


def test_the_configured_currency_is_used_where_none_is_asked_for():
    (statement,) = statements(bill(line(quantity=1, each=1_250_000), currency=EUR), RATES)
    assert statement.total_nanos == 1_000


def test_attempts_without_a_price_are_counted():
    found = bill(line(), msgspec.structs.replace(lump("unpriced", 0), quantity=4))
    assert statements(found, NONE)[0].unpriced == 4


def test_an_empty_month_has_no_statements():
    assert statements(bill(), NONE) == ()


ROWS = st.lists(
    st.tuples(st.sampled_from(("", "a", "b", "c")), st.integers(-(10**6), 10**9), st.integers(1, 28), st.booleans()),
    max_size=15,
)


@given(ROWS, st.sampled_from(("none", "direct", "equal", "weights")), st.sampled_from((Unit.USD, EUR)))
def test_all_statements_together_are_the_month(rows, by, unit):
    lines = [
        line(team, quantity=nanos, each=1_000, day=day, corrects="2026-09" if late else "")
        for team, nanos, day, late in rows
    ]
    found = bill(*lines, by=by, weights=(("a", 3), ("d", 7)))
    every = statements(found, RATES, unit)
    assert sum(statement.usd_nanos for statement in every) * 1_000 == found.picos
    exact = sum(
        Decimal(each.picos)
        / 1_000
        / (1 if unit is Unit.USD else Decimal("1.25") if each.start_ms < lines_from(3) else Decimal("1.6"))
        for each in found.lines
    )
    assert abs(total_of(every) - exact) <= Decimal("0.5")


def lines_from(day):
    return line(day=day).start_ms
