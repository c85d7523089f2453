"""A note on what is left, at the end of what the model reads, counted and priced."""

import json

from farthing.call.hint import hint, note
from farthing.domain.budget import Act
from farthing.wire.anthropic.messages import MessagesDialect
from support.desk import chat, dollars
from support.funded import claude, planned
from support.nearing import desk, reached_at


def plan_of(body, dialect=None):
    return planned(desk(dollars("1", name="secret project")), body, dialect)


def test_the_model_is_told_what_is_left_and_no_budgets_name():
    said = note(reached_at(Act.HINT, used=88))
    assert said.startswith("Budget note: 12 % of the budget for this work is left (0.12 USD).")
    assert "'all'" not in said


def test_a_budget_that_is_used_up_and_more_has_nothing_left():
    assert "0 % of the budget for this work is left (0 USD)" in note(reached_at(Act.HINT, used=130))


def test_it_is_the_last_thing_in_the_body_and_everything_before_it_is_as_it_was():
    plan = plan_of(chat("find it"))
    told = hint(plan, reached_at(Act.HINT))
    before, after = (json.loads(each.arrival.draft.outbound(model="gpt-4o-mini", cap=5)) for each in (plan, told))
    assert after["messages"][:-1] == before["messages"]
    assert told.flags == ("hinted",)


def test_it_is_held_for():
    plan = plan_of(chat("find it"))
    told = hint(plan, reached_at(Act.HINT))
    added = len(note(reached_at(Act.HINT)).encode())
    assert told.bound.tokens >= plan.bound.tokens + added
    assert told.worst.base_picos >= plan.worst.base_picos + added * 150_000
    step = told.steps[-1]
    assert "the cached prefix stays as it was" in step.did
    assert step.costs_nanos == -(-(told.worst.base_picos - plan.worst.base_picos) // 1_000) > 0


def test_a_body_that_has_no_place_for_it_stays_as_it_is():
    body = claude(messages=[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Well"}], max_tokens=9)
    plan = plan_of(body, MessagesDialect())
    told = hint(plan, reached_at(Act.HINT))
    assert told.arrival is plan.arrival
    assert told.flags == ()
