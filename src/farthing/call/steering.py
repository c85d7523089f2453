"""Away from a provider that is ill: what attempts came back with is counted, and the next goes where calls succeed."""

import msgspec

from farthing.call.arrival import Provider
from farthing.call.desk import Desk
from farthing.call.holding import Holding
from farthing.call.plan import Plan
from farthing.call.rules import worst_of
from farthing.call.states import NeedsFunds
from farthing.domain.ids import ATTEMPTS
from farthing.domain.price import Unpriced
from farthing.domain.record import Step
from farthing.guard.breaker import Barred, Closed, Through
from farthing.guard.providers import FAILURES, Outcome, outcome_of
from farthing.ports.client import Client
from farthing.tokens.bound import byte_bound


def passing(holding: Holding, desk: Desk) -> Through | Barred:
    """Whether this attempt may go to its provider. A probe must be answered for with `observe`."""
    plan = holding.plan
    return desk.health.allows(plan.provider.name, plan.model, desk.now_ms())


def observe_answer(holding: Holding, desk: Desk, status: int, sent_ms: int, *, probe: bool) -> None:
    """A provider answered with this status. Calls that come back well are counted only while something is wrong."""
    health, plan = desk.health, holding.plan
    now_ms = desk.now_ms()
    latency_ms = now_ms - sent_ms
    fine = status < 400 and latency_ms <= health.rules.slow_ms
    if fine and not probe and not health.watches(plan.provider.name, plan.model):
        return
    outcome = outcome_of(status)
    if outcome is Outcome.OVERLOADED and not plan.provider.has_credential:
        outcome = Outcome.CALLERS_FAULT  # its own quota is used up, not the provider's
    if not fine and outcome not in FAILURES and latency_ms <= health.rules.slow_ms and not probe:
        return
    observe(holding, desk, outcome, latency_ms=latency_ms, probe=probe)


def observe(holding: Holding, desk: Desk, outcome: Outcome, *, latency_ms: int = 0, probe: bool = False) -> None:
    """How an attempt went."""
    health, plan = desk.health, holding.plan
    name, now_ms = plan.provider.name, desk.now_ms()
    health.observe(name, plan.model, outcome, now_ms=now_ms, latency_ms=latency_ms, probe=probe)
    known = health.health(name, plan.model, now_ms)
    if known.calls and not known.failed and not known.slow:
        health.forget(name, plan.model)


def observe_break(holding: Holding, desk: Desk, client: Client, *, probe: bool = False) -> None:
    """An answer broke off; where the client left first, that tells nothing of the provider."""
    observe(holding, desk, Outcome.NOTHING if client.gone else Outcome.BROKE_OFF, probe=probe)


def steered(holding: Holding, desk: Desk, barred: Barred) -> NeedsFunds | None:
    """The hold is void, for nothing was sent; the next attempt goes to another provider with a hold of its own, at its
    own price. None where there is no other: then an ill provider, of which some calls still succeed, is better than none.
    """
    other = elsewhere(holding.plan, desk, barred.why) if holding.ordinal < ATTEMPTS else None
    if other is None:
        return None
    holding.void(f"not sent: {barred.why}")
    return NeedsFunds(other, holding.ordinal + 1)


def elsewhere(plan: Plan, desk: Desk, why: str = "") -> Plan | None:
    """The plan at another provider of the same format that lists the model and is well; None where there is none.

    Not where the caller named the provider, nor where the body points to what lies there. A caller's own credential goes
    to nobody else.
    """
    asked = plan.arrival.draft.asked
    if asked.model == f"{plan.provider.name}/{plan.model}" or asked.pointers:
        return None
    for provider in desk.rules.providers:
        if provider.format != plan.provider.format or provider.name == plan.provider.name:
            continue
        well = isinstance(desk.health.breakers.get((provider.name, plan.model)), Closed)
        if well and provider.has_credential and provider.lists(plan.model):
            moved = _moved(plan, provider, desk, why)
            if not (isinstance(moved.worst, Unpriced) and plan.terms.money is not None):
                return moved
    return None


def _moved(plan: Plan, provider: Provider, desk: Desk, why: str) -> Plan:
    asked, rules = plan.arrival.draft.asked, desk.rules
    facts = rules.facts.find(plan.model, provider.name, provider.format)
    card = rules.book.find(plan.model, provider.name, provider.format, at_ms=plan.arrival.arrived_ms)
    bound = byte_bound(asked, facts, strict=plan.terms.strict)
    return msgspec.structs.replace(
        plan,
        provider=provider,
        facts=facts,
        card=card,
        bound=bound,
        worst=worst_of(asked, facts, card, bound),
        steps=(*plan.steps, Step("provider", f"{provider.name} instead of {plan.provider.name}", why)),
    )
