"""Replay: the record stands wherever the policy leaves it alone, and the engine decides everything else."""

import pytest

from farthing.domain.usage import Usage
from farthing.replay.replaying import NOT_MADE
from support.past_calls import BEGIN_MS, STEP_MS, a_call, a_run, priced, replay, tallied

LIMIT = '[[budgets]]\nname = "all"\nlimit = "{} USD"\nfloor = 1000\nwait = "0s"\n'
COST = a_call().cost_nanos


def test_the_recorded_policy_costs_what_was_recorded_to_the_nano_dollar():
    calls = [a_call(at, cached=64 * (at % 16), usage=(1_001 + at, 77 + at)) for at in range(20)]
    tally = tallied(calls)
    assert tally.whole.now.cost_nanos == tally.whole.then.cost_nanos == sum(call.cost_nanos for call in calls)
    assert tally.shares.recorded_calls == 20
    assert not tally.otherwise


def test_what_was_paid_under_another_edition_of_the_price_book_stays_paid():
    odd = a_call(cost_nanos=123_456_789, remainder_picos=999)
    (each,) = replay([odd], policy='[[budgets]]\nname = "all"\ntokens = 1000000\n')
    assert each.cost_nanos == 123_456_789
    assert not each.why
    assert not each.repriced


def test_budgets_are_charged_what_was_recorded():
    calls = [a_call(at, cost_nanos=600_000_000, remainder_picos=0) for at in range(3)]
    outcomes = [each.outcome for each in replay(calls, LIMIT.format("1"))]
    assert outcomes == ["paid", "paid", "refused"], "by list prices all three would fit easily"


def test_a_tighter_budget_refuses_what_no_longer_fits():
    tally = tallied([a_call(at) for at in range(10)], LIMIT.format("0.03"))
    assert tally.whole.now.paid == 6
    assert tally.whole.now.refused == 4
    assert tally.refusals == {"budget_exceeded": 4}
    assert tally.whole.now.cost_nanos == 6 * COST


def test_a_run_ends_at_a_refusal_that_the_record_does_not_have():
    calls = [*a_run("one", 6), *a_run("two", 2, begin=100)]
    policy = '[[budgets]]\nname = "run"\nwindow = "run"\ncalls = 4\n'
    by_run = tallied(calls, policy).runs
    assert (by_run["one"].ending, by_run["one"].now.paid, by_run["one"].now.not_made) == ("stopped", 4, 1)
    assert (by_run["two"].ending, by_run["two"].now.paid) == ("as recorded", 2)


def test_a_run_that_keeps_going_makes_all_its_calls():
    policy = '[[budgets]]\nname = "run"\nwindow = "run"\ncalls = 4\n'
    outcomes = [each.outcome for each in replay(a_run("one", 6), policy, goes_on=True)]
    assert outcomes == ["paid"] * 4 + ["refused"] * 2


def test_a_run_that_went_on_after_a_refusal_does_so_again():
    calls = a_run("one", 3)
    calls[1] = a_call(1, run="one", usage=None)
    policy = '[[budgets]]\nname = "all"\nlimit = "1 USD"\nper_call = "0.011 USD"\nmatch = { workflow = "test" }\n'
    outcomes = [each.outcome for each in replay(calls, policy)]
    assert NOT_MADE not in outcomes


def test_a_run_lands_with_one_last_answer():
    policy = '[[budgets]]\nname = "run"\nwindow = "run"\nlimit = "0.06 USD"\nsoft = [{ at = 0.2, do = ["land"] }]\n'
    tally = tallied(a_run("one", 12), policy)
    assert tally.runs["one"].ending == "landed"
    assert tally.acts["landing"] == 1
    assert tally.whole.now.paid + tally.whole.now.not_made == 12


def test_half_a_cap_cuts_the_answer_and_says_so():
    (each,) = replay([a_call(usage=(1_000, 900))], '[[budgets]]\nname = "all"\nlimit = "1 USD"\nper_output = 500\n')
    assert each.usage == Usage(input_tokens=1_000, output_tokens=500)
    assert each.cost_nanos == priced("gpt-4o", each.usage)["cost_nanos"]
    assert each.why == ("an answer cut at its cap",)


def test_a_cap_that_does_not_bind_changes_nothing():
    (each,) = replay([a_call()], '[[budgets]]\nname = "all"\nlimit = "1 USD"\nper_output = 500\n')
    assert each.usage == a_call().usage
    assert not each.why


def test_another_price_is_asked_of_the_same_usage():
    (each,) = replay([a_call(cached=512)], '[[prices]]\nmodel = "gpt-4o"\ninput = 1\noutput = 2\ncache_read = 0.5\n')
    assert each.repriced
    assert not each.why
    assert each.cost_nanos == 488 * 1_000 + 512 * 500 + 100 * 2_000


def test_a_price_that_the_recorded_configuration_has_too_changes_nothing():
    price = '[[prices]]\nmodel = "gpt-4o"\ninput = 1\noutput = 2\n'
    (each,) = replay([a_call(cost_nanos=5)], price + "[output]\ndefault_cap = 9\n", base=price)
    assert each.cost_nanos == 5
    assert not each.repriced


