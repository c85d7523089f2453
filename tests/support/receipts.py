"""A past to account for: calls of two models at known prices, with everything that may happen to one."""

import random

from farthing.domain.budget import AccountKey, Unit
from farthing.domain.ids import EPOCH_MS
from farthing.domain.price import Cost, PriceCard, Rates, Tier, Unpriced
from farthing.domain.record import AttemptOpening
from farthing.domain.usage import Usage
from farthing.ports.records import CallRecord, Share
from farthing.pricing.cost import cost
from support.recorded import a_call

SMALL = PriceCard(
    "openai",
    "small",
    {
        "": (Tier(0, False, Rates(input=150_001, output=600_007, cache_read=75_003, cache_write_5m=187_501)),),
        "flex": (Tier(0, False, Rates(input=75_001, output=300_001, cache_read=37_501, cache_write_5m=93_751)),),
    },
    "b00c",
)
LARGE = PriceCard(
    "openai",
    "large",
    {"": (Tier(0, False, Rates(input=2_500_001, output=10_000_003, cache_read=250_001, cache_write_5m=3_125_001)),)},
    "b00c",
)
CARD = {"small": SMALL, "large": LARGE}
ACCOUNT = AccountKey("all", "", Unit.USD, "lifetime")
STATES = ("settled", "settled", "settled", "settled", "void", "unknown", "held")


def card_of(opening: AttemptOpening) -> PriceCard | Unpriced:
    return CARD.get(opening.model, Unpriced(f"the model {opening.model!r} is not in the price book"))


def paid(card: PriceCard, *, tier: str = "", source: str = "provider", **usage) -> dict:
    """The settings of an attempt that was settled at this card's price."""
    spent = Usage(**usage)
    total = cost(card, spent, tier)
    assert isinstance(total, Cost)
    return {
        "model": card.model,
        "usage": spent,
        "tier": tier,
        "source": source,
        "cost_nanos": total.nanos,
        "remainder_picos": total.remainder_picos,
        "shares": (Share(ACCOUNT, total.nanos + 5, total.nanos),),
    }


def unfinished(card: PriceCard, state: str) -> dict:
    """The settings of an attempt that was never settled."""
    return {"model": card.model, "state": state, "shares": (Share(ACCOUNT, 99, 0 if state == "void" else None),)}


def a_settled_call(number: int, card: PriceCard, *, attempts=None, state="settled", **rest) -> CallRecord:
    """The `number`th call with one attempt, or with `attempts`; what is no usage says what the call was like."""
    usage = {name: rest.pop(name) for name in tuple(rest) if name in Usage.__struct_fields__}
    more = {name: rest.pop(name) for name in ("tier", "source") if name in rest}
    one = paid(card, **usage, **more) if state == "settled" else unfinished(card, state)
    asked = {"model": card.model, "at_ms": EPOCH_MS + number * 1_000, **rest}
    return a_call(number, attempts=(one,) if attempts is None else attempts, **asked)


def random_calls(chance: random.Random, count: int) -> list[CallRecord]:
    """Retries, voids, unknown and unpriced outcomes, estimates, downgrades, caches and service tiers."""
    return [_random_call(chance, number) for number in range(1, count + 1)]


def _random_call(chance: random.Random, number: int) -> CallRecord:
    labels = tuple((name, f"{name} {chance.randrange(3)}") for name in ("agent", "step") if chance.random() < 0.7)
    attempts = tuple(_random_attempt(chance) for _ in range(chance.choice((0, 1, 1, 1, 2, 3))))
    return a_call(
        number,
        at_ms=EPOCH_MS + number * 1_000,
        model=chance.choice(("small", "large", "openai/large", "frontier")),
        labels=labels,
        attempts=attempts,
        closing="paid" if attempts else "refused",
    )


def _random_attempt(chance: random.Random) -> dict:
    card, state = chance.choice((SMALL, LARGE)), chance.choice(STATES)
    if state != "settled":
        return unfinished(card, state)
    read, written = chance.choice((0, chance.randrange(50_000))), chance.choice((0, chance.randrange(20_000)))
    usage = {
        "input_tokens": read + written + chance.randrange(30_000),
        "output_tokens": chance.randrange(4_000),
        "cache_read_input_tokens": read,
        "cache_write_input_tokens": written,
    }
    tier = chance.choice(("", "flex")) if card is SMALL else ""
    source = chance.choice(("provider", "provider", "provider", "estimate", "operator"))
    found = paid(card, tier=tier, source=source, **usage)
    match chance.randrange(8):
        case 0:  # no price was known
            return {**found, "cost_nanos": None, "remainder_picos": 0, "shares": (Share(ACCOUNT, 9, 0),)}
        case 1:  # another edition of the book
            other = found["cost_nanos"] + 17
            return {**found, "cost_nanos": other, "shares": (Share(ACCOUNT, other, other),)}
        case _:
            return found
