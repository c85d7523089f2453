"""Money for tools on a ledger of values: whose budgets hold it, what each end leaves, and what no policy gives away."""

import asyncio

import pytest

from farthing.call.arrival import Caller
from farthing.call.desk import Limits
from farthing.call.tool_money import Buying, Paying, hold, lose, settle, void
from farthing.domain.refusal import Refusal
from support.desk import ValueDesk, dollars

CENT = 10_000_000


def buy(desk, most=CENT, *, known=True, tool="search", caller=None, **more):
    return asyncio.run(hold(desk, desk.mint(desk.time_ms), Buying(tool, most, known), caller or Caller(), **more))


def test_it_is_held_at_most_and_settled_at_what_it_cost():
    desk = ValueDesk(budgets=(dollars("1"),))
    paying = buy(desk, 4 * CENT, known=False)
    assert desk.spent() == (0, 4 * CENT, 0)
    settle(desk, paying, CENT)
    settle(desk, paying, 3 * CENT)
    assert desk.spent() == (CENT, 0, 0), "a second end changes nothing"


def test_what_bought_nothing_is_given_back_and_what_nobody_knows_is_not():
    desk = ValueDesk(budgets=(dollars("1"),))
    void(desk, buy(desk), "out of stock")
    assert desk.spent() == (0, 0, 0)
    lost = buy(desk)
    lose(desk, lost, "the connection broke")
    void(desk, lost, "on second thought")
    assert desk.spent() == (0, 0, CENT)


def test_only_the_labels_that_a_key_may_choose_choose_its_budgets():
    budgets = (dollars("1", "mine", match=(("run", "r"),)), dollars("1", "others", match=(("team", "b"),)))
    desk = ValueDesk(budgets=budgets)
    caller = Caller(key="a", labels=(("run", "r"), ("team", "b")), trusted=frozenset(("run",)))
    assert isinstance(buy(desk, caller=caller), Paying)
    assert desk.spent("mine") == (0, CENT, 0)
    assert not desk.ledger.records.accounts("others")
    assert desk.last().opening.key == "a"


def test_it_waits_no_longer_than_its_asker():
    async def main():
        desk = ValueDesk(budgets=(dollars("0.01", wait_seconds=20.0),))
        buying = Buying("search", CENT, known=True)
        await hold(desk, desk.mint(desk.time_ms), buying, Caller())
        waiting = asyncio.create_task(hold(desk, desk.mint(desk.time_ms), buying, Caller(), patience_ms=5))
        await asyncio.sleep(0)
        desk.time_ms += 6
        return await asyncio.wait_for(waiting, 5)

    found = asyncio.run(main())
    assert isinstance(found, Refusal)
    assert found.code == "budget_reserved"


@pytest.mark.parametrize("policy", [{}, {"unknown": "charge_seen"}, {"unknown": "charge_seen", "hard": "off"}])
def test_every_policy_charges_a_tool_that_may_have_run_what_was_held_for_it(policy):
    desk = ValueDesk(budgets=(dollars("1", **policy),), limits=Limits(unknown_after_ms=1))
    lose(desk, buy(desk), "the connection broke")
    assert desk.spent() == (0, 0, CENT)
    desk.time_ms += 1
    desk.ledger.tick()
    assert desk.spent() == (CENT, 0, 0), "its time is over, and the policy has charged it"


@pytest.mark.parametrize("in_its_moment", [False, True], ids=["waiting", "granted in that moment"])
def test_whoever_is_cancelled_while_it_waits_holds_nothing(in_its_moment):
    async def main():
        desk = ValueDesk(budgets=(dollars("0.01", wait_seconds=20.0),))
        buying = Buying("search", CENT, known=True)
        first = await hold(desk, desk.mint(desk.time_ms), buying, Caller())
        waiting = asyncio.create_task(hold(desk, desk.mint(desk.time_ms), buying, Caller()))
        await asyncio.sleep(0)
        if in_its_moment:
            void(desk, first, "out of stock")  # the money is granted, and the task has not heard of it yet
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert waiting.cancelled()
        return desk.spent()

    assert asyncio.run(main()) == (0, 0 if in_its_moment else CENT, 0)
