"""The trail on a ledger's file: notes outlive the process, and a parent span the ledger. Its promises: tests/contracts."""

import asyncio

from farthing.domain.record import CallClosing, CallOpening
from farthing.stores.sqlite.ledger import SqliteLedger
from farthing.stores.sqlite.records import SqliteRecords
from farthing.stores.sqlite.trail import SqliteTrail
from support.ledgers import Clock

PARENT = "b7ad6b7169203331"


def test_notes_outlive_whoever_made_them(tmp_path):
    SqliteLedger.open(tmp_path / "farthing.db", clock=Clock(), what="test").close_now()
    for expected in (b"", b"noted"):
        trail = SqliteTrail(tmp_path / "farthing.db")
        assert trail.take("otlp", "one", 1_000, 1_000) == expected
        trail.keep("otlp", "one", b"noted")
        trail.close()


def test_the_span_of_a_callers_trace_is_kept_with_the_call_and_nothing_where_there_was_none(tmp_path):
    ledger = SqliteLedger.open(tmp_path / "farthing.db", clock=Clock(), what="test")
    for number, parent in ((16, PARENT), (32, "")):
        closing = CallClosing(id=number, outcome="refused", status=402, finished_ms=2)
        ledger.refuse(CallOpening(id=number, arrived_ms=1, parent=parent), closing)
    asyncio.run(ledger.flush())
    trail, records = SqliteTrail(tmp_path / "farthing.db"), SqliteRecords(tmp_path / "farthing.db")
    assert [call.opening.parent for call in trail.after(0, 9)] == [PARENT, ""]
    assert [records.call(number).opening.parent for number in (16, 32)] == [PARENT, ""]
    trail.close()
    records.close()
    ledger.close_now()
