"""What may happen to a stored run is decided by the rules that hold in memory; the rest is in tests/contracts."""

import pytest

from farthing.domain.errors import BadRequest
from farthing.ports.guards import KnownRun
from farthing.stores import lives


def chain(length):
    """A run below a run below a run: r0 is the lowest."""
    return {f"r{n}": KnownRun(name=f"r{n}", owner="bot", parent=f"r{n + 1}", started_ms=1) for n in range(length)}


def test_a_chain_without_an_end_is_looked_up_only_so_far():
    asked = []
    runs = chain(100)

    def find(name):
        asked.append(name)
        return runs.get(name)

    lives.started(find, "r0", now_ms=2, by="bot", parent="", beat_every_ms=None, labels=())
    assert len(asked) < 50


def test_a_run_cannot_be_put_below_one_of_its_own_far_below():
    runs = chain(5)
    with pytest.raises(BadRequest) as caught:
        lives.started(runs.get, "r4", now_ms=2, by="bot", parent="r0", beat_every_ms=None, labels=())
    assert caught.value.status == 409


def test_a_landing_of_a_run_that_nobody_announced_makes_it_known():
    made = lives.landed({}.get, "r1", now_ms=3, agent="a", owner="bot")
    assert made == KnownRun(name="r1", owner="bot", started_ms=3, landed=("a",))
