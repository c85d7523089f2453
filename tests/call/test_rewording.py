"""A plan with another body is bounded and priced anew."""

from farthing.call.rewording import at_most, noted, reworded
from farthing.domain.price import Unpriced
from farthing.domain.record import Step
from support.desk import chat, dollars
from support.funded import planned
from support.nearing import desk


def plan_of(body=None):
    return planned(desk(dollars("1", hard="off")), body or chat())


def test_more_text_is_more_to_hold():
    plan = plan_of()
    longer = reworded(plan, plan.arrival.draft.saying("x" * 100))
    assert longer.bound.tokens >= plan.bound.tokens + 100
    assert longer.worst.base_picos >= plan.worst.base_picos + 100 * 150_000
    assert longer.worst.slope_picos == plan.worst.slope_picos


def test_the_call_itself_stays_who_it_was():
    plan = plan_of()
    longer = reworded(plan, plan.arrival.draft.saying("x"))
    assert longer.arrival.opening() == plan.arrival.opening()


def test_a_step_is_added_and_a_flag_once():
    one, two, three = (Step("hint", did) for did in "abc")
    plan = noted(noted(noted(plan_of(), one, "f"), two, "f"), three)
    assert (plan.steps, plan.flags) == ((one, two, three), ("f",))


def test_what_it_costs_at_most_is_said_in_dollars_or_as_unknown():
    assert at_most(plan_of(), 1_000).endswith(" USD")
    unpriced = plan_of({**chat(), "model": "nobody-knows-it"})
    assert isinstance(unpriced.worst, Unpriced)
    assert at_most(unpriced, 1) == "an unknown price"
