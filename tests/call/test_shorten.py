"""Half the output cap, and never less than is worth having."""

import pytest

from farthing.call.shorten import shorten
from farthing.domain.budget import Act
from farthing.wire.anthropic.messages import MessagesDialect
from support.desk import chat, dollars
from support.funded import claude, planned
from support.nearing import desk, reached_at


def plan_of(body, dialect=None, **budget):
    return planned(desk(dollars("1", **budget)), body, dialect)


@pytest.mark.parametrize(("asked", "gets"), [(4_000, 2_000), (600, 300), (300, 256), (257, 256), (None, 4_096)])
def test_the_cap_is_halved_down_to_the_floor(asked, gets):
    shorter = shorten(plan_of(chat(**({"max_tokens": asked} if asked else {}))), reached_at(Act.SHORTEN))
    assert shorter.wanted.cap == gets
    assert shorter.flags == ("shortened",)
    assert shorter.steps[-1].why == "'all' is used up to 80 %"


def test_what_is_as_small_as_can_be_stays():
    same = shorten(plan_of(chat(max_tokens=100)), reached_at(Act.SHORTEN))
    assert (same.wanted.cap, same.flags) == (100, ())
    assert [step.did for step in same.steps] == ["nothing: a cap of 100 is the smallest worth having"]


def test_a_call_that_thinks_keeps_room_for_the_smallest_thinking():
    body = claude(max_tokens=2_400, thinking={"type": "enabled", "budget_tokens": 2_000})
    assert shorten(plan_of(body, MessagesDialect()), reached_at(Act.SHORTEN)).wanted.cap == 1_280


def test_it_says_what_it_saves_at_most():
    did = shorten(plan_of(chat(max_tokens=4_000)), reached_at(Act.SHORTEN)).steps[-1].did
    assert did.startswith("output cap 2,000 instead of 4,000")
    assert did.endswith(": at most 0.00120345 USD instead of 0.00240345 USD")
