"""What is peculiar to outcomes in memory; the rest is in the contract."""

from farthing.ports.outcomes import OtherCost
from farthing.stores.memory.directory import MemoryDirectory
from farthing.stores.memory.outcomes import MemoryOutcomes


def test_what_was_handed_out_does_not_change_when_more_is_booked():
    outcomes = MemoryOutcomes(MemoryDirectory(now_ms=lambda: 0))
    outcomes.book(OtherCost(run="r", at_ms=1, kind="tool", nanos=1))
    _, before = outcomes.of("r")
    outcomes.book(OtherCost(run="r", at_ms=2, kind="tool", nanos=2))
    assert len(before) == 1


def test_what_was_booked_in_a_time_is_of_all_runs_and_without_notes():
    outcomes = MemoryOutcomes(MemoryDirectory(now_ms=lambda: 0))
    for run, at_ms, nanos in (("r", 1, 5), ("s", 2, 7), ("r", 2, 0), ("s", 3, 9)):
        outcomes.book(OtherCost(run=run, at_ms=at_ms, kind="tool", nanos=nanos))
    assert [(cost.run, cost.nanos) for cost in outcomes.booked(1, 3)] == [("r", 5), ("s", 7)]
