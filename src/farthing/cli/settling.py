"""An operator's word on an attempt: its usage, priced with the book, as the settlement that the ledger posts."""

from farthing.cli.commands import Said
from farthing.domain.hold import Settlement, Spent
from farthing.domain.price import PriceCard, Unpriced
from farthing.domain.usage import Usage
from farthing.ports.records import AttemptRecord
from farthing.pricing.cost import cost


def settlement_for(
    attempt: AttemptRecord, usage: Usage, card: PriceCard | Unpriced, *, tier: str, now_ms: int
) -> Settlement:
    """What the attempt is to be charged. What its record says beside money and tokens stays.

    Nothing used is free, whatever the price. Raises Said where tokens were used and nobody knows what they cost.
    """
    picos = nanos = remainder = 0
    if usage != Usage():
        priced = card if isinstance(card, Unpriced) else cost(card, usage, tier)
        if isinstance(priced, Unpriced):
            raise Said(f"{priced.reason}; name its price under [[prices]] first")
        picos, nanos, remainder = priced.picos, priced.nanos, priced.remainder_picos
    return Settlement(
        attempt=attempt.opening.id,
        spent=Spent(picos=picos, input_tokens=usage.input_tokens, output_tokens=usage.output_tokens),
        usage=usage,
        cost_nanos=nanos,
        remainder_picos=remainder,
        source="operator",
        served_model=attempt.served_model,
        response_id=attempt.response_id,
        finish=attempt.finish,
        flags=tuple(flag for flag in attempt.flags if flag != "estimated"),
        settled_ms=now_ms,
    )
