"""A gateway and a simulated provider, without keys and with two: for one test, or for a file whose tests change nothing."""

import pytest

from support.admin import BUDGET, KEYS
from support.gateway import gateway_and_provider


@pytest.fixture
def both(tmp_path):
    """(gateway, provider) without keys, under a budget of one dollar."""
    with gateway_and_provider(tmp_path, BUDGET) as pair:
        yield pair


@pytest.fixture
def gateway(both):
    return both[0]


@pytest.fixture
def provider(both):
    return both[1]


@pytest.fixture
def locked(tmp_path):
    """A gateway with two keys of its file: `boss` may use the admin side, `bot` may call."""
    with gateway_and_provider(tmp_path, BUDGET + KEYS) as (gateway, _):
        yield gateway


@pytest.fixture(scope="module")
def one_gateway(tmp_path_factory):
    """A gateway without keys for a whole file."""
    with gateway_and_provider(tmp_path_factory.mktemp("gateway"), BUDGET) as (gateway, _):
        yield gateway


@pytest.fixture(scope="module")
def one_locked(tmp_path_factory):
    """A gateway with keys for a whole file."""
    with gateway_and_provider(tmp_path_factory.mktemp("locked"), BUDGET + KEYS) as (gateway, _):
        yield gateway
