"""Summing pairs of call and attempt."""

from farthing.domain.price import Unpriced
from farthing.stores.sqlite.sums.tally import ATTEMPTED, COST, NAIVE, Explainer, Tally, added, pairs, without_run

USAGE = (100, 10, 0, 0, 0, 0, 0, 0, 0, 0)


def row(call, attempt, *, state=2, cost=7, source="provider", outcome="paid"):
    told = (attempt, state, "openai", "gpt-4o", "", 5, source, "", cost, 0)
    return (call, 3_600_001, "", '{"run":"r","team":"a"}', "/v1", "gpt-4o", outcome, *told, *USAGE)


def unpriced(_):
    return Unpriced("no book")


def test_a_call_counts_with_its_first_attempt():
    made = list(pairs([row(16, 17), row(16, 18), row(32, 33, outcome="refused")], Explainer(unpriced)))
    assert [pair.sums[0] for pair in made] == [True, False, True]
    assert [pair.sums[1] for pair in made] == [False, False, True]


def test_what_no_book_explains_costs_what_it_costs():
    (pair,) = pairs([row(16, 17)], Explainer(unpriced))
    assert (pair.what.rates, pair.sums[COST], pair.sums[NAIVE]) == ("", 7, 7)


def test_a_void_attempt_reached_nobody():
    (pair,) = pairs([row(16, 17, state=3, cost=None)], Explainer(unpriced))
    assert (pair.sums[ATTEMPTED], pair.sums[COST], pair.what.tier) == (0, 0, "")


def test_sums_are_kept_by_span_and_by_labels_without_run_and_step():
    tally = Tally(3_600_000)
    for pair in pairs([row(16, 17), row(32, 33)], Explainer(unpriced)):
        tally.add(pair)
    ((group, sums),) = tally.groups.items()
    assert (group.start_ms, group.labels, sums[0], sums[COST]) == (3_600_000, '{"team":"a"}', 2, 14)


def test_labels_are_put_in_the_order_of_their_names():
    assert without_run('{"b":"2","step":"s","a":"1","run":"r"}') == ('{"a":"1","b":"2"}', "r")


def test_nothing_yet_and_something_is_something():
    assert added(None, (True, 2)) == (1, 2)
    assert added((1, 2), (3, 4)) == (4, 6)
