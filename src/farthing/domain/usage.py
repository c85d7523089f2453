"""Usage: the tokens of one attempt in one canonical form, with the meaning OpenTelemetry gives to the words.

`input_tokens` is the TOTAL, cached or not; `output_tokens` is the TOTAL, reasoning included. The other counts are
parts of those two. Each dialect converts once, at the door, into this; nothing after it adds a part to a total.
"""

import msgspec


class Usage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Tokens by kind. Every count is whole and not negative, and a part is never larger than its total."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_input_tokens: int = 0
    cache_write_input_tokens: int = 0
    """All tokens written to the provider's cache, whatever their time to live."""
    cache_write_1h_input_tokens: int = 0
    """The part of `cache_write_input_tokens` that was written for an hour."""
    reasoning_output_tokens: int = 0
    audio_input_tokens: int = 0
    cached_audio_input_tokens: int = 0
    """The part of `audio_input_tokens` that is also part of `cache_read_input_tokens`."""
    audio_output_tokens: int = 0
    web_search_requests: int = 0
    """Searches the provider ran for this attempt, billed apiece."""

    def flaw(self) -> str | None:
        """What is impossible about these counts, or None. A provider that reports the impossible reported nothing."""
        parts = (
            self.cache_read_input_tokens
            | self.cache_write_input_tokens
            | self.cache_write_1h_input_tokens
            | self.reasoning_output_tokens
            | self.audio_input_tokens
            | self.cached_audio_input_tokens
            | self.audio_output_tokens
            | self.web_search_requests
        )
        if (self.input_tokens | self.output_tokens | parts) < 0:  # a sum of bits is negative where one of them is
            return next(f"{field} is negative" for field in self.__struct_fields__ if getattr(self, field) < 0)
        return self._misfit() if parts else None

    def _misfit(self) -> str | None:
        """Which part is larger than what it is part of."""
        if self.cache_read_input_tokens + self.cache_write_input_tokens > self.input_tokens:
            return "cached tokens exceed input_tokens"
        if self.cache_write_1h_input_tokens > self.cache_write_input_tokens:
            return "one-hour cache writes exceed all cache writes"
        if self.audio_input_tokens > self.input_tokens:
            return "audio_input_tokens exceed input_tokens"
        if self.cached_audio_input_tokens > min(self.audio_input_tokens, self.cache_read_input_tokens):
            return "cached_audio_input_tokens exceed audio_input_tokens or cache_read_input_tokens"
        if self.reasoning_output_tokens + self.audio_output_tokens > self.output_tokens:
            return "reasoning and audio exceed output_tokens"
        return None
