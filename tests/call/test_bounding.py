"""Tightening a bound: the free one first, the next best only on demand, and nonsense never taken for a count."""

import msgspec
import pytest

from farthing.call.bounding import follow, tighten
from farthing.call.stages import ContextOf, ExactCount, ProviderCount, run
from farthing.tokens.ratio import Ratios
from farthing.wire.anthropic.messages import MessagesDialect
from farthing.wire.openai.responses import ResponsesDialect
from support.desk import ValueDesk, chat, dollars
from support.funded import claude, planned

LONG = "x" * 4_000


def walked(steps, **answers):
    asked = []

    def answer(need):
        asked.append(type(need))
        return answers.get(type(need).__name__)

    return run(steps, answer), asked


def plan_of(body, dialect=None, **budget):
    return planned(ValueDesk(budgets=(dollars("1", **budget),)), body, dialect)


def taught(model, tokens, of_bytes):
    ratios = Ratios()
    for _ in range(20):
        ratios.learn(model, of_bytes, tokens)
    return ratios


def test_where_the_tokenizer_is_public_the_exact_count_ends_the_search():
    plan, asked = walked(tighten(Ratios(), plan_of(chat(LONG))), ExactCount=1_000)
    assert asked == [ExactCount]
    assert plan.bound.kind == "exact"
    assert plan.worst.base_picos < plan_of(chat(LONG)).worst.base_picos
    assert [(step.stage, step.why) for step in plan.steps] == [("bound", "counted exactly")]


def test_elsewhere_the_provider_is_asked_and_its_estimate_gets_two_percent():
    plan, asked = walked(tighten(Ratios(), plan_of(claude(system=LONG), MessagesDialect())), ProviderCount=1_000)
    assert asked == [ProviderCount]
    assert (plan.bound.kind, plan.bound.tokens) == ("provider", 1_020)


def test_a_provider_that_does_not_answer_is_replaced_by_what_its_model_has_shown():
    ratios = taught(("anthropic", "claude-haiku-4-5"), 1_000, 4_000)
    plan, _ = walked(tighten(ratios, plan_of(claude(system=LONG), MessagesDialect())))
    assert plan.bound.kind == "ratio"
    assert plan.bound.tokens < 2_000


def test_without_any_better_knowledge_the_free_bound_stays():
    before = plan_of(claude(system=LONG), MessagesDialect())
    plan, _ = walked(tighten(Ratios(), before))
    assert plan is before


def test_a_strict_budget_takes_neither_a_providers_word_nor_experience():
    ratios = taught(("anthropic", "claude-haiku-4-5"), 1_000, 4_000)
    plan, asked = walked(
        tighten(ratios, plan_of(claude(system=LONG), MessagesDialect(), bound="strict")), ProviderCount=9
    )
    assert asked == []
    assert plan.bound.kind == "bytes"


@pytest.mark.parametrize("count", [-1_000, -1, 0])
def test_a_count_below_one_is_no_count(count):
    """A hold of less than nothing would give the caller money."""
    plan, _ = walked(tighten(Ratios(), plan_of(claude(system=LONG), MessagesDialect())), ProviderCount=count)
    assert plan.bound.kind == "bytes"


def test_a_larger_count_than_the_free_bound_is_never_taken():
    before = plan_of(claude(system=LONG), MessagesDialect())
    plan, _ = walked(tighten(Ratios(), before), ProviderCount=before.bound.tokens + 1)
    assert plan is before


def test_what_is_elsewhere_cannot_be_counted_here():
    before = plan_of({"model": "gpt-4o-mini", "input": LONG, "previous_response_id": "resp_1"}, ResponsesDialect())
    plan, asked = walked(tighten(Ratios(), before), ExactCount=1)
    assert plan is before
    assert asked == []


def test_a_chain_of_our_own_is_bounded_by_what_it_left_behind():
    before = plan_of({"model": "gpt-4o-mini", "input": LONG, "previous_response_id": "resp_1"}, ResponsesDialect())
    assert before.bound.kind == "window"
    plan, asked = walked(follow(before), ContextOf=500)
    assert asked == [ContextOf]
    assert plan.bound.kind == "bytes"
    assert 4_500 <= plan.bound.tokens < 5_000


def test_a_chain_that_nobody_knows_keeps_the_window():
    before = plan_of({"model": "gpt-4o-mini", "input": LONG, "previous_response_id": "resp_1"}, ResponsesDialect())
    plan, _ = walked(follow(before), ContextOf=None)
    assert plan is before


@pytest.mark.parametrize("beside", [{"conversation": "conv_1"}, {"prompt": {"id": "pmpt_1"}}])
def test_a_chain_beside_other_pointers_keeps_the_window(beside):
    body = {"model": "gpt-4o-mini", "input": LONG, "previous_response_id": "resp_1", **beside}
    before = plan_of(body, ResponsesDialect())
    plan, asked = walked(follow(before), ContextOf=500)
    assert plan is before
    assert asked == []


def test_a_bound_is_a_value_and_the_plan_it_came_from_is_unchanged():
    before = plan_of(chat(LONG))
    copy = msgspec.structs.replace(before)
    walked(tighten(Ratios(), before), ExactCount=10)
    assert before == copy


def test_a_strict_budget_takes_the_window_for_a_document():
    page = "JVBERi0xLjQgPDwvVHlwZS9QYWdlPj4="  # %PDF-1.4 <</Type/Page>>
    source = {"type": "base64", "media_type": "application/pdf", "data": page}
    body = claude(messages=[{"role": "user", "content": [{"type": "document", "source": source}]}])
    trusting = planned(ValueDesk(budgets=(dollars("100"),)), body, MessagesDialect())
    strict = planned(ValueDesk(budgets=(dollars("100", bound="strict"),)), body, MessagesDialect())
    assert strict.bound.tokens == strict.facts.context_tokens > trusting.bound.tokens
