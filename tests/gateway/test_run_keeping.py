"""Who lives, while a gateway runs: it begins with listening, wakes from a sleep with listening, and cleans up now and then."""

import asyncio
from types import SimpleNamespace

import pytest

from farthing.gateway import run_keeping


class World:
    """An engine as far as keeping knows it, and a wall clock of a test's own."""

    def __init__(self, *steps_ms):
        self.ms = 1_000_000
        self._steps = list(steps_ms)
        self.done = asyncio.Event()
        self.listened = []
        self.released = []
        self.guards = SimpleNamespace(runs=self)

    def listen(self, *, now_ms):
        self.listened.append(now_ms)

    def now_ms(self):
        return self.ms

    def wall_ms(self):
        """Each look comes so much later than the one before."""
        if self._steps:
            self.ms += self._steps.pop(0)
        else:
            self.done.set()
        return self.ms


async def kept(monkeypatch, *steps_ms):
    world = World(0, *steps_ms)

    async def release(engine):
        assert engine is world
        world.released.append(world.ms)

    monkeypatch.setattr(run_keeping, "wall_ms", world.wall_ms)
    monkeypatch.setattr(run_keeping, "release_what_is_over", release)
    keeping = asyncio.create_task(run_keeping.keep_runs(world, every=0, release_every=60))
    await asyncio.wait_for(world.done.wait(), 10)
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    return world


def test_it_listens_when_it_begins_and_when_it_was_asleep(monkeypatch):
    world = asyncio.run(kept(monkeypatch, 2_000, 9_000, 30_000, 2_000))
    assert world.listened == [1_000_000, 1_041_000]


def test_what_is_over_is_let_go_once_in_a_while(monkeypatch):
    world = asyncio.run(kept(monkeypatch, *[9_000] * 20))
    assert world.released == [1_063_000, 1_126_000]


def test_without_guards_there_is_nobody_to_listen_to():
    run_keeping.listen(SimpleNamespace(guards=None, now_ms=lambda: 0))
