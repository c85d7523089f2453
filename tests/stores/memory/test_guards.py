"""What is particular to suspensions and runs in memory; what every backend promises is in tests/contracts."""

from farthing.stores.memory.guards import MemoryGuards


def test_closing_it_lets_go_of_nothing():
    guards = MemoryGuards(now_ms=lambda: 1)
    guards.start("r1", by="", who="me")
    guards.close()
    assert [run.name for run in guards.known().runs] == ["r1"]
