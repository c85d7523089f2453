"""A run's last call: the one answer it may still have when its money is nearly gone, and the register of who has had it.

Money for it is kept on the run's own account from its first call on (`kept`). The call itself has its tools in the body
and cannot use them, is told to finish, and has a small cap (`landing`).
"""

from collections.abc import Awaitable, Callable

import msgspec

from farthing.call.guards import Guards
from farthing.call.plan import Plan
from farthing.call.rewording import at_most, noted, reworded
from farthing.call.rules import worst_of
from farthing.domain.budget import AccountKey
from farthing.domain.hold import Declined
from farthing.domain.record import Step
from farthing.domain.refusal import Refusal
from farthing.output.cap import Wanted
from farthing.tokens.bound import InputBound

FLAG = "landing"
"""What the record of a last call carries."""
MOST_LANDED = 65_536
"""Landings remembered; the earliest is forgotten first."""
WORDS_BYTES = 640
"""More than `LAST_WORDS` and a tool's name add to a body, in bytes and tokens of template."""
WORDS_TOKENS = 192
"""The same in tokens, where the rest of the body is counted in tokens too."""

LAST_WORDS = (
    "This is your last turn: the budget of this task is used up, and no further request will be answered. Do not ask for "
    "anything and do not start anything new. Finish now, in a few sentences: give the best answer you can from what you "
    "already have, and say what is missing."
)
LAST_WORDS_BY_TOOL = (
    "This is your last turn: the budget of this task is used up, and no further request will be answered. Call `{tool}` "
    "now, with the best result you can give from what you already have, and keep it short."
)

Who = tuple[str, str, str]
"""Key, run and agent: what one caller names is no other's."""


def who_lands(plan: Plan) -> Who | None:
    """Whose last call this would be; None for a call that names no run, or that answers nothing (embeddings)."""
    caller = plan.arrival.caller
    told = dict(caller.labels)
    run = told.get("run", "")
    return (caller.key, run, told.get("agent", "")) if run and plan.wanted.cap else None


class Landings:
    """Who has had a last answer, and whose last call is under way. One thread.

    `keep` remembers for longer than this process, before the call is sent; it says False where another one sent it.
    `give_back` takes that back, and must not wait.
    """

    __slots__ = ("_done", "_given_back", "_under_way", "give_back", "keep")

    def __init__(self) -> None:
        self._done: dict[Who, None] = {}
        self._given_back: dict[Who, None] = {}
        """Those of whose last call nothing was billed, until the next: what guards know may be older."""
        self._under_way: set[Who] = set()
        self.keep: Callable[[Who], Awaitable[bool]] | None = None
        self.give_back: Callable[[Who], None] | None = None

    def taken(self, who: Who, guards: Guards | None = None) -> bool:
        """Whether this run and agent has had its last answer. Where guards know the run, they say so: they may have let
        it go on."""
        if who in self._given_back:
            return False
        known = None if guards is None else guards.runs.get(who[1])
        return who in self._done if known is None else who[2] in known.landed

    async def begin(self, who: Who, guards: Guards | None = None) -> bool:
        """Its last call is about to be sent, and that is kept. False where it was, or is under way."""
        if who in self._under_way or self.taken(who, guards):
            return False
        self._under_way.add(who)
        try:
            kept = self.keep is None or await self.keep(who)
        except BaseException:
            self.unsent(who)
            raise
        if not kept:
            self._under_way.discard(who)
        return kept

    def answered(self, who: Who, now_ms: int, guards: Guards | None = None) -> None:
        """Its last call was answered, or may have been."""
        self._under_way.discard(who)
        self._given_back.pop(who, None)
        _remember(self._done, who)
        if guards is not None:
            guards.runs.land(who[1], now_ms=now_ms, agent=who[2])

    def unsent(self, who: Who) -> None:
        """Nothing was billed, so nothing was answered: it may try again."""
        self._under_way.discard(who)
        _remember(self._given_back, who)
        if self.give_back is not None:
            self.give_back(who)


def _remember(register: dict[Who, None], who: Who) -> None:
    if len(register) >= MOST_LANDED:
        del register[next(iter(register))]
    register[who] = None


def kept(plan: Plan) -> tuple[tuple[AccountKey, int], ...]:
    """What its run needs for a last call with the context of this one, on each account of the run's own: at the uncached
    price, since a changed `tool_choice` may lose the provider's cache."""
    if plan.lands or who_lands(plan) is None:
        return ()
    tokens = plan.bound.tokens + (WORDS_BYTES if plan.bound.kind == "bytes" else WORDS_TOKENS)
    if plan.facts.context_tokens is not None:
        tokens = min(tokens, max(plan.bound.tokens, plan.facts.context_tokens))
    bound = InputBound(tokens, plan.bound.kind)
    asked = plan.arrival.draft.asked
    last = msgspec.structs.replace(plan, bound=bound, worst=worst_of(asked, plan.facts, plan.card, bound))
    needed = {charge.account: charge for charge in last.charges()}
    return tuple(
        (account, needed[account].amount(_cap(plan, tokens)))
        for account, tokens in plan.terms.landing
        if account in needed
    )


def landing(plan: Plan, most_tokens: int, why: str) -> Plan:
    """The plan as its run's last call, with at most so many tokens to answer with."""
    draft = plan.arrival.draft
    tool = draft.carrier()
    words = LAST_WORDS_BY_TOOL.format(tool=tool) if tool else LAST_WORDS
    cap = _cap(plan, most_tokens)
    last = reworded(plan, draft.closing().saying(words))
    floor = min(cap, max(plan.terms.floor, draft.asked.smallest_cap))
    origin = "caller" if cap == draft.asked.cap else "limit"
    last = msgspec.structs.replace(last, wanted=Wanted(cap, floor, origin), lands=True)
    carries = f"only the tool {tool!r} stays callable" if tool else "its tools stay in the body and cannot be called"
    return noted(
        last, Step("landing", f"made it its run's last call: {carries}, at most {at_most(last, cap)}", why), FLAG
    )


def lands_instead(plan: Plan, found: Declined) -> Plan | None:
    """The last call of its run, where an account of the run's own cannot pay for this call; None where that is not why,
    or where it has no run that lands."""
    if plan.lands or found.code != "budget_exceeded" or found.standing is None or who_lands(plan) is None:
        return None
    tokens = dict(plan.terms.landing).get(found.standing.account)
    if tokens is None:
        return None
    return landing(plan, tokens, f"{found.standing.account.budget!r} cannot pay for another one like it")


def landed(who: Who) -> Refusal:
    """Why a call after the last one is refused."""
    _, run, agent = who
    whose = f"agent {agent} of run {run}" if agent else f"run {run}"
    return Refusal(
        code="run_landed",
        message=f"the budget is spent, and {whose} has had its last answer",
        what_to_do="take that answer; for more, begin a new run, or raise the budget and let the run go on",
    )


def _cap(plan: Plan, most_tokens: int) -> int:
    """What a last answer may have: never more than the caller wants or the model can."""
    asked, facts = plan.arrival.draft.asked, plan.facts
    limits = (most_tokens, asked.cap, facts.max_output_tokens)
    return min(limit for limit in limits if limit is not None)
