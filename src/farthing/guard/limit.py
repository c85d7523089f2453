"""Rate limits as values: what one `[[limits]]` table says, for whom it counts, and what a refusal tells."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

WINDOWS_MS = {"second": 1_000, "minute": 60_000, "hour": 3_600_000, "day": 86_400_000}
"""How long each `per` is, in milliseconds. These windows slide: a day is any 24 hours."""


class Rate(StrEnum):
    """What a limit counts."""

    REQUESTS = "requests"
    TOKENS = "tokens"
    CONCURRENCY = "concurrency"


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """So many requests and tokens in any interval of one window, and so many calls at once, for some labels."""

    match: tuple[tuple[str, str], ...] = ()
    """Labels a call must carry. Each value that fits a trailing `*` is counted apart. Empty: all calls together."""
    requests: int | None = None
    tokens: int | None = None
    concurrency: int | None = None
    """Calls in flight at once; it has no window."""
    per: str = "minute"
    """`second minute hour day`."""

    @property
    def window_ms(self) -> int:
        return WINDOWS_MS[self.per]

    @property
    def apart(self) -> tuple[str, ...]:
        """The labels whose values are counted apart."""
        return tuple(name for name, pattern in self.match if pattern.endswith("*"))

    def values(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        """Which of its counts a call with these labels falls under."""
        return tuple([labels[name] for name in self.apart])

    def allowed(self, rate: Rate) -> int | None:
        """The limit in this unit, or None where it has none."""
        match rate:
            case Rate.REQUESTS:
                return self.requests
            case Rate.TOKENS:
                return self.tokens
            case Rate.CONCURRENCY:
                return self.concurrency

    def words(self, rate: Rate, values: tuple[str, ...] = ()) -> str:
        """`60 requests per minute for user ann`: one of its limits, for the count of these values."""
        amount = self.allowed(rate)
        if rate is Rate.CONCURRENCY:
            text = f"{amount} calls at once" if amount != 1 else "1 call at once"
        else:
            text = f"{amount} {rate if amount != 1 else rate[:-1]} per {self.per}"
        whom = self._whom(values)
        return f"{text} for {whom}" if whom else text

    def _whom(self, values: tuple[str, ...]) -> str:
        told = dict(zip(self.apart, values, strict=False)) if len(values) == len(self.apart) else {}
        return ", ".join(f"{name} {told.get(name, pattern)}" for name, pattern in self.match)


class Limited(msgspec.Struct, frozen=True, kw_only=True):
    """The call does not fit now. The door answers 429 with `Retry-After`."""

    limit: Limit
    values: tuple[str, ...]
    """Of the labels counted apart; `("(other)",)` for the count that values beyond a key's `max_values` share."""
    rate: Rate
    used: int
    """In this unit: what the window holds, or the calls in flight."""
    needed: int
    allowed: int
    retry_after_ms: int
    """From now until it fits, if those who were told to come earlier come when they were told. For concurrency an
    estimate from how long calls have taken."""

    @property
    def message(self) -> str:
        seconds = -(-self.retry_after_ms // 1_000)
        return (
            f"The rate limit of {self.limit.words(self.rate, self.values)} is reached"
            f" ({self.used} used, {self.needed} more needed). Try again in {seconds} s."
        )


class NeverFits(msgspec.Struct, frozen=True, kw_only=True):
    """The call alone is more than the whole limit: waiting does not help, so there is no `Retry-After` to give."""

    limit: Limit
    values: tuple[str, ...]
    rate: Rate
    needed: int
    allowed: int

    @property
    def message(self) -> str:
        return (
            f"This call needs {self.needed} {self.rate}, and the rate limit is"
            f" {self.limit.words(self.rate, self.values)}: it can never fit. Make it smaller or raise the limit."
        )
