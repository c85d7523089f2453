"""What a call would have cost as it was asked, and which of the things that changed that is worth how much, exactly.

**Naive** is the model that the caller named, at its standard rates, with nothing read from or written to a provider's
cache, for the very tokens that were used. The way from there to what was paid goes by fixed steps, and each step is worth
the difference that it makes to the whole; so they sum to the whole difference, to the nano-dollar, always.

Nothing is claimed that cannot be shown: where the book in force does not give the recorded cost, or has no price for what
was asked, naive is what was paid and no step is worth anything.
"""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from farthing.domain.money import PICOS_PER_NANO
from farthing.domain.price import Cost, PriceCard, Unpriced
from farthing.domain.record import AttemptOpening
from farthing.domain.usage import Usage
from farthing.ports.history import CardOf
from farthing.pricing.cost import cost

MODEL, TIER, CACHE_READ, CACHE_WRITE = "model", "tier", "cache_read", "cache_write"
CAUSES = (MODEL, TIER, CACHE_READ, CACHE_WRITE)
"""Why a call cost another amount than asked, in the order in which they are taken: another model, another service tier,
what the provider's cache gave, what was written to it."""


class Saving(NamedTuple):
    """What one cause made of the cost. Negative: it cost extra."""

    cause: str
    """One of `CAUSES`."""
    nanos: int


class Way(NamedTuple):
    """From naive to paid: `naive_nanos - sum(saving.nanos) == cost_nanos`, always."""

    naive_nanos: int
    savings: tuple[Saving, ...]
    """Only causes that made a difference."""
    cost_nanos: int


def naive_nanos(asked: PriceCard | Unpriced, usage: Usage, cost_nanos: int, *, explained: bool) -> int:
    """What a settled and priced attempt would have cost as asked, in nano-dollars. `asked` is `asked_card`; `explained`
    whether the book in force gives the recorded cost (`explains`)."""
    naive = _naive(asked, usage) if explained else None
    return cost_nanos if naive is None else naive.nanos


def way(
    asked: PriceCard | Unpriced,
    sent: PriceCard | Unpriced,
    usage: Usage,
    tier: str,
    cost_nanos: int,
    *,
    explained: bool,
) -> Way:
    """The whole way of one attempt. `sent` is the card of the model that was called, `tier` the one that was billed."""
    naive = _naive(asked, usage) if explained else None
    if naive is None or isinstance(sent, Unpriced):
        return Way(cost_nanos, (), cost_nanos)
    return Way(naive.nanos, tuple(_savings(naive.nanos, _stations(sent, usage, tier, cost_nanos))), cost_nanos)


def explains(
    card: PriceCard | Unpriced, usage: Usage, tier: str, *, cost_nanos: int, remainder_picos: int, source: str
) -> bool:
    """Whether this card gives the recorded cost to the pico-dollar. What a policy charged is explained by no card."""
    if source == "estimate" or isinstance(card, Unpriced):
        return False
    return cost(card, usage, tier) == Cost(cost_nanos, cost_nanos * PICOS_PER_NANO - remainder_picos)


def asked_card(model: str, opening: AttemptOpening, card_of: CardOf) -> PriceCard | Unpriced:
    """The card of the model as the caller named it (`CallOpening.model`), at the moment the attempt was opened.

    `provider/model` names both. What the book does not know by that name was a name of our own: then it is the card of
    the model that was called.
    """
    if model in (opening.model, f"{opening.provider}/{opening.model}"):
        return card_of(opening)
    found = card_of(msgspec.structs.replace(opening, model=model))
    provider, slash, rest = model.partition("/")
    if isinstance(found, Unpriced) and slash and rest:
        found = card_of(msgspec.structs.replace(opening, provider=provider, model=rest))
    return card_of(opening) if isinstance(found, Unpriced) else found


def _naive(asked: PriceCard | Unpriced, usage: Usage) -> Cost | None:
    """None where what was asked has no price."""
    found = asked if isinstance(asked, Unpriced) else cost(asked, _uncached(usage))
    return None if isinstance(found, Unpriced) else found


def _stations(sent: PriceCard, usage: Usage, tier: str, cost_nanos: int) -> Iterator[tuple[str, Cost | Unpriced | int]]:
    """What it costs once each cause is taken in, one after the other; the last one is what was paid."""
    plain = _uncached(usage)
    yield MODEL, cost(sent, plain)
    yield TIER, cost(sent, plain, tier)
    yield CACHE_READ, cost(sent, _unwritten(usage), tier)
    yield CACHE_WRITE, cost_nanos


def _savings(naive: int, stations: Iterator[tuple[str, Cost | Unpriced | int]]) -> Iterator[Saving]:
    """The difference from station to station; one that has no price adds nothing, and the next takes the whole of it."""
    before = naive
    for cause, reached in stations:
        after = before if isinstance(reached, Unpriced) else reached.nanos if isinstance(reached, Cost) else reached
        if after != before:
            yield Saving(cause, before - after)
        before = after


def _uncached(usage: Usage) -> Usage:
    """The same tokens, none of them cached."""
    if not (usage.cache_read_input_tokens or usage.cache_write_input_tokens):
        return usage
    return msgspec.structs.replace(
        usage,
        cache_read_input_tokens=0,
        cache_write_input_tokens=0,
        cache_write_1h_input_tokens=0,
        cached_audio_input_tokens=0,
    )


def _unwritten(usage: Usage) -> Usage:
    """The same tokens, none of them written to a cache."""
    if not usage.cache_write_input_tokens:
        return usage
    return msgspec.structs.replace(usage, cache_write_input_tokens=0, cache_write_1h_input_tokens=0)
