"""Sums of a replay: every call in its group, its run and the whole, and the shares of the bill add up to it."""

from farthing.replay.replaying import NOT_MADE, Replayed
from farthing.replay.tally import Tally
from support.past_calls import a_call, a_run, tallied

POLICY = '[[budgets]]\nname = "run"\nwindow = "run"\nlimit = "0.02 USD"\nper_output = 90\n'


def test_shares_add_up_to_the_bill():
    tally = tallied([*a_run("one", 9), *a_run("two", 3, begin=50, usage=(1_000, 50))], POLICY)
    shares = tally.shares
    assert shares.recorded_nanos + shares.repriced_nanos + shares.simulated_nanos == tally.whole.now.cost_nanos
    assert shares.recorded_calls
    assert shares.simulated_calls


def test_groups_and_runs_add_up_to_the_whole():
    calls = [*a_run("one", 4), *a_run("two", 3, begin=50, model="gpt-4o-mini"), a_call(90)]
    tally = tallied(calls, POLICY)
    assert set(tally.groups) == {("test", "gpt-4o"), ("test", "gpt-4o-mini"), ("", "gpt-4o")}
    for world in ("then", "now"):
        whole = getattr(tally.whole, world).cost_nanos
        assert sum(getattr(pair, world).cost_nanos for pair in tally.groups.values()) == whole
    assert set(tally.runs) == {"one", "two"}


def test_calls_that_were_not_made_are_no_calls():
    tally = Tally()
    tally.add(Replayed(call=a_call(run="r"), outcome=NOT_MADE, code="budget_exceeded"))
    assert (tally.whole.then.calls, tally.whole.now.calls, tally.whole.now.not_made) == (1, 0, 1)
    assert (tally.runs["r"].ending, tally.runs["r"].code) == ("stopped", "budget_exceeded")


def test_groups_may_be_anything_a_call_says():
    tally = Tally(("provider", "key", "run"))
    tally.add(Replayed(call=a_call(run="r", key="k"), outcome="paid"))
    assert set(tally.groups) == {("openai", "k", "r")}


def test_times_are_of_paid_calls():
    tally = tallied([a_call(at, finished_ms=a_call(at).arrived_ms + 100 * (at + 1)) for at in range(10)])
    assert tally.quantiles_ms(0.5) == (600, 600)
    assert tally.whole.then.mean_ms == 550
    assert Tally().quantiles_ms(0.5) == (None, None)
