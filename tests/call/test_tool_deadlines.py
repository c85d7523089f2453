"""Uses that are held for a program elsewhere: as many as there are places, and none of them for ever."""

import asyncio

from farthing.call import tool_deadlines
from farthing.call.arrival import Caller
from farthing.call.tool_deadlines import ToolDeadlines
from farthing.call.tool_money import Buying, hold, settle
from support.desk import NOW_MS, ValueDesk, dollars

CENT = 10_000_000


def kept(desk, deadlines, key="a"):
    assert deadlines.enter(key)
    paying = asyncio.run(hold(desk, desk.mint(desk.time_ms), Buying("search", CENT, known=False), Caller()))
    return deadlines.keep(paying, key, 30)


def test_whoever_is_heard_of_no_more_is_presumed_dead_and_its_money_spent():
    desk = ValueDesk(budgets=(dollars("1"),))
    deadlines = ToolDeadlines(desk)
    use = kept(desk, deadlines)
    assert use.expires_ms == NOW_MS + 30_000
    assert deadlines.of(use.paying.call) == use
    desk.timers.pop()()
    assert desk.spent() == (0, 0, CENT)
    assert deadlines.of(use.paying.call) is deadlines.end(use.paying.call) is None
    settle(desk, use.paying, CENT // 2)
    assert desk.spent() == (CENT // 2, 0, 0), "late is not too late"


def test_a_use_that_has_ended_has_no_deadline_any_more():
    desk = ValueDesk(budgets=(dollars("1"),))
    deadlines = ToolDeadlines(desk)
    use = kept(desk, deadlines)
    (late,) = desk.timers
    assert deadlines.end(use.paying.call) == use
    assert not desk.timers
    settle(desk, use.paying, CENT)
    late()
    assert desk.spent() == (CENT, 0, 0)


def test_it_is_time_to_sweep_once_in_so_long():
    deadlines = ToolDeadlines(ValueDesk())
    asked = [deadlines.is_time(NOW_MS + passed, 100) for passed in (0, 99, 100, 101, 250)]
    assert asked == [True, False, True, False, True]


def test_places_are_bounded_for_a_key_and_in_all_and_are_given_back(monkeypatch):
    monkeypatch.setattr(tool_deadlines, "MOST_OF_A_KEY", 2)
    monkeypatch.setattr(tool_deadlines, "MOST", 3)
    desk = ValueDesk(budgets=(dollars("1"),))
    deadlines = ToolDeadlines(desk)
    first = kept(desk, deadlines)
    kept(desk, deadlines)
    assert not deadlines.enter("a")
    assert deadlines.enter("b")
    assert not deadlines.enter("c"), "there are three in all"
    deadlines.leave("b")
    deadlines.end(first.paying.call)
    assert deadlines.enter("a")
    assert deadlines.enter("c")


def test_who_asks_under_a_word_leaves_where_it_is_withdrawn():
    deadlines = ToolDeadlines(ValueDesk())
    left = []
    with deadlines.asking(("a", "w"), lambda: left.append(1)), deadlines.asking(("a", "w"), lambda: left.append(2)):
        assert deadlines.withdraw(("b", "w")) is False, "words of two keys have nothing to do with each other"
        assert deadlines.withdraw(("a", "w")) is True
    assert left == [1, 2]
    assert deadlines.withdraw(("a", "w")) is False


def test_what_is_held_under_a_word_is_handed_to_whoever_withdraws_it():
    desk = ValueDesk(budgets=(dollars("1"),))
    deadlines = ToolDeadlines(desk)
    assert deadlines.enter("a")
    paying = asyncio.run(hold(desk, desk.mint(desk.time_ms), Buying("search", CENT, known=False), Caller()))
    use = deadlines.keep(paying, "a", 30, ("a", "w"))
    assert deadlines.withdraw(("a", "w")) == use
    assert not desk.timers
    assert deadlines.withdraw(("a", "w")) is False
    assert deadlines.end(paying.call) is None
