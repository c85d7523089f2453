"""Records in memory; what they promise as a port is in tests/contracts/test_records.py."""

import threading

from farthing.stores.memory.records import Records
from support.recorded import a_call


def test_reading_goes_on_while_the_ledger_writes():
    records = Records()
    done = threading.Event()

    def keep_many():
        for number in range(3_000):
            records.put(a_call(number, attempts=({},)))
        done.set()

    thread = threading.Thread(target=keep_many)
    thread.start()
    while not done.is_set():
        records.recent(limit=5)
        records.accounts()
    thread.join()
    (row,) = records.usage(by=(), since_ms=0, until_ms=2**53)
    assert row.calls == 3_000
