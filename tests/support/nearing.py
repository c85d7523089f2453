"""Calls that come near a limit: budgets with thresholds, a desk on which so much is spent, and what one act makes of a plan."""

import asyncio
from itertools import count

from farthing.budgets.match import Resolver
from farthing.budgets.thresholds import Reached
from farthing.call.arrival import Caller
from farthing.call.rules import Rules
from farthing.call.shaping import shape
from farthing.domain.budget import AccountKey, Act, Budget, Standing, Threshold, Unit
from farthing.domain.money import parse_usd
from support.desk import ANTHROPIC, BOOK, FACTS, OPENAI, ValueDesk, dollars
from support.funded import planned
from support.money import ask, charge, settlement

_numbers = count(1_000_000)
TIERS = (("gpt-4o-mini", "claude-haiku-4-5"), ("gpt-4o", "claude-sonnet-4-5"), ("claude-opus-4-6",))


def soft(*acts: Act, at=0.5, limit="1", **more) -> Budget:
    """A budget of a dollar that does this from half of it on."""
    return dollars(limit, soft=(Threshold(int(at * 1_000_000), acts),), **more)


def landing_run(limit="1", at=0.9, **more) -> Budget:
    return soft(Act.LAND, at=at, limit=limit, name="run", window="run", **more)


def of_run(run: str = "r", agent: str = "") -> Caller:
    labels = [("run", run), *([("agent", agent)] if agent else [])]
    return Caller(labels=tuple(sorted(labels)))


def desk(*budgets: Budget, outcomes=(), levers=None, spent="0", window="lifetime") -> ValueDesk:
    """A desk on whose first budget so much is spent."""
    at = ValueDesk(*outcomes, budgets=budgets)
    at.rules = Rules(
        book=BOOK,
        facts=FACTS,
        resolver=Resolver(budgets),
        providers=(OPENAI, ANTHROPIC),
        tiers=TIERS,
        levers=levers or {},
    )
    if parse_usd(spent):
        spend(at, budgets[0], spent, window)
    return at


def spend(at: ValueDesk, budget: Budget, amount: str, window="lifetime") -> None:
    number, nanos = next(_numbers), parse_usd(amount)
    account = AccountKey(budget.account_name, "", Unit.USD, window)
    asyncio.run(at.ledger.reserve(ask(number, charge(account, nanos))))
    at.ledger.settle(settlement(number, nanos))


def shaped(at: ValueDesk, body, dialect=None, **more):
    """What the thresholds make of a call: a plan, or a refusal."""
    return asyncio.run(shape(planned(at, body, dialect, **more), at.rules, at))


def reached_at(act: Act, used: int = 80, limit: int = 1_000_000_000) -> Reached:
    """An act whose account is used up to this share, in percent, of a dollar."""
    account = AccountKey("all", "", Unit.USD, "lifetime")
    return Reached(act, 500_000, dollars("1"), Standing(account, limit, limit * used // 100, 0, 0))
