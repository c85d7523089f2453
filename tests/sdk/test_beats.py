"""Heartbeats of runs: what stops beating is an orphan, and a late beat comes before the call that needs it."""

import asyncio

from farthing.sdk.beats import PROMISE_MS, Beats
from farthing.stores.memory.guards import MemoryGuards


class World:
    """An engine as far as beats know it."""

    def __init__(self):
        self.ms = 1_000
        self.guards = None
        self.store = self
        self.kept = MemoryGuards(now_ms=self.now_ms)

    def now_ms(self):
        return self.ms


def world():
    made = World()
    made.kept.start("a", by="", beat_every_ms=PROMISE_MS, who="sdk")
    made.guards = None
    return made


def beat_ms(made):
    return made.kept.known().runs[0].beat_ms


def beats_of(made):
    engine = type("Engine", (), {"store": type("S", (), {"guards": made.kept}), "guards": None, "now_ms": made.now_ms})
    return Beats(engine)


def test_a_beat_is_sent_only_when_it_is_overdue():
    made = world()
    beats = beats_of(made)
    beats.add("a")
    made.ms += PROMISE_MS // 4
    asyncio.run(beats.keep_up())
    assert beat_ms(made) == 1_000
    made.ms += PROMISE_MS
    asyncio.run(beats.keep_up())
    assert beat_ms(made) == made.ms


def test_a_run_that_is_over_beats_no_more():
    made = world()
    beats = beats_of(made)
    beats.add("a")
    beats.drop("a")
    made.ms += 2 * PROMISE_MS
    asyncio.run(beats.beat())
    assert beat_ms(made) == 1_000


def test_a_run_that_cannot_be_told_of_holds_up_no_other():
    made = world()
    beats = beats_of(made)
    beats.add("nobody announced this")
    beats.add("a")
    made.ms += PROMISE_MS
    asyncio.run(beats.beat())
    assert beat_ms(made) == made.ms