def test_a_smaller_tier_costs_what_its_model_costs():
    policy = (
        '[tiers]\nsmall = ["gpt-4o-mini"]\n'
        '[[budgets]]\nname = "all"\nlimit = "100 USD"\nsoft = [{ at = 0.000001, do = ["downgrade"] }]\n'
    )
    first, *rest = replay(a_run("one", 4), policy)
    assert first.model == "gpt-4o", "nothing is spent before the first call"
    assert {each.model for each in rest} == {"gpt-4o-mini"}
    for each in rest:
        assert each.cost_nanos == priced("gpt-4o-mini", each.usage)["cost_nanos"]
        assert "gpt-4o-mini instead of gpt-4o" in each.why


def test_calls_that_wait_for_money_come_later_and_so_does_the_rest_of_their_run():
    # the first holds its worst case for a second; the second waits for it, and its run moves with it
    first = a_call(0, run="one")
    second, third = a_call(1, run="two", at_ms=BEGIN_MS + 500), a_call(2, run="two", at_ms=BEGIN_MS + 1_600)
    policy = '[[budgets]]\nname = "all"\nlimit = "0.025 USD"\nfloor = 1000\nwait = "20s"\nbound = "strict"\n'
    found = {each.call.origin: each for each in replay([first, second, third], policy)}
    assert found["call 1"].outcome == "paid"
    assert found["call 1"].took_ms == 1_500
    assert found["call 2"].late_ms == 500


def test_a_rate_makes_clients_come_back_as_they_do():
    calls = [a_call(at, at_ms=BEGIN_MS + at * 100) for at in range(3)]
    found = replay(calls, '[[limits]]\nrequests = 2\nper = "second"\n')
    assert [each.outcome for each in found] == ["paid"] * 3
    assert found[-1].took_ms > 1_000


def test_a_refusal_on_record_stands_under_the_recorded_policy():
    policy = LIMIT.format("1000")
    calls = [a_call(0), a_call(1, usage=None), a_call(2)]
    assert [each.outcome for each in replay(calls, base=policy)] == ["paid", "refused", "paid"]


def test_a_call_that_was_refused_then_is_simulated_where_it_fits_now():
    calls = [a_call(0, usage=(1_000, 321)), a_call(1, usage=None)]
    paid, now = replay(calls, LIMIT.format("1000"), base=LIMIT.format("0.001"))
    assert paid.outcome == now.outcome == "paid"
    assert now.usage.output_tokens == 321, "as much as its model said before"
    assert now.why == ("a call that was not answered then",)


def test_the_record_stands_where_the_engine_would_come_to_something_else_under_the_same_policy():
    tally = tallied([a_call(at) for at in range(5)], base=LIMIT.format("0.001"))
    assert tally.whole.now.cost_nanos == tally.whole.then.cost_nanos
    assert tally.otherwise == {"budget_exceeded": 5}


@pytest.mark.parametrize(("outcome", "cost"), [("unsent", 0), ("", 0)])
def test_calls_that_no_policy_ended_are_left_as_they_were(outcome, cost):
    (each,) = replay([a_call(usage=None, outcome=outcome, code="", cost_nanos=cost)], LIMIT.format("1"))
    assert each.outcome == (outcome or "unknown")
    assert not each.cost_nanos


def test_a_failure_of_the_provider_fails_again_and_costs_nothing():
    failed = a_call(usage=None, outcome="failed", code="", status=400)
    (each,) = replay([failed], LIMIT.format("1"))
    assert (each.outcome, each.cost_nanos) == ("failed", 0)


def test_attempts_that_were_not_sent_are_tried_again():
    (each,) = replay([a_call(failures=("nobody answered",))], LIMIT.format("1"))
    assert each.outcome == "paid"
    assert each.cost_nanos == COST


def test_what_a_policy_charged_then_it_charges_now():
    estimated = a_call(outcome="unknown", source="estimate", cost_nanos=777, remainder_picos=0)
    (each,) = replay([estimated], "[output]\ndefault_cap = 99\n")
    assert each.cost_nanos == 777


def test_days_pass_in_no_time():
    calls = [a_call(0), a_call(1, at_ms=BEGIN_MS + 40 * 86_400_000)]
    policy = '[[budgets]]\nname = "all"\nlimit = "0.013 USD"\nwindow = "day"\nwait = "0s"\n'
    assert [each.outcome for each in replay(calls, policy)] == ["paid", "paid"]


def test_nothing_is_replayed_of_nothing():
    assert replay([]) == []


def test_a_model_that_nobody_serves_fails():
    policy = '[providers.openai]\nformat = "openai"\nmodels = ["gpt-5*"]\n'
    (each,) = replay([a_call()], policy)
    assert (each.outcome, each.code) == ("failed", "model_not_found")


def test_breakers_count_the_steps_of_an_agent():
    tally = tallied(a_run("one", 5), "[guard]\nsteps = 3\nsame_call = 3\n")
    assert tally.runs["one"].now.paid == 3
    assert tally.runs["one"].ending == "stopped"


def test_time_between_calls_is_kept():
    found = replay(a_run("one", 3), LIMIT.format("1"))
    assert [each.late_ms for each in found] == [0, 0, 0]
    assert found[1].call.arrived_ms - found[0].call.arrived_ms == STEP_MS
