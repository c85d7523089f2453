"""Tighten a bound, but only when the free one does not fit.

Bytes are a sound bound that costs nothing. When money is short, an exact count is the next best; then the provider's
own count with a margin; then what this model has shown in its last calls. What the body only points to is bounded by
our own record of it, or by the model's whole context window.
"""

import msgspec

from farthing.call.plan import Plan
from farthing.call.rules import worst_of
from farthing.call.stages import ContextOf, ExactCount, ProviderCount, Steps, ask
from farthing.domain.record import Step
from farthing.tokens.bound import InputBound, byte_bound, exact_bound, provider_bound, ratio_bound
from farthing.tokens.ratio import Ratios


def follow(plan: Plan) -> Steps[Plan]:
    """Replace the window bound of a call that points to an earlier answer by what that answer left behind it."""
    asked = plan.arrival.draft.asked
    if not asked.previous or asked.pointers != ("previous_response_id",):
        return plan
    before = yield from ask(ContextOf(plan.arrival.caller.tenant, asked.previous))
    if before is None:
        return plan
    bound = byte_bound(asked, plan.facts, pointed_tokens=before, strict=plan.terms.strict)
    return _bounded(plan, bound, "bounded by our record of the answer it points to")


def tighten(ratios: Ratios, plan: Plan) -> Steps[Plan]:
    """The tightest bound that the plan's budgets allow. What is elsewhere cannot be counted here."""
    draft, facts = plan.arrival.draft, plan.facts
    asked = draft.asked
    if asked.pointers:
        return plan
    if facts.tokenizer is not None:
        exact = yield from ask(ExactCount(draft, facts))
        if exact is not None:
            template = draft.template_tokens()
            bound = exact_bound(exact, asked, facts, template_tokens=template, strict=plan.terms.strict)
            return _bounded(plan, bound, "counted exactly")
    if plan.terms.strict:
        return plan
    if plan.provider.counts_tokens:
        counted = yield from ask(ProviderCount(plan))
        if counted is not None and counted > 0:  # a hold of less than nothing would give money away
            return _bounded(plan, provider_bound(counted, asked), "counted by the provider, + 2 %")
    learned = ratios.bound((plan.provider.name, plan.model), asked.text_bytes)
    if learned is not None:
        return _bounded(plan, ratio_bound(learned, asked, facts), "bounded by this model's last calls, + 10 %")
    return plan


def _bounded(plan: Plan, bound: InputBound, why: str) -> Plan:
    """The plan with a smaller bound; a larger one is never taken."""
    if bound.tokens >= plan.bound.tokens:
        return plan
    worst = worst_of(plan.arrival.draft.asked, plan.facts, plan.card, bound)
    step = Step("bound", f"{bound.tokens:,} input tokens instead of {plan.bound.tokens:,}", why)
    return msgspec.structs.replace(plan, bound=bound, worst=worst, steps=(*plan.steps, step))
