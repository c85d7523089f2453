"""How accounts stand: asked of the authority near a threshold, and seldom far from one."""

import asyncio

from farthing.call.nearing import FRESH_MS, Nearing, whose
from farthing.domain.budget import Act
from farthing.domain.hold import Reserved, Short
from farthing.domain.usage import Usage
from support.desk import chat, dollars
from support.funded import funded, planned
from support.money import ask, charge, key, settlement
from support.nearing import desk, landing_run, of_run, soft, spend

BUDGET = soft(Act.HINT)


class Looks:
    """A ledger's looks, counted."""

    def __init__(self, spent="0"):
        self.at = desk(BUDGET, spent=spent)
        self.nearing, self.count = Nearing(), 0
        self.terms = planned(self.at, chat()).terms
        self.real = self.at.ledger.look
        self.at.ledger.look = self.look

    async def look(self, keys):
        self.count += 1
        return await self.real(keys)

    def standing(self, now_ms):
        (found,) = asyncio.run(self.nearing.standings(self.terms.soft, self.at.ledger, now_ms)).values()
        return found


def test_an_account_nobody_has_looked_at_is_looked_at():
    looks = Looks()
    assert looks.standing(10_000).posted == 0
    assert looks.count == 1


def test_far_from_its_threshold_what_was_seen_a_moment_ago_is_enough():
    looks = Looks(spent="0.1")
    for now_ms in (10_000, 10_001, 10_000 + FRESH_MS - 1):
        assert looks.standing(now_ms).posted == 100_000_000
    assert looks.count == 1
    looks.standing(10_000 + FRESH_MS)
    assert looks.count == 2, "others may have spent meanwhile"


def test_near_its_threshold_it_is_looked_at_every_time():
    looks = Looks(spent="0.5")
    for now_ms in (10_000, 10_001):
        looks.standing(now_ms)
    assert looks.count == 2


def test_what_is_held_may_be_spent_by_now_so_it_brings_the_threshold_near():
    looks = Looks(spent="0.1")
    looks.standing(10_000)
    asyncio.run(looks.at.ledger.reserve(ask(1, charge(looks.terms.soft[0].accounts[0], 450_000_000))))
    assert looks.standing(10_001).held == 450_000_000
    looks.at.ledger.settle(settlement(1, 450_000_000))
    assert looks.standing(10_002).posted == 550_000_000


def test_what_this_process_spends_is_seen_at_once():
    looks = Looks()
    looks.standing(10_000)
    spend(looks.at, BUDGET, "0.2")
    assert looks.standing(10_001).posted == 200_000_000


def test_what_came_back_is_learnt_for_the_agent_of_that_run():
    at = desk(BUDGET)
    plan = planned(at, chat(), caller=of_run("r", "ada"))
    at.nearing.learn(plan, Usage(input_tokens=2_048), 0)
    assert whose(plan) == ("", "r", "ada")
    assert at.nearing.warmth.of(("", "r", "ada"), "gpt-4o-mini", 1).cached_tokens == 2_048


def test_what_is_kept_for_a_run_that_no_longer_calls_is_freed_when_another_one_does():
    at, freed = desk(BUDGET), []
    at.ledger.free_landing = freed.append
    for run, now_ms in (("a", 0), ("b", 60), ("a", 90), ("c", 159)):
        at.nearing.keeps(((key(window=f"run:{run}"), 5),), at.ledger, now_ms, 100)
    assert freed == []
    at.nearing.keeps(((key(window="run:d"), 5),), at.ledger, 190, 100)
    assert freed == ["run:b", "run:a"]
    at.nearing.keeps(((key(window="run:d"), 5),), at.ledger, 500, 100)
    assert freed == ["run:b", "run:a", "run:c"]


def test_an_idle_run_keeps_no_money_from_its_own_other_calls():
    at = desk(landing_run(), dollars("5"))
    first = asyncio.run(funded(at, chat(), caller=of_run("a")))
    first.void("")
    whole = ask(1, charge(key("run", window="run:a"), 10**9))
    assert isinstance(asyncio.run(at.ledger.reserve(whole)), Short)
    at.time_ms += 900_000
    asyncio.run(funded(at, chat(), caller=of_run("b")))
    assert isinstance(asyncio.run(at.ledger.reserve(whole)), Reserved)
