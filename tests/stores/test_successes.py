"""Counting the runs that succeeded."""

from farthing.domain.ids import EPOCH_MS
from farthing.ports.outcomes import Outcome
from farthing.stores.memory.directory import MemoryDirectory
from farthing.stores.memory.history import MemoryHistory
from farthing.stores.memory.outcomes import MemoryOutcomes
from farthing.stores.memory.records import Records
from farthing.stores.successes import successes
from support.recorded import DAY_MS, a_call

DAY = EPOCH_MS + DAY_MS


def test_groups_for_which_nobody_said_anything_are_left_out():
    records, outcomes = Records(), MemoryOutcomes(MemoryDirectory(now_ms=lambda: 0))
    for number, (run, team) in enumerate((("r1", "a"), ("r2", "a"), ("r3", "b"), ("r4", "c"))):
        records.put(a_call(number, at_ms=DAY, labels=(("run", run), ("team", team))))
    for run, success in (("r1", True), ("r2", False), ("r4", False)):
        outcomes.judge(Outcome(run=run, at_ms=DAY, success=success))
    history = MemoryHistory(records, outcomes)
    assert successes(history, "team", DAY, DAY + 1) == {"a": 1, "c": 0}
    assert successes(history, "", DAY, DAY + 1) == {"": 1}
    assert successes(history, "team", DAY + 1, DAY + 2) == {}
