"""Runs in process for the tests of tools and agents: a simulated provider with list prices, and every budget in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from farthing.config.engine import wall_ms
from farthing.domain.money import NANOS_PER_USD
from farthing.sdk.engine import close_engines
from farthing.testing import SimulatedProvider, list_prices


@contextmanager
def provided(**more) -> Iterator[SimulatedProvider]:
    """A provider; what was opened in process is closed after it."""
    with SimulatedProvider(prices=list_prices(wall_ms), **more).in_thread() as provider:
        try:
            yield provider
        finally:
            close_engines()


def billed(provider: SimulatedProvider) -> int:
    """Nano-dollars of all that the provider has answered."""
    return sum(entry.nanos or 0 for entry in provider.bill.entries)


def nanos(amount: Decimal | None) -> int:
    assert amount is not None
    return int(amount * NANOS_PER_USD)
