"""Guards wired: what settings and the store say of them, put in force on an engine."""

import asyncio

from farthing.call.agents import AgentRules
from farthing.call.guards import GuardRules, Guards
from farthing.config.engine import Engine
from farthing.config.settings import File
from farthing.config.settings import Guard as GuardSettings
from farthing.domain.budget import Unit
from farthing.guard.limit import Limit
from farthing.guard.loops import LoopRules
from farthing.guard.run import LifeRules
from farthing.guard.session import SessionLimits
from farthing.guard.velocity import VelocityRules

LOOP = "loop"


async def take_up_guards(engine: Engine, settings: File, *, first: bool = False) -> None:
    """Put the guards of these settings in force, with what is stored of suspensions and runs. What was counted stays.

    While there is nothing to guard there are no guards. Raises LedgerUnavailable, and then nothing has changed.
    """
    since = 0 if engine.guards is None else engine.guards.version
    known = await asyncio.to_thread(engine.store.guards.known, since)
    rules = guard_rules_of(settings)
    guards = engine.guards
    if guards is None:
        guards = Guards(rules, engine.notice)
    elif rules != guards.rules:
        guards.adopt(rules)
    guards.learn(known, engine.now_ms(), tell=not first)
    engine.guards = guards if guards.needed else None


def guard_rules_of(settings: File) -> GuardRules:
    """What the configuration says of guards."""
    guard = settings.guard
    return GuardRules(
        limits=limits_of(settings),
        agents=agents_of(settings),
        life=LifeRules() if guard is None else _life(guard),
    )


def limits_of(settings: File) -> tuple[Limit, ...]:
    """The `[[limits]]`, in the file's order."""
    return tuple(
        Limit(
            match=limit.match,
            requests=limit.requests,
            tokens=limit.tokens,
            concurrency=limit.concurrency,
            per=limit.per,
        )
        for limit in settings.limits
    )


def agents_of(settings: File) -> AgentRules | None:
    """What is too much of an agent. Without [guard] loops are looked for where an alert wants to hear of them, and no call
    is refused; None where nobody asked."""
    guard = settings.guard
    if guard is not None:
        return AgentRules(
            loops=LoopRules(guard.same_call or 0, guard.poll),
            limits=_limits(guard),
            velocity=None if guard.velocity is None else VelocityRules(times=guard.velocity),
            blocks=guard.do == "block",
            open_for_ms=int(guard.open_for_seconds * 1_000),
            idle_after_ms=int(guard.idle_after_seconds * 1_000),
        )
    wanted = any(alert.when.event == LOOP for alert in settings.alerts)
    return AgentRules() if wanted else None


def _limits(guard: GuardSettings) -> SessionLimits:
    cost = guard.cost
    return SessionLimits(
        steps=guard.steps,
        tool_calls=guard.tool_calls,
        retries=guard.retries,
        minutes=guard.minutes,
        cost_nanos=cost.amount if cost is not None and cost.unit is Unit.USD else None,
    )


def _life(guard: GuardSettings) -> LifeRules:
    return LifeRules(
        idle_after_ms=int(guard.idle_after_seconds * 1_000), orphan_after_ms=int(guard.orphan_after_seconds * 1_000)
    )
