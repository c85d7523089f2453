"""Plans: what a call may cost on every account, and the one name under which its model is refused."""

from farthing.call.rules import Rules
from farthing.domain.budget import Budget, Unit
from support.desk import NOW_MS, ValueDesk, chat, dollars
from support.funded import planned


def desk(*units):
    return ValueDesk(budgets=(Budget(name="all", limits=tuple((unit, 10**12) for unit in units)),))


def test_money_is_the_worst_case_and_tokens_are_input_and_every_choice():
    plan = planned(desk(Unit.USD, Unit.TOKENS, Unit.CALLS), chat(max_tokens=100, n=3))
    money, tokens, calls = plan.charges()
    assert money.amount(100) == -(-plan.worst.at(100) // 1_000)
    assert tokens.amount(100) == plan.bound.tokens + 300
    assert calls.amount(100) == 1


def test_a_prediction_may_be_billed_beside_the_cap_of_each_choice():
    plan = planned(
        desk(Unit.OUTPUT_TOKENS), chat(max_tokens=100, n=2, prediction={"type": "content", "content": "x" * 40})
    )
    assert plan.most_output == 80
    assert plan.charges()[0].amount(100) == 80 + 200


def test_another_spelling_of_a_model_is_no_way_around_its_gate():
    at = desk(Unit.USD)
    names = ("gpt-4o-mini", "GPT-4o-mini", "gpt-4o-mini-2024-07-18", "openai/gpt-4o-mini")
    assert {planned(at, {**chat(), "model": name}).gate for name in names} == {"openai/gpt-4o-mini"}
    assert planned(at, {**chat(), "model": "gpt-4o"}).gate == "openai/gpt-4o"


def test_a_contract_for_many_models_does_not_refuse_them_all_together():
    at = ValueDesk(budgets=(dollars("1"),))
    book = at.rules.book.overlay([{"model": "my-*", "input": 1, "output": 2}])
    at.rules = Rules(book=book, facts=at.rules.facts, resolver=at.rules.resolver, providers=at.rules.providers)
    assert planned(at, {**chat(), "model": "my-own"}).gate == "openai/my-own"


def test_without_a_price_the_gate_bears_the_name_that_was_asked():
    at = ValueDesk(budgets=())
    assert planned(at, {**chat(), "model": "no-such-model"}).gate == "openai/no-such-model"


def test_a_plan_without_a_price_holds_no_money_but_all_its_tokens():
    at = ValueDesk(budgets=(dollars("1", hard="off"), Budget(name="tokens", limits=((Unit.TOKENS, 10**6),))))
    plan = planned(at, {**chat(max_tokens=100), "model": "no-such-model"})
    money, tokens = plan.charges()
    assert money.amount(100) == 0
    assert tokens.amount(100) == plan.bound.tokens + 100
    assert plan.arrival.arrived_ms == NOW_MS
