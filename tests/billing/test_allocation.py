"""Shared costs, divided."""

from hypothesis import given
from hypothesis import strategies as st

from farthing.billing.allocation import is_shared, parts_of, weights_of
from support.bill_lines import bill, line, lump

SHARED = line("", quantity=10, each=1)


def borne(found):
    sums = {}
    for part in parts_of(found):
        sums[part.team] = sums.get(part.team, 0) + part.picos
    return sums


def test_without_a_rule_shared_costs_stay_by_themselves():
    assert borne(bill(line(quantity=1, each=5), SHARED)) == {"support": 5, "": 10}


def test_by_each_teams_own_cost():
    found = bill(line(quantity=3, each=1), line("search", quantity=1, each=1), SHARED, by="direct")
    assert borne(found) == {"support": 3 + 7, "search": 1 + 3}


def test_in_equal_parts_with_the_odd_one_to_the_first():
    found = bill(
        line(quantity=3, each=1),
        line("search", quantity=1, each=1),
        line("ops", quantity=1, each=1),
        SHARED,
        by="equal",
    )
    assert borne(found) == {"ops": 1 + 4, "search": 1 + 3, "support": 3 + 3}


def test_by_weights_also_to_teams_without_calls():
    assert borne(bill(SHARED, by="weights", weights=(("a", 4), ("b", 1), ("c", 0)))) == {"a": 8, "b": 2}


def test_without_anybody_to_bear_them_they_stay():
    assert borne(bill(SHARED, by="direct")) == {"": 10}
    assert borne(bill(SHARED, lump("unpriced", 0), by="direct")) == {"": 10, "support": 0}


def test_labels_make_a_teams_call_shared():
    evaluation = line("support", agent="judge", quantity=10, each=1)
    found = bill(
        line(quantity=1, each=1),
        line("search", quantity=1, each=1),
        evaluation,
        by="direct",
        match=(("agent", "jud*"),),
    )
    assert is_shared(evaluation, found.terms)
    assert borne(found) == {"support": 6, "search": 6}


def test_corrections_do_not_move_the_shares():
    late = line("search", quantity=1_000, each=1, corrects="2026-09")
    assert weights_of(bill(line(quantity=1, each=1), late, by="direct")) == {"support": 1}


def test_a_part_says_how_it_came_about():
    found = bill(line(quantity=2, each=1), line("search", quantity=1, each=1), SHARED, by="direct")
    parts = [part for part in parts_of(found) if part.split]
    assert [part.split.ratio_millionths for part in parts] == [333_333, 666_667]
    assert {part.split.origin_picos for part in parts} == {10}
    assert [part.requests for part in parts] == [1, 0]


@given(
    st.lists(
        st.tuples(st.sampled_from(("", "a", "b", "c")), st.integers(-500, 10**6), st.integers(0, 10**9)), max_size=12
    ),
    st.sampled_from(("none", "direct", "equal", "weights")),
)
def test_the_parts_of_every_line_add_up_to_it(rows, by):
    lines = [
        line(team, quantity=quantity, each=each, day=place + 1) for place, (team, quantity, each) in enumerate(rows)
    ]
    found = bill(*lines, by=by, weights=(("a", 3), ("b", 7)))
    sums = {}
    for part in parts_of(found):
        picos, listed, quantity, requests = sums.get(part.line.start_ms, (0, 0, 0, 0))
        sums[part.line.start_ms] = (
            picos + part.picos,
            listed + part.list_picos,
            quantity + part.quantity_billionths,
            requests + part.requests,
        )
    assert sums == {each.start_ms: (each.picos, each.list_picos, each.quantity * 10**9, 1) for each in lines}
