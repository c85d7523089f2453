"""Limits of single calls: the cap is lowered to what they allow, and a call that cannot fit is refused with the numbers."""

from datetime import date
from decimal import Decimal

import pytest

from farthing.budgets.match import Resolver
from farthing.call.limits import within_limits
from farthing.call.plan import Plan
from farthing.call.rules import Rules
from farthing.domain.budget import Budget, Unit
from farthing.domain.currency import Currency, DatedRate, Rates
from farthing.domain.refusal import Refusal
from support.desk import ValueDesk, chat
from support.funded import planned

PLENTY = ((Unit.USD, 10**12),)


def limited(body, **fields):
    fields.setdefault("limits", PLENTY)
    return within_limits(planned(ValueDesk(budgets=(Budget(name="all", **fields),)), body))


def test_a_call_within_its_limits_is_left_alone():
    plan = planned(
        ValueDesk(budgets=(Budget(name="all", limits=PLENTY, per_call=10**9, per_output=5_000),)), chat(max_tokens=100)
    )
    assert within_limits(plan) is plan


def test_the_cap_is_the_largest_whose_worst_case_the_limit_pays():
    per_call = 400_000
    plan = limited(chat(max_tokens=16_000), per_call=per_call)
    assert isinstance(plan, Plan)
    cap, worst = plan.wanted.cap, plan.worst
    assert -(-worst.at(cap) // 1_000) <= per_call < -(-worst.at(cap + 1) // 1_000)
    assert plan.wanted.origin == "limit"
    (step,) = plan.steps
    assert (step.stage, step.did) == ("limit", f"output cap {cap:,} instead of 16,000")
    assert step.why == "the budget 'all' lets one call cost 0.0004 USD at most"


def test_less_than_the_floor_is_refused_with_what_it_would_need():
    refusal = limited(chat(max_tokens=16_000), per_call=10_000)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "budget_exceeded"
    assert refusal.standing is not None
    assert (refusal.standing.limit, refusal.standing.account.window) == (10_000, "call")
    assert refusal.standing.needed > 10_000


def test_a_limit_in_another_currency_is_taken_at_its_rate():

    euro = Unit("eur")
    budget = Budget(name="all", limits=((euro, 10**12),), money=euro, per_call=400_000)
    at = ValueDesk(budgets=(budget,))
    rates = Rates([Currency(euro, (DatedRate(date(2020, 1, 1), Decimal(2)),), max_age_days=10_000)])
    rules = at.rules
    at.rules = Rules(
        book=rules.book, facts=rules.facts, resolver=Resolver((budget,), None, rates), providers=rules.providers
    )
    plan = within_limits(planned(at, chat(max_tokens=16_000)))
    assert isinstance(plan, Plan)
    assert plan.worst.at(plan.wanted.cap) <= 2 * 400_000 * 1_000 < plan.worst.at(plan.wanted.cap + 1)


@pytest.mark.parametrize(("choices", "cap"), [(1, 70), (2, 35), (100, 1)])
def test_the_output_of_a_call_is_that_of_all_its_choices(choices, cap):
    plan = limited(chat(max_tokens=16_000, n=choices), per_output=70)
    assert isinstance(plan, Plan)
    assert plan.wanted.cap == cap
    assert plan.wanted.floor <= cap


def test_a_budget_that_only_counts_limits_no_call():
    plan = planned(
        ValueDesk(budgets=(Budget(name="all", limits=PLENTY, hard="off", per_call=1, per_output=1),)),
        chat(max_tokens=100),
    )
    assert within_limits(plan) is plan
