"""A simulated provider that bills list prices, and money as the SDK shows it."""

from contextlib import contextmanager
from decimal import Decimal

from farthing.config.engine import wall_ms
from farthing.testing import SimulatedProvider, list_prices


@contextmanager
def simulated():
    with SimulatedProvider(prices=list_prices(wall_ms)).in_thread() as running:
        yield running


def billed(provider):
    """What it has billed, in dollars."""
    return Decimal(sum(entry.nanos for entry in provider.bill)) / 10**9
