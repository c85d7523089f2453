"""When an agent has enough left, is told, and should only answer."""

from decimal import Decimal

from farthing.sdk.agent_pace import Pace
from farthing.sdk.amounts import Amounts


def dollars(text):
    return Amounts(Decimal(text), None, None)


def test_nothing_is_said_while_there_is_enough():
    pace = Pace(dollars("1"))
    pace.look(dollars("0.9"))
    assert (round(pace.used, 6), pace.short, pace.note(last=False)) == (0.1, False, "")


def test_from_half_of_it_on_the_model_is_told():
    pace = Pace(dollars("1"))
    for left in ("0.9", "0.8", "0.7", "0.6", "0.5"):
        pace.look(dollars(left))
    assert not pace.short
    assert "$0.5 left, 50% of it" in pace.note(last=False)


def test_a_dear_turn_keeps_more_for_the_last_call():
    pace = Pace(dollars("1"))
    pace.look(dollars("0.7"))
    assert pace.short, "0.7 pays for two turns like the last, and they grow"


def test_the_tightest_limit_counts_and_nothing_at_all_is_used_up():
    pace = Pace(Amounts(Decimal(1), 100, 10))
    pace.look(Amounts(Decimal("0.99"), 99, 1))
    assert pace.used == 0.9
    assert pace.short
    empty = Pace(Amounts(Decimal(0), None, None))
    empty.look(dollars("0"))
    assert empty.short


def test_without_limits_nothing_is_ever_short():
    pace = Pace(Amounts(None, None, None))
    pace.look(Amounts(None, None, None))
    assert (pace.used, pace.short) == (0.0, False)
