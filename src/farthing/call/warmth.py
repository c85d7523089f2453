"""What a provider has probably cached for a caller: its last answers by model, so that no change of model throws away more
than it saves."""

import msgspec

from farthing.domain.usage import Usage

COLD_AFTER_MS = 600_000
"""OpenAI keeps a prefix for five to ten minutes without use, Anthropic for five ("Prompt caching", both)."""
COLD_AFTER_AN_HOUR_MS = 3_900_000
"""The same for what was written for an hour."""
AUTOMATIC_FROM = 1_024
"""OpenAI caches prompts from so many tokens on, by itself, in steps of 128 ("Prompt caching")."""
_STEP = 128
MOST = 16_384

Whose = tuple[str, str, str]
"""Key, run and agent."""


class Warm(msgspec.Struct, frozen=True, gc=False):
    """The last answer of a model to one caller."""

    input_tokens: int
    cached_tokens: int
    """Of its input, what the next request with the same beginning finds in the cache."""
    output_tokens: int
    cold_at_ms: int


class Warmth:
    """Bounded: who asked longest ago is forgotten first."""

    __slots__ = ("_seen",)

    def __init__(self) -> None:
        self._seen: dict[tuple[Whose, str], Warm] = {}

    def learn(self, whose: Whose, model: str, usage: Usage, now_ms: int, *, automatic: bool) -> None:
        """An answer came back. `automatic`: the provider caches without being asked, and reports only what it read."""
        cached = usage.cache_read_input_tokens + usage.cache_write_input_tokens
        if automatic and usage.input_tokens >= AUTOMATIC_FROM:
            cached = max(cached, usage.input_tokens // _STEP * _STEP)
        lasts = COLD_AFTER_AN_HOUR_MS if usage.cache_write_1h_input_tokens else COLD_AFTER_MS
        warm = Warm(usage.input_tokens, cached, usage.output_tokens, now_ms + lasts)
        self._seen.pop((whose, model), None)
        self._seen[whose, model] = warm
        if len(self._seen) > MOST:
            del self._seen[next(iter(self._seen))]

    def of(self, whose: Whose, model: str, now_ms: int) -> Warm | None:
        """Its last answer, while that may still be cached."""
        warm = self._seen.get((whose, model))
        return warm if warm is not None and now_ms < warm.cold_at_ms else None
