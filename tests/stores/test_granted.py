"""What the ledger did to a call stands behind what stages did; nearly always that is nothing."""

import random

import msgspec

from farthing.domain.hold import Reserved
from farthing.domain.record import Step
from farthing.stores.granted import steps_of
from support.ledger_work import a_reserve

ASK = a_reserve(16, random.Random(1))
BEFORE = Step("hint", "told the model what is left")


def after(ask=ASK, **granted):
    found = {"cap": ask.cap, "clamped": False, "held": (), "tightest": None, **granted}
    return steps_of(ask, Reserved(**found))


def test_a_call_that_got_what_it_asked_for_has_no_steps():
    assert after() == ()


def test_a_clamped_cap_says_what_was_wanted():
    (step,) = after(cap=ASK.cap - 1, clamped=True)
    assert (step.stage, step.did) == ("cap", f"output cap {ASK.cap - 1:,} instead of {ASK.cap:,}")


def test_a_wait_says_how_long():
    (step,) = after(waited_ms=1_234)
    assert (step.stage, step.did) == ("wait", "waited 1,234 ms for money")


def test_what_stages_did_comes_first():
    ask = msgspec.structs.replace(ASK, opening=msgspec.structs.replace(ASK.opening, steps=(BEFORE,)))
    assert after(ask) == (BEFORE,)
    assert [step.stage for step in after(ask, waited_ms=1, clamped=True)] == ["hint", "wait", "cap"]
