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
