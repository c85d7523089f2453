"""What is peculiar to history in memory; the rest is in the contract."""

from farthing.domain.ids import EPOCH_MS
from farthing.stores.memory.directory import MemoryDirectory
from farthing.stores.memory.history import MemoryHistory
from farthing.stores.memory.outcomes import MemoryOutcomes
from farthing.stores.memory.records import Records
from support.recorded import DAY_MS, a_call


def test_without_a_price_book_naive_is_the_cost_and_every_cost_is_unexplained():
    records = Records()
    records.put(a_call(1, at_ms=EPOCH_MS + DAY_MS, attempts=({"cost_nanos": 12, "remainder_picos": 1},)))
    history = MemoryHistory(records, MemoryOutcomes(MemoryDirectory(now_ms=lambda: 0)))
    (row,) = history.usage(by=(), since_ms=0, until_ms=2**53)
    assert row.naive_nanos == row.cost_nanos == 12
    meters = history.meters(by=(), since_ms=0, until_ms=2**53)
    assert [(line.meter, line.picos) for line in meters] == [("rounding", 1), ("unexplained", 11_999)]
    assert history.sum_up() is False
