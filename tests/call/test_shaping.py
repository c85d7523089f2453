"""What a call becomes on the way to its budget's limit, act by act."""

import asyncio
import json

import pytest
from msgspec.structs import replace

from farthing.call.levers import levers
from farthing.call.plan import Plan
from farthing.call.rewording import noted
from farthing.call.shaping import shape
from farthing.domain.budget import AccountKey, Act, Grant, Threshold, Unit
from farthing.domain.record import Step
from farthing.domain.refusal import Refusal
from farthing.wire.openai.embeddings import EmbeddingsDialect
from support.desk import chat, dollars
from support.funded import funded
from support.nearing import desk, landing_run, of_run, shaped, soft, spend
from support.upstream import chat_answer


def body_of(plan):
    return json.loads(plan.arrival.draft.outbound(model=plan.model, cap=plan.wanted.cap))


def test_below_the_threshold_a_plan_stays_the_very_same():
    at = desk(soft(*Act), spent="0.49")
    plan = shaped(at, chat())
    assert isinstance(plan, Plan)
    assert (plan.flags, plan.steps) == ((), ())


def test_a_budget_without_acts_costs_a_call_no_look():
    at = desk(dollars("1"), outcomes=[chat_answer()])
    looks = []
    at.ledger.look = looks.append
    assert asyncio.run(at.call(chat(max_tokens=5))).status == 200
    assert not looks
    assert at.rules.plan(at.arrival(chat())).terms.soft == ()


def test_shorten_hint_and_downgrade_change_the_plan_and_each_says_why():
    at = desk(soft(Act.SHORTEN, Act.HINT, Act.DOWNGRADE), spent="0.6")
    plan = shaped(at, {**chat(max_tokens=2_000), "model": "gpt-4o"})
    assert plan.flags == ("downgraded", "shortened", "hinted")
    assert (plan.model, plan.wanted.cap) == ("gpt-4o-mini", 1_000)
    assert "60 %" not in body_of(plan)["messages"][-1]["content"]
    assert "40 % of the budget" in body_of(plan)["messages"][-1]["content"]
    assert [step.stage for step in plan.steps] == ["downgrade", "shorten", "hint"]
    assert {step.why for step in plan.steps} == {"'all' is used up to 60 %"}


def test_the_answer_tells_what_was_done_and_the_record_keeps_it():
    at = desk(soft(Act.SHORTEN, Act.DOWNGRADE), spent="0.6", outcomes=[chat_answer()])
    client = asyncio.run(at.call({**chat(max_tokens=2_000), "model": "gpt-4o"}))
    assert client.headers[b"x-farthing-acts"] == b"downgraded, shortened"
    assert client.headers[b"x-farthing-model"] == b"gpt-4o-mini"
    assert client.headers[b"x-farthing-output-cap"] == b"1000; clamped"
    (attempt,) = at.last().attempts
    assert attempt.flags == ("downgraded", "shortened")
    assert [step.stage for step in attempt.opening.steps] == ["downgrade", "shorten"]
    assert json.loads(at.upstream.sent[0].body)["model"] == "gpt-4o-mini"


def test_compress_without_a_lever_is_noted_and_changes_nothing():
    plan = shaped(desk(soft(Act.COMPRESS), spent="0.6"), chat())
    assert [(step.stage, step.did) for step in plan.steps] == [("compress", "nothing: no lever is configured for it")]
    assert plan.flags == ()


@pytest.mark.parametrize("act", [Act.COMPRESS, Act.SHORTEN, Act.HINT, Act.DOWNGRADE])
def test_a_lever_that_is_plugged_in_takes_the_place_of_ours(act):
    def stage(plan):
        yield from ()
        return noted(plan, Step(act.value, "pulled"), "theirs")

    at = desk(soft(act), spent="0.6", levers=levers(**{act.value: stage}))
    assert shaped(at, chat()).flags == ("theirs",)


def test_block_refuses_before_the_limit_with_the_numbers():
    no = shaped(desk(soft(Act.BLOCK, Act.HINT, at=0.6), spent="0.6"), chat())
    assert isinstance(no, Refusal)
    assert (no.code, no.status) == ("budget_exceeded", 402)
    assert no.message == "'all' is used up to 60 %, and from 60 % on it allows no call"
    assert no.standing.posted == 600_000_000


def test_land_makes_it_the_last_call_of_its_run_and_leaves_out_what_that_makes_needless():
    at = desk(soft(Act.LAND, Act.SHORTEN, Act.HINT, land_output=500), spent="0.6")
    plan = shaped(at, chat(tools=[{"type": "function", "function": {"name": "f"}}]), caller=of_run())
    assert plan.lands
    assert plan.flags == ("landing",)
    assert plan.wanted.cap == 500
    assert body_of(plan)["tool_choice"] == "none"


def test_land_stops_a_call_without_a_run():
    no = shaped(desk(soft(Act.LAND), spent="0.6"), chat())
    assert no.code == "budget_exceeded"


def test_after_its_last_answer_a_run_is_refused_and_another_agent_of_it_is_not():
    at = desk(soft(Act.LAND), spent="0.6", outcomes=[chat_answer()])
    assert asyncio.run(at.call(chat(), caller=of_run(agent="a"))).status == 200
    no = shaped(at, chat(), caller=of_run(agent="a"))
    assert (no.code, no.status) == ("run_landed", 402)
    assert "agent a of run r" in no.message
    assert shaped(at, chat(), caller=of_run(agent="b")).lands


def test_embeddings_are_not_told_anything_and_are_nobodys_last_answer():
    at = desk(soft(Act.LAND, Act.HINT, Act.SHORTEN, Act.DOWNGRADE), spent="0.6")
    draft = EmbeddingsDialect().read(b'{"model":"text-embedding-3-small","input":"x"}')
    arrival = replace(at.arrival(chat(), caller=of_run()), dialect=EmbeddingsDialect(), draft=draft, path="/embeddings")
    plan = asyncio.run(shape(at.rules.plan(arrival), at.rules, at))
    assert isinstance(plan, Plan)
    assert plan.flags == ()


def test_a_grant_moves_the_threshold():
    budget = soft(Act.BLOCK)
    at = desk(budget, spent="0.6")
    grant = Grant(account=AccountKey("all", "", Unit.USD, "lifetime"), amount=10**9, by="ada")
    at.ledger.adopt((budget,), (grant,))
    assert isinstance(shaped(at, chat()), Plan)


def test_of_several_thresholds_the_higher_ones_add_to_the_lower():
    more = dollars("1", soft=(Threshold(500_000, (Act.HINT,)), Threshold(800_000, (Act.SHORTEN,))))
    at = desk(more, spent="0.6")
    assert shaped(at, chat()).flags == ("hinted",)
    spend(at, more, "0.2")
    at.time_ms += 2_000
    assert shaped(at, chat()).flags == ("shortened", "hinted")


def test_money_kept_for_a_last_answer_is_not_spent_by_a_call_before_it():
    at = desk(landing_run("0.01", land_output=100), dollars("5"))
    holding = asyncio.run(funded(at, {**chat(), "model": "gpt-4o"}, caller=of_run()))
    assert holding.reserved.clamped
    left = holding.reserved.tightest.left
    assert left > 100 * 10_000, "a hundred tokens of gpt-4o cost a million nano-dollars"
