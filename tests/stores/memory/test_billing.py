"""Closed periods in memory, under several threads at once; their promises are in tests/contracts/test_billing.py."""

from concurrent.futures import ThreadPoolExecutor

from farthing.domain.errors import BadRequest
from farthing.ports.billing import BillTerms, ClosedPeriod
from farthing.stores.memory.billing import MemoryPeriods
from farthing.stores.memory.directory import MemoryDirectory


def test_of_many_who_close_one_month_one_does():
    store = MemoryPeriods(MemoryDirectory(now_ms=lambda: 1))

    def close(by):
        period = ClosedPeriod(
            month="2026-10", closed_ms=1, by=by, terms=BillTerms(), lines=0, picos=0, corrections_picos=0, digest=""
        )
        try:
            store.keep(period, ())
        except BadRequest:
            return None
        return by

    with ThreadPoolExecutor(8) as pool:
        done = [by for by in pool.map(close, map(str, range(32))) if by is not None]
    assert [period.by for period in store.closed()] == done
    assert len(done) == 1
