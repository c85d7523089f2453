"""One attempt's hold in hand: whoever has it must bring it to exactly one end."""

from farthing.call.desk import Desk
from farthing.call.plan import Plan
from farthing.domain.hold import Loss, Reserved, Settlement, Spent, Void
from farthing.domain.ids import attempt_id
from farthing.domain.price import Cost, Unpriced
from farthing.domain.record import CallClosing
from farthing.domain.usage import Usage
from farthing.output.cap import cut_by_cap
from farthing.pricing.cost import cost
from farthing.wire.dialect import Answered


class Holding:
    """The hold of one attempt, from `Reserved` to its end. Ending it twice is a mistake of ours and fails loudly."""

    __slots__ = ("attempt", "cost_nanos", "desk", "ended", "ordinal", "plan", "reserved")

    def __init__(self, desk: Desk, plan: Plan, ordinal: int, reserved: Reserved) -> None:
        self.desk = desk
        self.plan = plan
        self.ordinal = ordinal
        self.reserved = reserved
        self.attempt = attempt_id(plan.arrival.id, ordinal)
        self.ended = False
        self.cost_nanos: int | None = None

    @property
    def most_output(self) -> int:
        """Output tokens that may rightly be billed under the cap on the wire, all choices together."""
        return self.reserved.cap * self.plan.arrival.draft.asked.choices + self.plan.most_output

    def settle(self, answered: Answered, usage: Usage, closing: CallClosing, *flags: str) -> int | None:
        """Post the truth. Returns the cost in nano-dollars, None where it has no price."""
        self._end()
        plan, arrival = self.plan, self.plan.arrival
        priced = Unpriced("no price card") if isinstance(plan.card, Unpriced) else cost(plan.card, usage, answered.tier)
        known = priced if isinstance(priced, Cost) else None
        if not arrival.draft.asked.media and not arrival.draft.asked.pointers:
            self.desk.ratios.learn(plan.model, arrival.draft.asked.text_bytes, usage.input_tokens)
        over_cap = usage.output_tokens > self.most_output and self.reserved.cap > 0
        self.cost_nanos = known.nanos if known else None
        self.desk.ledger.settle(
            Settlement(
                attempt=self.attempt,
                spent=Spent(
                    picos=known.picos if known else 0,
                    input_tokens=usage.input_tokens,
                    output_tokens=usage.output_tokens,
                ),
                usage=usage,
                cost_nanos=self.cost_nanos,
                remainder_picos=known.remainder_picos if known else 0,
                served_model=answered.model,
                response_id=answered.id,
                finish=answered.finish,
                flags=self._flags(answered, usage, over_cap, flags),
                overran=plan.gate if over_cap else "",
                remember_for=arrival.caller.tenant if arrival.dialect.name == "openai-responses" else "",
                settled_ms=closing.finished_ms,
                closing=closing,
            )
        )
        return self.cost_nanos

    def void(self, reason: str, closing: CallClosing | None = None) -> None:
        """Release everything: there is proof that nothing billable was sent."""
        self._end()
        self.desk.ledger.void(Void(attempt=self.attempt, reason=reason, at_ms=self.desk.now_ms(), closing=closing))

    def lose(
        self, reason: str, closing: CallClosing | None, *flags: str, answered: Answered | None = None, observed: int = 0
    ) -> None:
        """Keep the hold: nobody knows what this cost. `observed` output tokens were seen at least."""
        self._end()
        plan = self.plan
        least = Usage(input_tokens=plan.bound.tokens, output_tokens=observed)
        seen = None if isinstance(plan.card, Unpriced) else cost(plan.card, least, "")
        over_cap = observed > self.most_output
        self.desk.ledger.lose(
            Loss(
                attempt=self.attempt,
                seen=Spent(
                    picos=seen.picos if isinstance(seen, Cost) else 0,
                    input_tokens=least.input_tokens,
                    output_tokens=observed,
                ),
                due_ms=self.desk.now_ms() + self.desk.limits.unknown_after_ms,
                reason=reason,
                flags=(*flags, "overran_cap") if over_cap else flags,
                response_id=answered.id if answered else "",
                remember_for=plan.arrival.caller.tenant if answered and answered.pending else "",
                overran=plan.gate if over_cap else "",
                closing=closing,
            )
        )

    def _flags(
        self, answered: Answered, usage: Usage, over_cap: bool, flags: tuple[str, ...]  # noqa: FBT001 - a fact, not a mode
    ) -> tuple[str, ...]:
        if over_cap:
            flags = (*flags, "overran_cap")
        if usage.input_tokens > self.plan.bound.tokens:
            flags = (*flags, "overran_input")
        if cut_by_cap(answered.finish, clamped=self.reserved.clamped, origin=self.plan.wanted.origin):
            flags = (*flags, "cut_by_cap")
        return flags

    def _end(self) -> None:
        assert not self.ended, "a hold has exactly one end"
        self.ended = True
