"""A run's last call: what is kept for it, when it comes, and that there is one."""

import asyncio
import json

import pytest

from farthing.call import landing as module
from farthing.call.funding import fund
from farthing.call.guards import GuardRules, Guards
from farthing.call.landing import Landings, kept, landing, lands_instead, who_lands
from farthing.call.states import Funded, NeedsFunds, Refused
from farthing.domain.budget import AccountKey, Standing, Unit
from farthing.domain.errors import Ambiguous, NotSent
from farthing.domain.hold import Declined
from farthing.domain.money import parse_usd, usd
from farthing.wire.anthropic.messages import MessagesDialect
from support.client import ListeningClient
from support.desk import chat, dollars
from support.funded import claude, planned
from support.nearing import desk, landing_run, of_run, spend
from support.simulated import chat_tool
from support.upstream import PreparedAnswer, chat_answer

RUN = AccountKey("run", "", Unit.USD, "run:r")
WHO = ("", "r", "")
MINI_OUT = 600
"""Nano-dollars for an output token of gpt-4o-mini."""


def plan_of(body=None, at=None, run="r", **more):
    return planned(at or desk(landing_run()), body or chat(), caller=of_run(run), **more)


def last_of(plan, tokens=300):
    return landing(plan, tokens, "it is nearly spent")


def sent(plan):
    return json.loads(plan.arrival.draft.outbound(model=plan.model, cap=plan.wanted.cap))


def short_of_money(at, left="0.0004"):
    """A desk whose run has so much left."""
    spend(at, landing_run(), usd_left(left), "run:r")
    return at


def usd_left(left):
    return usd(parse_usd("1") - parse_usd(left))


# What is kept


def test_kept_is_the_context_at_its_dearest_and_the_output_of_a_last_answer():
    small = dict(kept(plan_of(at=desk(landing_run(land_output=100)))))[RUN]
    large = dict(kept(plan_of(at=desk(landing_run(land_output=1_100)))))[RUN]
    longer = dict(kept(plan_of(chat("x" * 10_000), at=desk(landing_run(land_output=100)))))[RUN]
    assert large - small == 1_000 * MINI_OUT
    assert longer - small == (10_000 - len("hello")) * 150, "each byte may be a token that no cache has"


def test_what_is_kept_pays_for_the_last_call_of_the_same_context():
    plan = plan_of(chat(tools=[chat_tool("final_result", "a")]))
    last = last_of(plan, 1_024)
    needed = {charge.account: charge.amount(last.wanted.cap) for charge in last.charges()}
    assert needed[RUN] <= dict(kept(plan))[RUN]


@pytest.mark.parametrize("plan", [lambda: plan_of(run=""), lambda: last_of(plan_of())], ids=["no run", "the last"])
def test_nothing_is_kept_for_a_call_without_a_run_nor_by_the_last_one(plan):
    assert kept(plan()) == ()


def test_a_caller_whose_own_cap_is_smaller_keeps_no_more_than_that():
    capped, free = (dict(kept(plan_of(chat(**more))))[RUN] for more in ({"max_tokens": 24}, {}))
    assert free - capped == 1_000 * MINI_OUT


# The call


def test_the_last_call_tells_the_model_to_finish_and_can_only_answer():
    last = last_of(plan_of(chat(tools=[chat_tool("f")])))
    assert (last.lands, last.flags, last.wanted.cap, last.wanted.floor) == (True, ("landing",), 300, 256)
    assert "last turn" in sent(last)["messages"][-1]["content"]
    assert sent(last)["tool_choice"] == "none"


def test_the_tool_that_carries_the_answer_is_named():
    last = last_of(plan_of(chat(tools=[chat_tool("f"), chat_tool("final_result", "a")], tool_choice="required")))
    assert "Call `final_result` now" in sent(last)["messages"][-1]["content"]
    assert sent(last)["tool_choice"]["function"]["name"] == "final_result"
    assert "final_result" in last.steps[-1].did


def test_thinking_goes_and_so_does_the_floor_that_it_needed():
    body = claude(max_tokens=9_000, thinking={"type": "enabled", "budget_tokens": 2_000})
    last = last_of(planned(desk(landing_run()), body, MessagesDialect(), caller=of_run()))
    assert last.wanted.floor == 256
    assert sent(last)["thinking"] == {"type": "disabled"}


def test_its_bound_counts_what_was_added():
    plan = plan_of()
    last = last_of(plan)
    assert last.bound.tokens - plan.bound.tokens >= len(module.LAST_WORDS)
    assert last.worst.base_picos > plan.worst.base_picos


def declined(account=RUN, code="budget_exceeded"):
    return Declined(code, Standing(account, 1, 1, 0, 0))


def test_only_a_run_whose_own_account_cannot_pay_lands():
    plan = plan_of()
    assert lands_instead(plan, declined()).lands
    assert lands_instead(plan, declined(code="budget_reserved")) is None
    assert lands_instead(plan, declined(AccountKey("team", "", Unit.USD, "lifetime"))) is None
    assert lands_instead(plan_of(run=""), declined()) is None
    assert lands_instead(last_of(plan), declined()) is None


# The whole way


def funding(at, plan):
    state = NeedsFunds(plan)
    while isinstance(state, NeedsFunds):
        state = asyncio.run(fund(state, at, ListeningClient()))
    return state


