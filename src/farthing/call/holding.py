"""One attempt's hold in hand: whoever has it must bring it to exactly one end."""

import msgspec

from farthing.call.desk import Desk
from farthing.call.landing import who_lands
from farthing.call.plan import Plan
from farthing.call.visit import Visit
from farthing.domain.hold import Loss, Reserved, Settlement, Spent, Void
from farthing.domain.price import Cost, PriceCard, Unpriced
from farthing.domain.record import AttemptOpening, CallClosing
from farthing.domain.usage import Usage
from farthing.output.cap import cut_by_cap
from farthing.pricing.cost import cost
from farthing.pricing.worst import Bound
from farthing.wire.dialect import Answered

_KEEPS_ANSWERS = "openai-responses"
"""The dialect whose answers can be fetched and pointed to later, by those who asked for them."""


class Holding:
    """The hold of one attempt, from `Reserved` to its end. Ending it twice is a mistake of ours and fails loudly."""

    __slots__ = (
        "attempt",
        "closed",
        "cost_nanos",
        "desk",
        "ended",
        "lost",
        "most_output",
        "ordinal",
        "plan",
        "reserved",
    )

    def __init__(self, desk: Desk, plan: Plan, opening: AttemptOpening, reserved: Reserved) -> None:
        self.desk = desk
        self.plan = plan
        self.ordinal = opening.ordinal
        self.reserved = reserved
        self.attempt = opening.id
        asked = plan.arrival.draft.asked
        self.most_output = (reserved.cap + asked.predicted_bytes) * asked.choices
        """Output tokens that may rightly be billed under the cap on the wire, all choices together."""
        self.ended = False
        self.closed = False
        """The call's own row was completed together with this end."""
        self.cost_nanos: int | None = None
        self.lost = False
        """Nobody knows what it cost."""

    def settle(self, answered: Answered, usage: Usage, closing: CallClosing, *flags: str) -> int | None:
        """Post the truth. Returns the cost in nano-dollars, None where it has no price.

        Where money is held but part of what was used has no price (a service tier or a kind of token that the card does
        not know), the cost is unknown and the hold stays: a price that is missing makes nothing free.
        """
        plan = self.plan
        asked, card = plan.arrival.draft.asked, plan.card
        if not asked.media and not asked.pointers:
            self.desk.ratios.learn((plan.provider.name, plan.model), asked.text_bytes, usage.input_tokens)
        priced = cost(card, usage, answered.tier) if isinstance(card, PriceCard) else card
        known = priced if isinstance(priced, Cost) else None
        if isinstance(priced, Unpriced) and isinstance(plan.worst, Bound):
            self._lose_unpriced(priced, answered, usage, closing, flags)
            return None
        settlement = self._settlement(answered, usage, known, closing, flags)
        self._end(closing)
        self.cost_nanos = settlement.cost_nanos
        if plan.visit is not None:
            tokens = usage.input_tokens + usage.output_tokens
            self._tell_guards(plan.visit, settlement.cost_nanos, tokens, answered.calls)
        if plan.terms.soft:
            self.desk.nearing.learn(plan, usage, closing.finished_ms)
        if plan.lands:
            self._landed()
        self.desk.ledger.settle(settlement)
        return self.cost_nanos

    def void(self, reason: str, closing: CallClosing | None = None) -> None:
        """Release everything: there is proof that nothing billable was sent."""
        if self.plan.lands and (who := who_lands(self.plan)) is not None:
            self.desk.nearing.landings.unsent(who)
        self.give_back(reason, closing)

    def give_back(self, reason: str, closing: CallClosing | None = None) -> None:
        """As `void`, for what was never begun."""
        self._end(closing)
        at_ms = self.desk.now_ms() if closing is None else closing.finished_ms
        self.desk.ledger.void(Void(attempt=self.attempt, reason=reason, at_ms=at_ms, closing=closing))

    def lose(
        self,
        reason: str,
        closing: CallClosing | None,
        *flags: str,
        answered: Answered | None = None,
        observed: int = 0,
        input_tokens: int | None = None,
    ) -> None:
        """Keep the hold: nobody knows what this cost. `observed` output tokens were seen at least; `input_tokens` were
        reported, or else are as many as were held for."""
        plan = self.plan
        least = Usage(input_tokens=plan.bound.tokens if input_tokens is None else input_tokens, output_tokens=observed)
        seen = None if isinstance(plan.card, Unpriced) else cost(plan.card, least, _tier_asked(plan, plan.card))
        over_cap = observed > self.most_output
        loss = Loss(
            attempt=self.attempt,
            seen=Spent(
                picos=seen.picos if isinstance(seen, Cost) else 0,
                input_tokens=least.input_tokens,
                output_tokens=observed,
            ),
            due_ms=self.desk.now_ms() + self.desk.limits.unknown_after_ms,
            reason=reason,
            flags=(*plan.flags, *flags, "overran_cap") if over_cap else (*plan.flags, *flags),
            response_id=answered.id if answered else "",
            remember_for=plan.arrival.caller.tenant if answered and plan.arrival.dialect.name == _KEEPS_ANSWERS else "",
            overran=plan.gate if over_cap else "",
            closing=closing,
        )
        self._end(closing)
        self.lost = True
        if plan.visit is not None:
            self._tell_guards(plan.visit, None, None)
        if plan.lands:
            self._landed()
        self.desk.ledger.lose(loss)

    def _settlement(
        self, answered: Answered, usage: Usage, known: Cost | None, closing: CallClosing, flags: tuple[str, ...]
    ) -> Settlement:
        plan = self.plan
        arrival, taken_in, given_out = plan.arrival, usage.input_tokens, usage.output_tokens
        over_cap, over_input = given_out > self.most_output, taken_in > plan.bound.tokens
        ours_cut_it = cut_by_cap(answered.finish, clamped=self.reserved.clamped, origin=plan.wanted.origin)
        if plan.flags:
            flags = (*plan.flags, *flags)
        if over_cap or over_input or ours_cut_it:
            found = {"overran_cap": over_cap, "overran_input": over_input, "cut_by_cap": ours_cut_it}
            flags = (*flags, *(flag for flag, holds in found.items() if holds))
        return Settlement(
            attempt=self.attempt,
            spent=Spent(picos=known.picos if known else 0, input_tokens=taken_in, output_tokens=given_out),
            usage=usage,
            cost_nanos=known.nanos if known else None,
            remainder_picos=known.remainder_picos if known else 0,
            tier=answered.tier,
            served_model=answered.model,
            response_id=answered.id,
            finish=answered.finish,
            flags=flags,
            overran=plan.gate if over_cap else "",
            remember_for=arrival.caller.tenant if arrival.dialect.name == _KEEPS_ANSWERS else "",
            settled_ms=closing.finished_ms,
            closing=closing,
        )

    def _lose_unpriced(
        self, unpriced: Unpriced, answered: Answered, usage: Usage, closing: CallClosing, flags: tuple[str, ...]
    ) -> None:
        reason = f"part of what was used has no price: {unpriced.reason}"
        end = msgspec.structs.replace(closing, outcome="unknown", detail=reason[:300])
        seen = usage.input_tokens
        self.lose(reason, end, *flags, "unpriced", answered=answered, observed=usage.output_tokens, input_tokens=seen)

    def _tell_guards(self, visit: Visit, nanos: int | None, tokens: int | None, calls: bytes = b"") -> None:
        """What the call came to; a void tells nothing, and `drive` ends the visit in any case."""
        guards = self.desk.guards
        if guards is not None:
            guards.ended(visit, nanos=nanos, tokens=tokens, now_ms=self.desk.now_ms(), calls=calls)

    def _landed(self) -> None:
        """The last call of its run was answered, or may have been."""
        desk = self.desk
        if (who := who_lands(self.plan)) is not None:
            desk.nearing.landings.answered(who, desk.now_ms(), desk.guards)

    def _end(self, closing: CallClosing | None) -> None:
        assert not self.ended, "a hold has exactly one end"
        self.ended = True
        self.closed = closing is not None


def _tier_asked(plan: Plan, card: PriceCard) -> str:
    """The service tier that an answer nobody saw was most likely billed at."""
    asked = plan.arrival.draft.asked.tier
    return asked if asked in card.variants else ""
