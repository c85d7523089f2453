"""One simulated provider a test, with a clock that stands still and plain prices."""

import pytest

from farthing.domain.price import Rates
from farthing.testing import ManualClock, SimulatedProvider

RATES = {
    "gpt-4o-mini": Rates(input=150_000, output=600_000, cache_read=75_000),
    "claude-haiku-4-5": Rates(
        input=1_000_000, output=5_000_000, cache_read=100_000, cache_write_5m=1_250_000, cache_write_1h=2_000_000
    ),
}


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def provider(clock):
    with SimulatedProvider(prices=RATES, clock=clock).in_thread() as running:
        yield running
