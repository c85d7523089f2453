"""The output cap: what is wanted, what is the least worth having, and what to tell the caller.

Every call carries a cap, because only a capped call has a worst case. A cap that the caller names is kept unless the
budget cannot pay it; a call that names none gets the default, never above the model's own maximum.
"""

import msgspec

from farthing.domain.model import ModelFacts
from farthing.wire.dialect import Asked

MIN_THINKING = 1_024
"""The smallest thinking budget that Anthropic accepts (its documentation of extended thinking)."""
LIKELY_BYTES_PER_TOKEN = 2
"""Prose and code have three to four, and hardly any text has fewer. For the choice of a default only: money is bounded by bytes."""


class Defaults(msgspec.Struct, frozen=True):
    """Caps for calls that name none, in output tokens."""

    plain: int = 8_192
    reasoning: int = 32_000


class Wanted(msgspec.Struct, frozen=True, gc=False):
    """The cap to ask the ledger for."""

    cap: int
    floor: int
    """The smallest cap worth buying."""
    origin: str
    """`caller`, `default`, or `limit` where a budget lets single calls have no more."""


def wanted(asked: Asked, facts: ModelFacts, defaults: Defaults, floor: int) -> Wanted:
    """The cap of a call and its floor. `floor` is the budget's: the fewest output tokens worth buying.

    A call that thinks needs room for the smallest thinking budget and for an answer after it, so its floor is higher.
    """
    cap, origin = asked.cap, "caller"
    if cap is None:
        cap, origin = _default(asked, facts, defaults, floor), "default"
    least = floor if asked.thinking is None else MIN_THINKING + max(floor, 1)
    return Wanted(cap, min(cap, max(least, asked.smallest_cap)), origin)


def lowered(wanted: Wanted, most: int) -> Wanted:
    """The same with a cap of `most` where it is larger; the floor goes with it."""
    return wanted if wanted.cap <= most else Wanted(most, min(wanted.floor, most), "limit")


def _default(asked: Asked, facts: ModelFacts, defaults: Defaults, floor: int) -> int:
    """A cap that the model accepts: not above its own maximum, and with the prompt inside its window, which some
    providers check before they begin (GPT-4's 8,192 tokens hold both)."""
    reasons = asked.reasons or facts.reasons or asked.thinking is not None
    cap = defaults.reasoning if reasons else defaults.plain
    if asked.thinking is not None:  # the caller's thinking budget must fit below whatever cap we choose
        cap = max(cap, asked.thinking + defaults.plain)
    if facts.max_output_tokens is not None:
        cap = min(cap, facts.max_output_tokens)
    if facts.context_tokens is not None:
        prompt = asked.text_bytes // LIKELY_BYTES_PER_TOKEN + asked.overhead_tokens
        cap = min(cap, max(facts.context_tokens - prompt, floor))
    return cap


def told(cap: int, *, clamped: bool, origin: str) -> bytes | None:
    """The value of `x-farthing-output-cap`, or None where the caller's own cap went out unchanged."""
    if clamped or origin == "limit":
        return b"%d; clamped" % cap
    if origin == "default":
        return b"%d; default" % cap
    return None


def cut_by_cap(finish: str, *, clamped: bool, origin: str) -> bool:
    """Whether an answer ended because of a cap that we set rather than one the caller chose."""
    return (clamped or origin != "caller") and finish in {"length", "max_tokens", "max_output_tokens", "MAX_TOKENS"}
