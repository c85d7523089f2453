"""Both sides compared, and what a difference is taken to mean."""

import msgspec
import pytest

from farthing.billing.claim import Claim
from farthing.billing.export_file import Export
from farthing.billing.reconcile import Ours, reconcile, recorded
from farthing.domain.usage import Usage
from support.billing_world import billing_world

SAID = Claim(
    model="m",
    requests=1_000,
    input_tokens=100_000,
    cache_read_input_tokens=60_000,
    cache_write_input_tokens=0,
    output_tokens=5_000,
    web_searches=0,
    picos=10**12,
)


def compared(theirs, ours=SAID):
    export = Export(shape="plain table", claims=() if theirs is None else (theirs,), records=1)
    mine = Ours(claims=() if ours is None else (ours,), open_attempts=0, estimated_nanos=0)
    (found,) = reconcile("2026-10", "openai", export, mine).models
    return found


def but(**more):
    return msgspec.structs.replace(SAID, **more)


def test_equal_sides_agree_and_so_do_calls_at_the_edges():
    assert compared(SAID).verdict == "agrees"
    assert compared(but(requests=1_005, input_tokens=100_400)).verdict == "agrees"


def test_a_little_off_is_the_edges_of_the_month():
    assert compared(but(requests=1_050, input_tokens=105_000, output_tokens=5_200)).verdict == "edges"


def test_equal_quantities_at_other_money_are_a_question_of_price():
    found = compared(but(picos=8 * 10**11))
    assert found.verdict == "price"
    assert "$1.0 here, $0.8 there" in found.words
    assert "[[prices]]" in found.words


def test_money_alone_cannot_say_why():
    found = compared(Claim(model="m", picos=2 * 10**12))
    assert found.verdict == "price"
    assert "no quantities" in found.words


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"input_tokens": 40_000}, "counted twice here"),
        ({"cache_read_input_tokens": 0}, "read from the cache"),
        ({"requests": 2_000, "input_tokens": 200_000, "output_tokens": 10_000}, "do not go through this gateway"),
        ({"requests": 500, "input_tokens": 50_000, "output_tokens": 2_500}, "a part of the month"),
        ({"output_tokens": 9_000}, "as many requests but other tokens"),
        ({"requests": 2_000, "output_tokens": 100}, "single days"),
    ],
)
def test_more_than_a_tenth_off_is_counted_wrongly_and_the_likeliest_reason_is_told(more, words):
    found = compared(but(**more))
    assert found.verdict == "counting"
    assert words in found.words


def test_a_model_on_one_side_only_says_which():
    assert compared(None).verdict == "only here"
    assert compared(SAID, None).verdict == "only there"


def test_an_export_without_models_is_compared_with_the_sum():
    export = Export(shape="OpenAI cost export", claims=(Claim(model="", picos=2 * 10**12),), records=1)
    mine = Ours(claims=(SAID, msgspec.structs.replace(SAID, model="n")), open_attempts=0, estimated_nanos=0)
    found = reconcile("2026-10", "openai", export, mine)
    assert [(each.model, each.verdict) for each in found.models] == [("", "agrees")]
    assert found.agrees


def test_nothing_on_either_side_agrees():
    nothing = Ours(claims=(), open_attempts=0, estimated_nanos=0)
    assert reconcile("2026-10", "openai", Export(shape="empty file", claims=(), records=0), nothing).agrees


def test_our_side_is_one_providers_month_by_model_without_dates():
    at = 1_791_000_000_000
    with billing_world() as world:
        for model, provider, when in (
            ("gpt-4o-mini-2024-07-18", "openai", at),
            ("gpt-4o-mini", "openai", at),
            ("gpt-4o-mini", "other", at),
            ("gpt-4o-mini", "openai", at + 40 * 86_400_000),
        ):
            number = world.open(when, model=model, provider=provider)
            world.settle(number, Usage(input_tokens=1_000, cache_read_input_tokens=600, output_tokens=10))
        world.open(at)
        ours = recorded(world.history, "openai", "2026-10")
        (claim,) = ours.claims
        assert (claim.model, claim.input_tokens, claim.cache_read_input_tokens) == ("gpt-4o-mini", 2_000, 1_200)
        assert claim.picos == 2 * (400 * 150_000 + 600 * 75_000 + 10 * 600_000)
        assert ours.open_attempts == 1


def test_tools_and_costs_beside_models_are_in_no_comparison_and_are_told_beside_it():
    at = 1_791_000_000_000
    with billing_world() as world:
        world.settle(world.open(at, run="r"), Usage(input_tokens=1_000))
        world.use("lookup", at, 30, run="r")
        world.book("r", at, 7)
        world.book("r", at + 40 * 86_400_000, 1_000)
        ours = recorded(world.history, "openai", "2026-10")
        assert [(claim.model, claim.picos) for claim in ours.claims] == [("gpt-4o-mini", 1_000 * 150_000)]
        found = reconcile("2026-10", "openai", Export(shape="x", claims=ours.claims, records=1), ours)
        assert (found.agrees, found.tools_nanos, found.other_nanos) == (True, 30, 7)
