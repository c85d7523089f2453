"""One small world for all tests that only look, and a fresh one for those that change something."""

import pytest

from support.dashboard_visitor import Visitor
from support.dashboard_world import HOSTILE, dashboard_world


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    """A week of four teams, refusals, a model without a price, and a caller who writes markup into every label."""
    with dashboard_world(tmp_path_factory.mktemp("world")) as world:
        world.live(8)
        world.refuse()
        world.strange(HOSTILE)
        world.gateway.flush()
        yield world


@pytest.fixture
def fresh(tmp_path):
    """Nothing has happened here yet."""
    with dashboard_world(tmp_path) as world:
        yield world


@pytest.fixture
def visitor(world):
    visitor = Visitor(world.url)
    yield visitor
    visitor.close()


@pytest.fixture
def fresh_visitor(fresh):
    visitor = Visitor(fresh.url)
    yield visitor
    visitor.close()
