"""Downgrade: the same call by a cheaper model of its dialect, where that is cheaper even without the cache it leaves behind."""

from collections.abc import Iterator

import msgspec

from farthing.budgets.thresholds import Reached
from farthing.call.nearing import whose
from farthing.call.plan import Plan
from farthing.call.rewording import noted
from farthing.call.rules import Destination, Rules, worst_of
from farthing.call.warmth import Warm, Warmth
from farthing.domain.errors import BadRequest
from farthing.domain.model import ModelFacts
from farthing.domain.money import PICOS_PER_NANO
from farthing.domain.price import PriceCard
from farthing.domain.record import Step
from farthing.output.cap import lowered
from farthing.pricing.cost import reached
from farthing.pricing.worst import Bound
from farthing.tokens.bound import byte_bound
from farthing.wire.dialect import Asked

FLAG = "downgraded"
_BYTES_PER_TOKEN = 5
"""For a low guess of a prompt's tokens: fewer tokens make a cache that is left behind look larger."""
_FEW_BYTES_PER_TOKEN = 3
"""For a high guess, when asking whether a prompt fits into a window."""


class Choice(msgspec.Struct, frozen=True):
    """One cheaper way."""

    to: Destination
    card: PriceCard
    picos: int
    """What the call is expected to cost there."""


def downgrade(plan: Plan, why: Reached, rules: Rules, warmth: Warmth, now_ms: int) -> Plan:
    """The plan with the dearest model of `[tiers]` that is cheaper for this call, or as it is, with the reason."""
    if not isinstance(plan.card, PriceCard):
        return _as_it_is(plan, why, "the price of its model is unknown")
    asked = plan.arrival.draft.asked
    if asked.media or asked.audio_output or asked.tier:
        return _as_it_is(plan, why, "nothing says that a cheaper model takes its images, sounds or service tier")
    warm = warmth.of(whose(plan), plan.model, now_ms)
    now = expected(plan.card, plan, warm, writes=False)
    cheaper = [choice for choice in _choices(plan, rules, warmth, now_ms) if choice.picos < now]
    if not cheaper:
        return _as_it_is(plan, why, "no model of [tiers] can take it for less, with what the cache of this one saves")
    best = max(cheaper, key=lambda choice: choice.picos)
    return _with(plan, why, best, now - best.picos)


def _as_it_is(plan: Plan, why: Reached, because: str) -> Plan:
    return noted(plan, Step("downgrade", f"nothing: {because}", why.words))


def expected(card: PriceCard, plan: Plan, warm: Warm | None, *, writes: bool) -> int:
    """What the call will cost on this card, in pico-dollars: what was cached last time is read, and it says as much as
    last time. `writes`: all that is not read is written to the cache, where that is dearer."""
    cached, said = (warm.cached_tokens, warm.output_tokens) if warm is not None else (0, 0)
    tokens = max(cached, plan.arrival.draft.asked.text_bytes // _BYTES_PER_TOKEN)
    rates = reached(card.variants[""], tokens).rates
    read = rates.input if rates.cache_read is None else rates.cache_read
    fresh = max(rates.input, rates.cache_write_5m or 0, rates.cache_write_1h or 0) if writes else rates.input
    return cached * read + (tokens - cached) * fresh + said * rates.output


def _choices(plan: Plan, rules: Rules, warmth: Warmth, now_ms: int) -> Iterator[Choice]:
    """Each tier's first entry of the call's dialect that can take the call, with what it would cost there.

    It says as much as the model that the caller chose did.
    """
    assert isinstance(plan.card, PriceCard)
    asked, mine = plan.arrival.draft.asked, whose(plan)
    before = warmth.of(mine, plan.model, now_ms)
    for entries in rules.tiers:
        to = _first_of(plan.arrival.dialect.format, entries, rules)
        if to is None or to.model == plan.model or not _can_take(to.facts, plan.facts, asked):
            continue
        card = rules.book.find(to.model, to.provider.name, to.provider.format, at_ms=plan.arrival.arrived_ms)
        if isinstance(card, PriceCard):
            there = warmth.of(mine, to.model, now_ms)
            warm = Warm(0, there.cached_tokens if there else 0, before.output_tokens if before else 0, 0)
            writes = bool(asked.cache_ttl) or to.facts.writes_cache_unasked
            yield Choice(to, card, expected(card, plan, warm, writes=writes))


def _first_of(format: str, entries: tuple[str, ...], rules: Rules) -> Destination | None:
    """The first model that is of this format: one that a provider of the format lists, or is known to speak it."""
    for name in entries:
        try:
            to = rules.destination(format, name)
        except BadRequest:
            continue
        if to.provider.lists(to.model) or to.facts.family == format or name != to.model:
            return to
    return None


def _can_take(there: ModelFacts, here: ModelFacts, asked: Asked) -> bool:
    """Whether nothing that is known keeps this model from taking what the other one was asked."""
    if here.family == "openai" and there.reasons != here.reasons:
        return False  # each kind refuses fields of the other
    if here.family == "anthropic" and asked.reasons and asked.thinking is None:
        return False  # thinking that adapts, and efforts, are not for every model
    prompt = asked.text_bytes // _FEW_BYTES_PER_TOKEN + asked.overhead_tokens
    return there.context_tokens is None or prompt < there.context_tokens


def _with(plan: Plan, why: Reached, best: Choice, saved_picos: int) -> Plan:
    asked, to = plan.arrival.draft.asked, best.to
    bound = byte_bound(asked, to.facts, strict=plan.terms.strict)
    worst = worst_of(asked, to.facts, best.card, bound)
    if not isinstance(worst, Bound):
        return _as_it_is(plan, why, f"part of what it asks for has no price with {to.model}")
    most = to.facts.max_output_tokens
    changed = msgspec.structs.replace(
        plan,
        provider=to.provider,
        model=to.model,
        facts=to.facts,
        card=best.card,
        bound=bound,
        worst=worst,
        wanted=plan.wanted if most is None else lowered(plan.wanted, most),
    )
    did = f"{to.model} instead of {plan.model}, what its cache saves counted"
    return noted(changed, Step("downgrade", did, why.words, saves_nanos=saved_picos // PICOS_PER_NANO), FLAG)
