"""How many input tokens a call can bill at most, and how well that is known.

Kinds, best known first: `bytes` (a token of byte-level BPE is at least one byte, so bytes are never too few), `exact`
(counted with the model's public tokenizer), `provider` (the provider's own count and a margin), `ratio` (what the
model's last calls have shown) and `window` (what the body points to is not here). Overspend zero is claimed for
`bytes` and `exact`, and for `window` where the window is known.
"""

import msgspec

from farthing.domain.model import ModelFacts
from farthing.tokens.media import media_tokens, window
from farthing.wire.dialect import Asked


class InputBound(msgspec.Struct, frozen=True, gc=False):
    """At most `tokens` input tokens, cached or not; `kind` says why."""

    tokens: int
    kind: str
    """`bytes`, `exact`, `provider`, `ratio` or `window`."""


def byte_bound(
    asked: Asked, facts: ModelFacts, *, pointed_tokens: int | None = None, strict: bool = False
) -> InputBound:
    """The bound that is free: bytes of text, template overhead, media by formula; `strict` where that cannot be passed.

    `pointed_tokens` is our own record of what the body points to; without it a body that points elsewhere is bounded by
    the window. Never more than the window: no call bills more input than the model can read, in each of its rounds.
    """
    if asked.pointers and pointed_tokens is None:
        return InputBound(window(facts) * asked.rounds, "window")
    return _capped(asked.text_bytes + (pointed_tokens or 0), asked, facts, "bytes", strict=strict)


def exact_bound(
    text_tokens: int, asked: Asked, facts: ModelFacts, *, template_tokens: int | None = None, strict: bool = False
) -> InputBound:
    """From the tokens that `tokens.exact` counted in the texts; the template and media are added here.

    `template_tokens` is exactly the template's, where it is published; without it the overhead bounds them.
    """
    around = asked.overhead_tokens if template_tokens is None else template_tokens
    return _capped(text_tokens + around - asked.overhead_tokens, asked, facts, "exact", strict=strict)


def provider_bound(counted: int, asked: Asked) -> InputBound:
    """From the provider's own count of the whole body, with 2 % on top: it calls its count an estimate."""
    return InputBound((counted + -(-counted // 50)) * asked.rounds, "provider")


def ratio_bound(text_tokens: int, asked: Asked, facts: ModelFacts) -> InputBound:
    """From what `Ratios.bound` expects of the text; overhead and media are added here."""
    return _capped(min(text_tokens, asked.text_bytes), asked, facts, "ratio")


def _capped(text_tokens: int, asked: Asked, facts: ModelFacts, kind: str, *, strict: bool = False) -> InputBound:
    tokens, most = text_tokens + asked.overhead_tokens, facts.context_tokens
    if asked.media:
        tokens += sum(media_tokens(part, facts, strict=strict) for part in asked.media)
    if most is not None and tokens > most:
        tokens = most
    return InputBound(tokens * asked.rounds, kind)
