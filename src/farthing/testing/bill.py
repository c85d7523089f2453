"""The bill: what the provider charged for every request, in pico-dollars, so that a ledger can be held against it."""

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from farthing.domain.money import nanos_from_picos
from farthing.domain.price import Rates
from farthing.domain.usage import Usage

PriceOf = Callable[[str, str, int], Rates | None]
"""(model, service tier as in `domain.price`, input tokens) → rates, or None where the provider has no price."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One request that reached the provider, and what it was charged."""

    number: int
    dialect: str
    model: str
    stream: bool = False
    cap: int | None = None
    """The output cap that arrived, per choice."""
    tier: str = ""
    outcome: str = "running"
    """`running`, `answered`, `refused`, `left` (the client went away), `broken` (a fault ended it)."""
    status: int = 0
    """The HTTP status that was sent; 0 where none was."""
    fault: str = ""
    response_id: str = ""
    key: str = ""
    """The last four characters of the key that was presented."""
    usage: Usage = Usage()
    """What was billed; all zero where nothing was."""
    picos: int | None = 0
    """None: this model has no price here."""
    arrived_ms: int = 0

    @property
    def nanos(self) -> int | None:
        """The same, rounded up to whole nano-dollars: what a ledger posts for the attempt."""
        return None if self.picos is None else nanos_from_picos(self.picos)


def cost_picos(usage: Usage, rates: Rates) -> int | None:
    """What these tokens cost. Cached reads without a rate are plain input; cache writes without one have no price."""
    written_1h = usage.cache_write_1h_input_tokens
    written_5m = usage.cache_write_input_tokens - written_1h
    fresh = usage.input_tokens - usage.cache_read_input_tokens - usage.cache_write_input_tokens
    meters = (
        (fresh, rates.input),
        (usage.cache_read_input_tokens, rates.input if rates.cache_read is None else rates.cache_read),
        (written_5m, rates.cache_write_5m),
        (written_1h, rates.cache_write_1h),
        (usage.output_tokens, rates.output),
        (1, rates.request or 0),
    )
    total = 0
    for tokens, each in meters:
        if tokens and each is None:
            return None
        total += tokens * (each or 0)
    return total


def prices_from(rates: Mapping[str, Rates] | PriceOf | None) -> PriceOf:
    """A price function from a plain table of models, a function, or nothing (then nothing has a price)."""
    if rates is None:
        return lambda _model, _tier, _tokens: None
    if callable(rates):
        return rates
    table = dict(rates)
    return lambda model, _tier, _tokens: table.get(model)


class Bill:
    """All entries, in order of arrival. Written by the provider's loop, safe to read from any thread."""

    def __init__(self, prices: Mapping[str, Rates] | PriceOf | None = None) -> None:
        self._price_of = prices_from(prices)
        self._entries: list[Entry] = []
        self._cleared = 0
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def entries(self) -> tuple[Entry, ...]:
        with self._lock:
            return tuple(self._entries)

    @property
    def picos(self) -> int:
        """The sum of everything that has a price, in pico-dollars."""
        return sum(entry.picos or 0 for entry in self.entries)

    @property
    def nanos(self) -> int:
        """The sum as a ledger counts it: each entry rounded up to whole nano-dollars."""
        return sum(entry.nanos or 0 for entry in self.entries)

    def charged(self) -> tuple[Entry, ...]:
        """The entries that were charged for tokens."""
        return tuple(entry for entry in self.entries if entry.usage != Usage())

    def open(self, entry: Entry) -> Entry:
        """Add an entry, numbered from 1; numbers go on where the bill is cleared."""
        with self._lock:
            numbered = msgspec.structs.replace(entry, number=self._cleared + len(self._entries) + 1)
            self._entries.append(numbered)
        return numbered

    def change(self, number: int, **changes: Any) -> None:
        """Change an entry; where `usage` is given the cost follows. A no-op for an entry that was cleared meanwhile."""
        with self._lock:
            at = number - 1 - self._cleared
            if at < 0:
                return
            entry = msgspec.structs.replace(self._entries[at], **changes)
            if "usage" in changes:
                entry = msgspec.structs.replace(entry, picos=self._cost(entry))
            self._entries[at] = entry

    def clear(self) -> None:
        with self._lock:
            self._cleared += len(self._entries)
            self._entries.clear()

    def _cost(self, entry: Entry) -> int | None:
        if entry.usage == Usage():
            return 0
        rates = self._price_of(entry.model, entry.tier, entry.usage.input_tokens)
        return None if rates is None else cost_picos(entry.usage, rates)