def test_a_call_that_no_longer_fits_becomes_the_last_one_and_may_use_what_was_kept():
    at = desk(landing_run(land_output=300), dollars("5"))
    first = funding(at, plan_of(at=at))
    assert isinstance(first, Funded)
    first.holding.void("")
    short_of_money(at)
    state = funding(at, plan_of(at=at))
    assert isinstance(state, Funded)
    assert state.holding.plan.lands
    assert state.holding.reserved.cap == 300


def test_where_not_even_that_fits_the_call_is_refused():
    at = short_of_money(desk(landing_run(land_output=300), dollars("5")), "0.0001")
    state = funding(at, plan_of(at=at))
    assert isinstance(state, Refused)
    assert state.refusal.code == "budget_exceeded"


def test_an_ancestor_that_cannot_pay_refuses_and_no_landing_is_used_up():
    at = desk(landing_run(), dollars("0.00001"))
    state = funding(at, plan_of(at=at))
    assert isinstance(state, Refused)
    assert not at.nearing.landings.taken(WHO)


def test_two_calls_at_once_have_one_landing_between_them():
    at = desk(landing_run(), dollars("5"))
    first, second = (funding(at, last_of(plan_of(at=at))) for _ in range(2))
    assert isinstance(first, Funded)
    assert isinstance(second, Refused)
    assert second.refusal.code == "run_landed"
    first.holding.void("")
    assert at.spent("run") == (0, 0, 0)
    assert isinstance(funding(at, last_of(plan_of(at=at))), Funded), "what was not sent was not the last answer"


def call(at):
    return asyncio.run(at.call(chat(), caller=of_run()))


def test_a_last_call_that_was_certainly_not_sent_is_tried_again():
    at = short_of_money(desk(landing_run(), outcomes=[NotSent("refused"), chat_answer()]))
    assert call(at).status == 200
    assert at.last().attempts[-1].flags == ("landing",)
    assert call(at).status == 402


@pytest.mark.parametrize(
    ("outcome", "again"),
    [(PreparedAnswer(400, [b'{"error":{"message":"no"}}']), 200), (Ambiguous("reset"), 402)],
    ids=["refused by the provider", "outcome unknown"],
)
def test_what_may_have_been_answered_was_the_last_and_what_was_refused_was_not(outcome, again):
    at = short_of_money(desk(landing_run("1", land_output=100), outcomes=[outcome, chat_answer()]), "0.0008")
    assert call(at).status in {400, 502}
    assert call(at).status == again


# The register


def test_the_register_knows_key_run_and_agent_apart():
    landings = Landings()
    landings.answered(WHO, 1)
    assert landings.taken(WHO)
    assert not any(map(landings.taken, [("k", "r", ""), ("", "s", ""), ("", "r", "a")]))


def test_what_is_under_way_cannot_begin_twice():
    async def begins(landings):
        return await landings.begin(WHO)

    landings = Landings()
    assert asyncio.run(begins(landings))
    assert not asyncio.run(begins(landings))
    landings.unsent(WHO)
    assert asyncio.run(begins(landings))


class Keeper:
    """Remembers landings as a store that several processes share."""

    def __init__(self, *before):
        self.kept = list(before)

    async def keep(self, who):
        if who in self.kept:
            return False
        self.kept.append(who)
        return True


def kept_by(keeper):
    landings = Landings()
    landings.keep, landings.give_back = keeper.keep, keeper.kept.remove
    return landings


def test_a_landing_is_kept_before_it_is_sent_and_given_back_where_nothing_was_billed():
    keeper = Keeper()
    landings = kept_by(keeper)
    assert asyncio.run(landings.begin(WHO))
    assert keeper.kept == [WHO]
    landings.unsent(WHO)
    assert keeper.kept == []
    assert asyncio.run(landings.begin(WHO))


def test_what_another_process_has_sent_does_not_begin_here():
    landings = kept_by(Keeper(WHO))
    assert not asyncio.run(landings.begin(WHO))


def test_a_landing_that_is_interrupted_while_it_is_kept_is_given_back():
    keeper = Keeper()
    landings = kept_by(keeper)

    async def interrupted(who):
        keeper.kept.append(who)
        raise asyncio.CancelledError

    landings.keep = interrupted
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(landings.begin(WHO))
    assert keeper.kept == []
    landings.keep = keeper.keep
    assert asyncio.run(landings.begin(WHO))


def test_what_was_given_back_is_not_taken_whatever_guards_still_know():
    guards, landings = Guards(GuardRules(), lambda event: None), Landings()
    guards.runs.land("r", now_ms=1)
    assert landings.taken(WHO, guards)
    landings.unsent(WHO)
    assert not landings.taken(WHO, guards)
    landings.answered(WHO, 2, guards)
    assert landings.taken(WHO, guards)


def test_guards_that_know_the_run_say_whether_it_has_landed():
    guards, landings = Guards(GuardRules(), lambda event: None), Landings()
    landings.answered(WHO, 1, guards)
    assert landings.taken(WHO, guards)
    guards.runs.reopen("r", now_ms=2)
    assert not landings.taken(WHO, guards)


def test_the_earliest_landings_are_forgotten_first(monkeypatch):
    monkeypatch.setattr(module, "MOST_LANDED", 2)
    landings = Landings()
    for run in "abc":
        landings.answered(("", run, ""), 1)
    assert [landings.taken(("", run, "")) for run in "abc"] == [False, True, True]


def test_a_call_that_names_no_run_or_answers_nothing_lands_nobody():
    assert who_lands(plan_of()) == WHO
    assert who_lands(plan_of(run="")) is None
