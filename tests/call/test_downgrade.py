"""A cheaper model of the same dialect: the dearest that is cheaper, able to take the call, and never dearer by its cache."""

import pytest

from farthing.call.downgrade import downgrade, expected
from farthing.call.nearing import whose
from farthing.call.warmth import Warm, Warmth
from farthing.domain.budget import Act
from farthing.domain.usage import Usage
from farthing.wire.anthropic.messages import MessagesDialect
from support.desk import chat, dollars
from support.funded import claude, planned
from support.nearing import desk, of_run, reached_at

LONG = "word " * 20_000
"""About 20,000 tokens."""


def plan_of(model, dialect=None, text=LONG, at=None, **fields):
    body = claude if dialect else chat
    asked = {"max_tokens": 1_000, **fields, "model": model}
    if dialect:
        asked["messages"] = [{"role": "user", "content": text}]
        return planned(at or desk(dollars("100")), claude(**asked), dialect, caller=of_run())
    return planned(at or desk(dollars("100")), {**body(text), **asked}, caller=of_run())


def downgraded(plan, warmth=None, tiers=None):
    at = desk(dollars("100"))
    if tiers is not None:
        at.rules.tiers = tiers
    return downgrade(plan, reached_at(Act.DOWNGRADE), at.rules, warmth or Warmth(), at.time_ms)


def warm(plan, usage, model=None):
    at, warmth = desk(dollars("100")), Warmth()
    warmth.learn(whose(plan), model or plan.model, usage, at.time_ms, automatic=False)
    return warmth


def test_the_dearest_of_the_cheaper_ones_takes_the_call():
    plan = plan_of("claude-opus-4-6", MessagesDialect())
    there = downgraded(plan)
    assert (there.model, there.flags) == ("claude-sonnet-4-5", ("downgraded",))
    assert there.provider.name == "anthropic"
    assert there.card.model != plan.card.model
    assert there.worst.slope_picos < plan.worst.slope_picos
    step = there.steps[-1]
    assert step.did.startswith("claude-sonnet-4-5 instead of claude-opus-4-6")
    assert (step.stage, step.why) == ("downgrade", "'all' is used up to 80 %")


def test_it_says_what_it_expects_to_save_in_nano_dollars():
    plan = plan_of("claude-opus-4-6", MessagesDialect())
    there = downgraded(plan)
    saved = expected(plan.card, plan, None, writes=False) - expected(there.card, plan, None, writes=False)
    assert there.steps[-1].saves_nanos == saved // 1_000 > 0


def test_a_tier_gives_its_first_entry_of_the_calls_own_dialect():
    tiers = (("gpt-4o-mini", "gpt-4.1-nano", "claude-haiku-4-5"),)
    assert downgraded(plan_of("gpt-4o"), tiers=tiers).model == "gpt-4o-mini"
    assert downgraded(plan_of("claude-opus-4-6", MessagesDialect()), tiers=tiers).model == "claude-haiku-4-5"


def test_where_nothing_is_cheaper_the_call_stays_and_says_so():
    same = downgraded(plan_of("gpt-4o-mini"))
    assert (same.model, same.flags) == ("gpt-4o-mini", ())
    assert same.steps[-1].did.startswith("nothing: no model of [tiers]")
    assert downgraded(plan_of("gpt-4o"), tiers=()).model == "gpt-4o"


def test_a_warm_cache_that_saves_more_than_the_cheaper_model_keeps_the_call():
    """19,000 tokens read at 0.50 USD a million cost less than the same at 1 USD, written or not."""
    plan = plan_of("claude-opus-4-6", MessagesDialect())
    usage = Usage(input_tokens=20_000, output_tokens=20, cache_read_input_tokens=20_000)
    assert downgraded(plan, warm(plan, usage)).flags == ()
    assert downgraded(plan, warm(plan, usage, model="claude-haiku-4-5")).flags == ("downgraded",)


def test_a_model_that_is_warm_already_stays_the_cheaper_one():
    plan, at, warmth = plan_of("claude-opus-4-6", MessagesDialect()), desk(dollars("100")), Warmth()
    usage = Usage(input_tokens=20_000, output_tokens=20, cache_read_input_tokens=20_000)
    for model in ("claude-opus-4-6", "claude-sonnet-4-5"):
        warmth.learn(whose(plan), model, usage, at.time_ms, automatic=False)
    assert downgraded(plan, warmth).model == "claude-sonnet-4-5"


@pytest.mark.parametrize("cached", [0, 5_000, 10_000, 15_000, 19_000, 20_000])
@pytest.mark.parametrize("said", [0, 100, 3_000])
def test_it_never_costs_more_than_the_model_it_leaves(cached, said):
    plan = plan_of("claude-opus-4-6", MessagesDialect())
    usage = Usage(input_tokens=20_000, output_tokens=said, cache_read_input_tokens=cached)
    there = downgraded(plan, warm(plan, usage))
    if there.flags:
        prompt = 20_000
        old, new = (each.card.variants[""][0].rates for each in (plan, there))
        before = cached * old.cache_read + (prompt - cached) * old.input + said * old.output
        assert prompt * new.input + said * new.output < before


@pytest.mark.parametrize(
    ("model", "fields", "tiers"),
    [
        ("gpt-4o", {}, (("gpt-5-nano",),)),
        ("o3", {}, (("gpt-4o-mini",),)),
        ("gpt-4o", {"text": "x" * 90_000}, (("gpt-3.5-turbo",),)),
    ],
    ids=["that reasons", "that does not reason", "whose window is too small"],
)
def test_a_model_that_lacks_what_the_call_needs_is_left_out(model, fields, tiers):
    if model == "o3":
        fields = {**fields, "max_tokens": None, "max_completion_tokens": 1_000}
    assert downgraded(plan_of(model, **fields), tiers=tiers).flags == ()


def test_images_and_service_tiers_stay_where_they_are_known_to_be_taken():
    image = {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}
    body = {**chat(max_tokens=5), "model": "gpt-4o", "messages": [{"role": "user", "content": [image]}]}
    assert downgraded(planned(desk(dollars("9")), body)).flags == ()
    assert downgraded(plan_of("gpt-4o", service_tier="flex")).flags == ()


def test_a_cap_that_the_cheaper_model_does_not_take_is_lowered():
    there = downgraded(
        plan_of("claude-opus-4-6", MessagesDialect(), max_tokens=100_000), tiers=(("claude-haiku-4-5",),)
    )
    assert there.wanted.cap == there.facts.max_output_tokens < 100_000
    assert there.wanted.origin == "limit"


def test_a_model_whose_price_is_unknown_is_no_choice_and_leaves_none():
    assert downgraded(plan_of("gpt-4o"), tiers=(("nobody-knows-it",),)).flags == ()
    unknown = planned(desk(dollars("1", hard="off")), {**chat(max_tokens=5), "model": "nobody-knows-it"})
    assert downgraded(unknown).steps[-1].did == "nothing: the price of its model is unknown"


def test_what_is_expected_counts_reads_writes_and_words():
    plan = plan_of("claude-opus-4-6", MessagesDialect(), text="x" * 5_000)
    rates = plan.card.variants[""][0].rates
    assert expected(plan.card, plan, None, writes=False) == 1_000 * rates.input
    assert expected(plan.card, plan, None, writes=True) == 1_000 * rates.cache_write_1h
    warm = Warm(0, 800, 10, 0)
    assert (
        expected(plan.card, plan, warm, writes=False) == 800 * rates.cache_read + 200 * rates.input + 10 * rates.output
    )
