"""Parts of holds: what is settled, estimated and told."""

from farthing.budgets.open_hold import Ended, OpenHold, Part
from farthing.domain.budget import Unit
from farthing.domain.hold import Spent
from support.money import key, settlement, spent


def test_a_settled_part_is_rounded_up_in_its_own_base():
    assert Part(key(), 100, 1, 1_000).settled(Spent(picos=1_001)) == 2
    assert Part(key("b", Unit.TOKENS), 100, 1, 1).settled(Spent(input_tokens=3, output_tokens=4)) == 7


def test_an_unknown_part_is_charged_whole_or_what_was_seen_and_never_less_than_that():
    whole = Part(key(), 100, 1, 1_000)
    seen = Part(key(), 100, 1, 1_000, least=30_000)
    assert whole.estimated(spent(5)) == 100
    assert seen.estimated(None) == 30
    assert seen.estimated(spent(5)) == 5
    assert seen.estimated(spent(500)) == 500
    assert whole.estimated(spent(500)) == 500


def test_a_hold_is_unknown_once_it_is_due_some_day():
    hold = OpenHold(17, ())
    assert not hold.unknown
    hold.due_ms = 0
    assert hold.unknown


def test_an_overrun_is_flagged_beside_what_was_flagged_before():
    given = settlement(1, 5, flags=("drained",))
    assert Ended(OpenHold(17, ()), ()).tell(given) is given
    assert Ended(OpenHold(17, ()), (), overran=True).tell(given).flags == ("drained", "overran_hold")
